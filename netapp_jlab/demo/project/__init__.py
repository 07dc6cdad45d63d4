"""The sample project of the demo: a fresh embedded cluster with something in it to break."""
