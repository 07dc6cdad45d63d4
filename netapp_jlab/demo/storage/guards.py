"""What the array wraps around its operations: its lock, the read-only directory, disk errors."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netapp_jlab.demo.storage.errors import BusyError, ExhaustedError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["claim", "disk_errors", "times_kept", "writable"]


def claim(path: str) -> int:
    """Lock the array for this process; the lock ends with the process, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise BusyError(f"{os.path.dirname(path)} is in use by another process") from None
    return descriptor


@contextmanager
def writable(folder: str) -> Iterator[None]:
    """Open a read-only directory for a moment."""
    mode = os.stat(folder).st_mode & 0o7777
    os.chmod(folder, mode | 0o200)
    try:
        yield
    finally:
        os.chmod(folder, mode)


@contextmanager
def times_kept(folder: str) -> Iterator[None]:
    """Give a directory its times back after entries were added to it."""
    status = os.stat(folder)
    yield
    os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))


@contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """Say what could not be done when the disk refuses it."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        kind = ExhaustedError if full else StorageError
        raise kind(f"{doing}: {os.strerror(error.errno or 0)}") from error
