"""What can go wrong with a whole comparison or restore; single paths become entries of its outcome.

Who looks into a tree gets what is wrong with the path that was asked for.

::

    FilesError
     ├── BadPath          a path that names nothing below a tree
     ├── NoSuchPath       a selected path is neither in the source nor in the target
     ├── NotThere         nothing is at a path that is looked at
     ├── WrongKind        something else than a file, or a directory, is there
     ├── NotReadable      the system refuses to show what is there
     ├── TreeUnavailable  the root of a tree can't be opened
     ├── Unreadable       an entry can't be compared, and the caller took no note of such entries
     ├── NoSpace          the target is full (or its owner's quota is)
     ├── NotWritable      the target is mounted read-only
     └── Cancelled        the caller's `cancel` said so
"""

from __future__ import annotations

from netapp_jlab.files.names import to_text


class FilesError(Exception):
    """Base of all errors of this package."""


class BadPath(FilesError, ValueError):
    """A path that names nothing below a tree."""

    def __init__(self, path: bytes, why: str) -> None:
        super().__init__(f"{to_text(path)!r} is not a path inside the volume: {why}")
        self.path = path


class NoSuchPath(FilesError):
    """A selected path is neither in the source nor in the target."""

    def __init__(self, path: bytes) -> None:
        super().__init__(f"{to_text(path)!r} is neither in the snapshot nor in the volume")
        self.path = path


class NotThere(FilesError):
    """Nothing is at a path that is looked at, or a symbolic link is on the way."""

    def __init__(self, path: bytes) -> None:
        super().__init__(f"{_shown(path)} is not in the snapshot")
        self.path = path


class WrongKind(FilesError):
    """Something else than what is needed is at a path."""

    def __init__(self, path: bytes, kind: str, needed: str) -> None:
        what = "symbolic link" if kind == "symlink" else kind
        super().__init__(f"{_shown(path)} is a {what}, not {needed}")
        self.path = path
        self.kind = kind


class NotReadable(FilesError):
    """The system refuses to show what is at a path."""

    def __init__(self, path: bytes, why: str) -> None:
        super().__init__(f"{_shown(path)} can't be read: {why}")
        self.path = path


class TreeUnavailable(FilesError):
    """The root of a tree can't be opened."""

    def __init__(self, path: bytes, why: str) -> None:
        super().__init__(f"{to_text(path)} can't be opened: {why}")
        self.path = path


class Unreadable(FilesError):
    """An entry can't be compared."""

    def __init__(self, path: bytes, why: str) -> None:
        super().__init__(f"{to_text(path)!r} can't be compared: {why}")
        self.path = path


class NoSpace(FilesError):
    """The target is full; what was finished before stays, and the same call goes on from there.

    Attributes
    ----------
    path : bytes
        What there was no room for.
    needed, free : int
        Bytes that it needs and that the file system has free. `free` can be the larger one: then
        a quota, or the number of files, is the limit.
    """

    def __init__(self, path: bytes, *, needed: int, free: int, why: str) -> None:
        super().__init__(
            f"no room for {to_text(path)!r} ({why}): it needs {needed} bytes, {free} are free"
        )
        self.path = path
        self.needed = needed
        self.free = free


class NotWritable(FilesError):
    """The target is mounted read-only."""

    def __init__(self, path: bytes) -> None:
        super().__init__(f"{to_text(path)!r} can't be restored: the volume is mounted read-only")
        self.path = path


class Cancelled(FilesError):
    """The caller's `cancel` said so; the same call goes on from there."""

    def __init__(self) -> None:
        super().__init__("cancelled")


def _shown(path: bytes) -> str:
    return repr(to_text(path) or ".")
