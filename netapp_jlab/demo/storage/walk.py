"""Going through directory trees by descriptor, so that no symbolic link leads out of them.

Directories are opened component by component from the root of a tree (``openat`` with
``O_NOFOLLOW``): a path longer than ``PATH_MAX``, or a tree deeper than the limit of open files,
is no special case.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Parts", "disk_usage", "open_directory", "remove_tree"]

Parts = tuple[bytes, ...]
"""A path below the root of a tree: one name for each level."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def open_directory(root: int, parts: Parts) -> Iterator[int]:
    """Open the directory `parts` below the descriptor `root`.

    Yields
    ------
    int
        A descriptor that is closed at the end.

    Raises
    ------
    OSError
        A component is missing, is a symbolic link or is no directory.
    """
    current = os.open(".", _DIRECTORY, dir_fd=root)
    try:
        for part in parts:
            below = os.open(part, _DIRECTORY, dir_fd=current)
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


def names(directory: int) -> list[bytes]:
    """Names in an open directory, as bytes whatever their encoding."""
    return [os.fsencode(name) for name in os.listdir(directory)]


def disk_usage(path: str, *, skip: frozenset[bytes] = frozenset()) -> int:
    """Bytes that a tree takes on the disk; a file with several names counts once.

    Parameters
    ----------
    path : str
        Root of the tree.
    skip : frozenset[bytes]
        Names directly below the root that don't count.
    """
    total = 0
    seen: set[int] = set()
    root = os.open(path, _DIRECTORY)
    try:
        pending: list[Parts] = [()]
        while pending:
            parts = pending.pop()
            try:
                with open_directory(root, parts) as directory:
                    for name in names(directory):
                        if not parts and name in skip:
                            continue
                        entry = _status(directory, name)
                        if entry is None or entry.st_ino in seen:
                            continue
                        total += entry.st_blocks * 512
                        if stat.S_ISDIR(entry.st_mode):
                            pending.append((*parts, name))
                        elif entry.st_nlink > 1:
                            seen.add(entry.st_ino)
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue  # gone meanwhile, or closed to this account: what it holds is unknown
    finally:
        os.close(root)
    return total


def remove_tree(path: str) -> None:
    """Remove the tree at `path`, also read-only directories; nothing happens if there is none."""
    try:
        root = os.open(path, _DIRECTORY)
    except FileNotFoundError:
        return
    try:
        _unlock(root)
        pending: list[tuple[Parts, bool]] = [((), False)]
        while pending:
            parts, emptied = pending.pop()
            if emptied:
                with open_directory(root, parts[:-1]) as parent:
                    os.rmdir(parts[-1], dir_fd=parent)
                continue
            if parts:
                pending.append((parts, True))
            pending.extend(((*parts, name), False) for name in _empty(root, parts))
    finally:
        os.close(root)
    os.rmdir(path)


def _empty(root: int, parts: Parts) -> list[bytes]:
    """Unlink everything in a directory but its subdirectories, and return those."""
    subdirectories = []
    with open_directory(root, parts) as directory:
        for name in names(directory):
            entry = _status(directory, name)
            if entry is None:
                continue
            if not stat.S_ISDIR(entry.st_mode):
                os.unlink(name, dir_fd=directory)
                continue
            if entry.st_mode & 0o700 != 0o700:
                os.chmod(name, 0o700, dir_fd=directory)
            subdirectories.append(name)
    return subdirectories


def _unlock(directory: int) -> None:
    if os.fstat(directory).st_mode & 0o700 != 0o700:
        os.fchmod(directory, 0o700)


def _status(directory: int, name: bytes) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
