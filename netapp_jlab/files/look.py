"""Look into a tree: what a directory holds, what is at a path, the bytes of a file.

Nothing here follows a symbolic link, waits for the other end of a pipe, or leaves the tree, also
when a component of the path is swapped for a link meanwhile.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from netapp_jlab.files import calls
from netapp_jlab.files.cancel import checker
from netapp_jlab.files.entries import kind_of, size_of
from netapp_jlab.files.errors import NotReadable, NotThere, WrongKind
from netapp_jlab.files.paths import checked, is_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netapp_jlab.files.cancel import Cancel
    from netapp_jlab.files.entries import Kind, Stat
    from netapp_jlab.files.tree import Tree

_UNREACHABLE = calls.GONE | {errno.ENXIO}
"""How the system says that a path leads nowhere; ENXIO: a socket, or a device without a driver."""


class Entry(NamedTuple):
    """One entry of a directory.

    Attributes
    ----------
    name : bytes
        Its name in the directory; empty for the root.
    kind : str
        ``file``, ``directory``, ``symlink``, ``fifo``, ``socket`` or ``device``.
    size : int
        Bytes of a file; 0 for everything else.
    modified_ns : int
        Time of modification in nanoseconds since 1970; may be negative.
    mode : int
        Permission bits, with set-user-id and the like: at most ``0o7777``.
    link : bytes
        Where a symbolic link points, as it is written; else empty.
    """

    name: bytes
    kind: Kind
    size: int
    modified_ns: int
    mode: int
    link: bytes = b""


def listing(tree: Tree, path: bytes, *, cancel: Cancel) -> list[Entry]:
    """List a directory, by name; what a restore passes over is left out.

    Raises
    ------
    BadPath
        The path can't be one.
    NotThere
        Nothing is there, or a symbolic link is on the way.
    WrongKind
        It is no directory.
    NotReadable
        The system refuses.
    Cancelled
    """
    parts = checked(path, tree.excluded)
    check = checker(cancel)
    entries = []
    with _explained(path):
        _expect_directory(tree, path)
        fd = tree.descend(parts)
        try:
            hidden = tree.excluded if not parts else frozenset()
            for name in sorted(os.listdir(fd), key=os.fsencode):
                check()
                if name in hidden or is_hidden(name):
                    continue
                found = calls.lstat(name, fd)
                if found is not None:
                    entries.append(_entry(name, fd, found))
        finally:
            os.close(fd)
    return entries


def entry(tree: Tree, path: bytes) -> Entry:
    """Return what is at a path.

    Raises
    ------
    BadPath, NotThere, NotReadable
        As :func:`listing`.
    """
    if not checked(path, tree.excluded):
        return _entry("", tree.fd, os.fstat(tree.fd))
    with _explained(path):
        fd, name = tree.parent(path)
        try:
            found = calls.lstat(name, fd)
            if found is None:
                raise NotThere(path)
            return _entry(name, fd, found)
        finally:
            os.close(fd)


def read(tree: Tree, path: bytes, *, start: int, length: int) -> bytes:
    """Read a part of a regular file.

    Returns
    -------
    bytes
        Fewer than `length` only at the end of the file.

    Raises
    ------
    BadPath, NotThere, NotReadable
        As :func:`listing`.
    WrongKind
        It is no regular file.
    """
    if not checked(path, tree.excluded):
        raise WrongKind(path, "directory", "a file")
    with _explained(path):
        parent, name = tree.parent(path)
        try:
            found = calls.lstat(name, parent)
            if found is None:
                raise NotThere(path)
            _expect_file(path, found)  # before it is opened: a device may act when it is
            fd = calls.open_content(name, parent)
        finally:
            os.close(parent)
        try:
            _expect_file(path, os.fstat(fd))
            return _read_all(fd, start, length)
        finally:
            os.close(fd)


def _read_all(fd: int, start: int, length: int) -> bytes:
    parts = []
    while length > 0 and (part := os.pread(fd, length, start)):
        parts.append(part)
        start += len(part)
        length -= len(part)
    return b"".join(parts)


def _entry(name: str, dir_fd: int, found: Stat) -> Entry:
    link = b""
    if S_ISLNK(found.st_mode):
        try:
            link = os.fsencode(os.readlink(name, dir_fd=dir_fd))
        except OSError as error:  # swapped for something else just now
            if error.errno not in (errno.EINVAL, errno.ENOENT):
                raise
    return Entry(
        name=os.fsencode(name),
        kind=kind_of(found),
        size=size_of(found),
        modified_ns=found.st_mtime_ns,
        mode=found.st_mode & 0o7777,
        link=link,
    )


def _expect_directory(tree: Tree, path: bytes) -> None:
    found = tree.lstat(path)
    if found is None:
        raise NotThere(path)
    if not S_ISDIR(found.st_mode):
        raise WrongKind(path, kind_of(found), "a directory")


def _expect_file(path: bytes, found: Stat) -> None:
    if not S_ISREG(found.st_mode):
        raise WrongKind(path, kind_of(found), "a file")


@contextmanager
def _explained(path: bytes) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _UNREACHABLE:
            raise NotThere(path) from error
        raise NotReadable(path, error.strerror or str(error)) from error
