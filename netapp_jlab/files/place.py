"""Put what was made under a temporary name where it belongs, without losing what is there."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from stat import S_ISDIR
from typing import TYPE_CHECKING

from netapp_jlab.files import calls
from netapp_jlab.files.calls import lstat
from netapp_jlab.files.entries import same_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netapp_jlab.files.entries import Stat


def place_new(temporary: str, name: str, dir_fd: int) -> bool:
    """Give it its name, unless something has that now; tells whether it did.

    Where the file system can't rename like that (NFS), a second link that is made and the first
    that is removed do the same for everything but directories.
    """
    try:
        if calls.rename_new(temporary, name, dir_fd):
            return True
        made = os.stat(temporary, dir_fd=dir_fd, follow_symlinks=False)
        if S_ISDIR(made.st_mode) or not _link(temporary, name, dir_fd):
            if lstat(name, dir_fd) is not None:
                return False
            calls.rename(temporary, name, dir_fd)
    except FileExistsError:
        return False
    return True


def place_over(temporary: str, name: str, dir_fd: int, expected: Stat) -> bool:
    """Replace an entry that is no directory, if it is still as it was found; tells whether it did.

    Where the file system can, the two swap their names first, and what was replaced is looked at
    once more before it goes; so nothing that came at the last moment is lost.
    """
    now = lstat(name, dir_fd)
    if now is None or not same_entry(expected, now):
        return False
    try:
        swapped = calls.exchange(temporary, name, dir_fd)
    except FileNotFoundError:
        return False
    if not swapped:
        _replace(temporary, name, dir_fd)
        return True
    old = lstat(temporary, dir_fd)
    if old is not None and same_entry(expected, old, renamed=True):
        calls.unlink(temporary, dir_fd)
        return True
    _swap_back(temporary, name, dir_fd)
    return False


def discard(temporary: str, dir_fd: int) -> None:
    """Remove what was made, if it is still there."""
    found = lstat(temporary, dir_fd)
    if found is None:
        return
    if S_ISDIR(found.st_mode):
        calls.rmdir(temporary, dir_fd)
    else:
        calls.unlink(temporary, dir_fd)


@contextmanager
def discarding(temporary: str, dir_fd: int) -> Iterator[None]:
    """Remove what was made when what is done with it fails."""
    try:
        yield
    except BaseException:
        discard(temporary, dir_fd)
        raise


def _link(temporary: str, name: str, dir_fd: int) -> bool:
    try:
        calls.link(temporary, dir_fd, name, dir_fd)
    except OSError as error:
        if error.errno in calls.NOT_SUPPORTED or error.errno == errno.EMLINK:
            return False
        raise
    calls.unlink(temporary, dir_fd)
    return True


def _replace(temporary: str, name: str, dir_fd: int) -> None:
    try:
        calls.rename(temporary, name, dir_fd)
    except NotADirectoryError:  # a directory doesn't replace anything else in one step
        calls.unlink(name, dir_fd)
        calls.rename(temporary, name, dir_fd)


def _swap_back(temporary: str, name: str, dir_fd: int) -> None:
    try:
        calls.exchange(temporary, name, dir_fd)
    except FileNotFoundError:  # ours was removed meanwhile; theirs goes back where it was
        calls.rename_new(temporary, name, dir_fd)
