"""Copying a directory tree within one file system, with everything that makes a file what it is.

Kept are types, names that are no text, hard links among the copied files, holes, modes, times to
the nanosecond, extended attributes (with them POSIX ACLs) and, where this account may set them,
owners. A tree that is written to meanwhile gives a copy in which each *file* is whole, not one
point in time across files: that only a real array (or a reflink of a whole subvolume) can do.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from netapp_jlab.demo.storage.walk import Parts, names, open_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netapp_jlab.demo.storage.filedata import FileCopier

__all__ = ["TreeCopy"]

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES = 3  # for a file that changes while it is read
_CANNOT_KEEP = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENODATA, errno.EINVAL}
"""What this account or file system cannot set stays behind, as with ``cp -a``."""


class TreeCopy:
    """One copy of the tree below `source` into the empty directory `target`.

    The target's own mode, owner and times are set by :meth:`finish`, apart from :meth:`run`: the
    caller first renames the tree into its place, which a read-only directory would refuse.

    Parameters
    ----------
    source, target : str
        Existing directories on one file system.
    files : FileCopier
        Copies the contents.
    skip : frozenset[bytes]
        Names directly below `source` that are left out.

    Attributes
    ----------
    used : int
        Bytes on the disk that the copied files take in the source.
    """

    def __init__(
        self, source: str, target: str, files: FileCopier, *, skip: frozenset[bytes] = frozenset()
    ) -> None:
        self.used = 0
        self._files = files
        self._skip = skip
        self._source = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._target = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            os.close(self._source)
            raise
        self._root_status = os.fstat(self._source)
        self._links: dict[tuple[int, int], Parts] = {}
        self._directories: list[tuple[Parts, os.stat_result]] = []
        self._unlocked: list[tuple[Parts, int]] = []

    def close(self) -> None:
        """Close both trees."""
        os.close(self._source)
        os.close(self._target)

    def run(self) -> None:
        """Copy everything below the root."""
        try:
            pending: list[Parts] = [()]
            while pending:
                parts = pending.pop()
                pending.extend((*parts, name) for name in self._directory(parts))
        finally:
            self._lock_again()
        for parts, status in reversed(self._directories):  # children before their parents
            with open_directory(self._target, parts) as target:
                _copy_owner_and_times(target, status)

    def finish(self) -> None:
        """Give the target itself the root's extended attributes, owner, mode and times."""
        _copy_attributes(self._source, self._target)
        _copy_owner_and_times(self._target, self._root_status)

    def _directory(self, parts: Parts) -> list[bytes]:
        """Copy one directory's entries and return its subdirectories."""
        subdirectories = []
        try:
            with (
                open_directory(self._source, parts) as source,
                open_directory(self._target, parts) as target,
            ):
                for name in names(source):
                    if not parts and name in self._skip:
                        continue
                    if self._entry(source, target, parts, name):
                        subdirectories.append(name)
                if parts:
                    _copy_attributes(source, target)
        except (FileNotFoundError, NotADirectoryError):
            if not parts:
                raise
            return []  # removed while the tree was walked
        return subdirectories

    def _entry(self, source: int, target: int, parts: Parts, name: bytes) -> bool:
        """Copy one entry; tell whether it is a directory, made but still empty."""
        try:
            return self._entry_as_seen(source, target, parts, name)
        except FileNotFoundError:
            return False  # removed while the tree was walked
        except _ReplacedError:
            return self._entry(source, target, parts, name)

    def _entry_as_seen(self, source: int, target: int, parts: Parts, name: bytes) -> bool:
        status = os.stat(name, dir_fd=source, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            os.mkdir(name, 0o700, dir_fd=target)
            self.used += status.st_blocks * 512
            self._directories.append(((*parts, name), status))
            self._unlock(source, parts, name, status)
            return True
        if status.st_nlink > 1 and self._hard_link(status, target, name):
            return False
        self._make(source, target, name, status)
        self.used += status.st_blocks * 512
        if status.st_nlink > 1:
            self._links[status.st_dev, status.st_ino] = (*parts, name)
        return False

    def _unlock(self, source: int, parts: Parts, name: bytes, status: os.stat_result) -> None:
        """Open a directory that its owner closed to himself until all is copied.

        An array reads whatever its users forbid themselves; this process does too where it is root.
        """
        if status.st_mode & 0o500 != 0o500 and status.st_uid == os.geteuid() != 0:
            os.chmod(name, stat.S_IMODE(status.st_mode) | 0o500, dir_fd=source)
            self._unlocked.append(((*parts, name), stat.S_IMODE(status.st_mode)))

    def _lock_again(self) -> None:
        for parts, mode in reversed(self._unlocked):
            with (
                suppress(FileNotFoundError, NotADirectoryError),
                open_directory(self._source, parts) as directory,
            ):
                os.fchmod(directory, mode)
        self._unlocked.clear()

    def _hard_link(self, status: os.stat_result, target: int, name: bytes) -> bool:
        first = self._links.get((status.st_dev, status.st_ino))
        if first is None:
            return False
        with open_directory(self._target, first[:-1]) as folder:
            os.link(first[-1], name, src_dir_fd=folder, dst_dir_fd=target, follow_symlinks=False)
        return True

    def _make(self, source: int, target: int, name: bytes, status: os.stat_result) -> None:
        if stat.S_ISREG(status.st_mode):
            self._regular(source, target, name, status.st_mode)
        elif stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
            _copy_link_status(source, target, name, status)
        else:
            _make_special(target, name, status)

    def _regular(self, source: int, target: int, name: bytes, mode: int) -> None:
        with _readable_file(source, name) as file:
            for attempt in range(1, _TRIES + 1):
                before = os.fstat(file)
                if not stat.S_ISREG(before.st_mode):
                    raise _ReplacedError
                copy = os.open(name, _MAKE, 0o600, dir_fd=target)
                try:
                    self._files.copy(file, copy)
                    if attempt == _TRIES or _unchanged(before, os.fstat(file)):
                        _copy_attributes(file, copy)
                        _copy_owner_and_times(copy, before, mode)
                        return
                finally:
                    os.close(copy)
                os.unlink(name, dir_fd=target)


class _ReplacedError(Exception):
    """A regular file became something else between its status and its opening."""


@contextmanager
def _readable_file(directory: int, name: bytes) -> Iterator[int]:
    """Open a file that must be read, also one that its owner closed to himself."""
    with ExitStack() as stack:
        try:
            file = os.open(name, _READ, dir_fd=directory)
        except PermissionError:
            stack.enter_context(_unlocked_file(directory, name))
            file = os.open(name, _READ, dir_fd=directory)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket by now
                raise _ReplacedError from error
            raise
        stack.callback(os.close, file)
        yield file


@contextmanager
def _unlocked_file(directory: int, name: bytes) -> Iterator[None]:
    """Let the owner read a file as long as it is copied: its attributes need the right too."""
    mode = stat.S_IMODE(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
    os.chmod(name, mode | 0o400, dir_fd=directory)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            os.chmod(name, mode, dir_fd=directory)


def _unchanged(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def _copy_attributes(source: int, target: int) -> None:
    for attribute in os.listxattr(source):
        with _allowed_to_fail():
            os.setxattr(target, attribute, os.getxattr(source, attribute))


def _copy_owner_and_times(target: int, status: os.stat_result, mode: int | None = None) -> None:
    """Set owner, mode and times, in this order: a change of owner clears set-user-ID bits."""
    with _allowed_to_fail():
        os.fchown(target, status.st_uid, status.st_gid)
    os.fchmod(target, stat.S_IMODE(status.st_mode if mode is None else mode))
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _copy_link_status(source: int, target: int, name: bytes, status: os.stat_result) -> None:
    with _allowed_to_fail():
        os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    old, new = (b"/proc/self/fd/%d/%s" % (folder, name) for folder in (source, target))
    for attribute in os.listxattr(old, follow_symlinks=False):
        with _allowed_to_fail():
            value = os.getxattr(old, attribute, follow_symlinks=False)
            os.setxattr(new, attribute, value, follow_symlinks=False)
    times = (status.st_atime_ns, status.st_mtime_ns)
    os.utime(name, ns=times, dir_fd=target, follow_symlinks=False)


def _make_special(target: int, name: bytes, status: os.stat_result) -> None:
    """Make a FIFO or socket; a device too, where this account may."""
    try:
        os.mknod(name, status.st_mode, status.st_rdev, dir_fd=target)
    except PermissionError:
        return
    with _allowed_to_fail():
        os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=target)
    os.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=target)


@contextmanager
def _allowed_to_fail() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _CANNOT_KEEP:
            raise
