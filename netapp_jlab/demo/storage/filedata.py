"""Copying the bytes of one file: shared blocks where the file system can, data only where not."""

from __future__ import annotations

import errno
import fcntl
import os

__all__ = ["FileCopier"]

_FICLONE = 0x40049409  # _IOW(0x94, 9, int) of linux/fs.h
_NEVER_HERE = {errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.ENOSYS}
_CHUNK = 16 * 1024 * 1024


class FileCopier:
    """Copies file contents within one file system.

    Attributes
    ----------
    reflink : bool
        Whether sharing blocks has not been refused yet by the file system.
    """

    def __init__(self) -> None:
        self.reflink = True

    def copy(self, source: int, target: int) -> None:
        """Give the empty file `target` the content of `source` (both open descriptors)."""
        if not self._share(source, target):
            _copy_extents(source, target)

    def _share(self, source: int, target: int) -> bool:
        """Let `target` share the blocks of `source`, copy on write."""
        if not self.reflink:
            return False
        try:
            fcntl.ioctl(target, _FICLONE, source)
        except OSError as error:
            if error.errno in _NEVER_HERE:
                self.reflink = False
            elif error.errno != errno.EINVAL:  # EINVAL: this one file can't (say, no checksums)
                raise
            return False
        return True


def _copy_extents(source: int, target: int) -> None:
    """Copy what holds data and leave the holes of a sparse file as holes."""
    size = os.fstat(source).st_size
    offset = 0
    while offset < size:
        try:
            start = os.lseek(source, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole up to the end
                break
            raise
        end = os.lseek(source, start, os.SEEK_HOLE)
        _copy_range(source, target, start, end)
        offset = end
    os.ftruncate(target, max(size, os.fstat(target).st_size))


def _copy_range(source: int, target: int, start: int, end: int) -> None:
    os.lseek(source, start, os.SEEK_SET)
    os.lseek(target, start, os.SEEK_SET)
    remaining = end - start
    while remaining > 0:
        copied = os.sendfile(target, source, None, min(remaining, _CHUNK))
        if copied == 0:  # the file was cut short meanwhile
            return
        remaining -= copied
