"""The REST interface: paths, content types, answers."""
