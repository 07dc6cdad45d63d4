"""The system calls of this package, all relative to an open directory and blind to symbolic links.

Everything that changes a tree goes through here and nowhere else, so a test can count it, break it
or stop it at any step. Names are ``str`` as :func:`os.fsdecode` makes them, one component each.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NOFOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | _NOFOLLOW
_CONTENT = os.O_RDONLY | os.O_NONBLOCK | _NOFOLLOW  # never waits for a pipe's other end
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW

_FICLONE = 0x40049409  # linux/fs.h
_RENAME_NOREPLACE = 1  # linux/fs.h
_RENAME_EXCHANGE = 2
_WRITE_AND_WAIT = 7  # SYNC_FILE_RANGE_WAIT_BEFORE | WRITE | WAIT_AFTER
_WRITE = 2  # SYNC_FILE_RANGE_WRITE
NOT_SUPPORTED = frozenset(
    {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, errno.EXDEV, errno.ENOTTY}
)
"""How kernels, file systems and seccomp filters say that they don't know a call or a flag."""
NOT_LINKED = NOT_SUPPORTED | {errno.EMLINK, errno.ENOENT}
"""Why there can't be another hard link to a file."""

GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""What opening a directory says when there is none, or something else in its place."""
FORBIDDEN = errno.EACCES

_libc = ctypes.CDLL(None, use_errno=True)


# --- Looking ------------------------------------------------------------------------------------


def lstat(name: str, dir_fd: int) -> os.stat_result | None:
    """Return what `name` is, or None when it is not there."""
    try:
        return os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def open_directory(name: str, dir_fd: int) -> int:
    """Open a directory (ENOTDIR or ELOOP when it is something else)."""
    return os.open(name, _DIRECTORY, dir_fd=dir_fd)


def open_content(name: str, dir_fd: int) -> int:
    """Open a file to read it."""
    return os.open(name, _CONTENT, dir_fd=dir_fd)


def open_entry(name: str, dir_fd: int) -> int:
    """Get hold of an entry without opening it, so no permission on it is needed."""
    return os.open(name, os.O_PATH | _NOFOLLOW, dir_fd=dir_fd)


# --- Making and removing entries ----------------------------------------------------------------


def create(name: str, dir_fd: int) -> int:
    """Make a file that only its owner can see into; it must not exist."""
    return os.open(name, _NEW, 0o600, dir_fd=dir_fd)


def mkdir(name: str, dir_fd: int) -> None:
    """Make a directory that only its owner can see into."""
    os.mkdir(name, 0o700, dir_fd=dir_fd)


def symlink(to: str, name: str, dir_fd: int) -> None:
    """Make a symbolic link."""
    os.symlink(to, name, dir_fd=dir_fd)


def mknod(name: str, dir_fd: int, mode: int, device: int) -> None:
    """Make a FIFO, a socket or a device that only its owner may use."""
    os.mknod(name, mode & ~0o7777 | 0o600, device, dir_fd=dir_fd)


def link(name: str, dir_fd: int, new: str, new_dir_fd: int) -> None:
    """Give an entry a second name; EEXIST when that is taken."""
    os.link(name, new, src_dir_fd=dir_fd, dst_dir_fd=new_dir_fd, follow_symlinks=False)


def unlink(name: str, dir_fd: int) -> None:
    """Remove anything but a directory."""
    os.unlink(name, dir_fd=dir_fd)


def rmdir(name: str, dir_fd: int) -> None:
    """Remove an empty directory."""
    os.rmdir(name, dir_fd=dir_fd)


def rename(name: str, new: str, dir_fd: int) -> None:
    """Rename within a directory; replaces what has the new name."""
    os.rename(name, new, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)


def rename_new(name: str, new: str, dir_fd: int) -> bool:
    """Rename unless the new name is taken (EEXIST); False when that can't be done in one step."""
    return _renameat2(name, new, dir_fd, _RENAME_NOREPLACE)


def exchange(name: str, other: str, dir_fd: int) -> bool:
    """Let two entries swap their names; False when that can't be done in one step."""
    return _renameat2(name, other, dir_fd, _RENAME_EXCHANGE)


def _renameat2(name: str, new: str, dir_fd: int, flags: int) -> bool:
    call = getattr(_libc, "renameat2", None)  # not in every libc
    if call is None:
        return False
    done: int = call(dir_fd, os.fsencode(name), dir_fd, os.fsencode(new), ctypes.c_uint(flags))
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in NOT_SUPPORTED:
        return False
    raise OSError(code, os.strerror(code))


# --- Contents -----------------------------------------------------------------------------------


def clone(source: int, target: int) -> None:
    """Share the blocks of a whole file (reflink)."""
    fcntl.ioctl(target, _FICLONE, source)


def copy_range(source: int, target: int, count: int, offset: int) -> int:
    """Copy within the kernel or within the storage; returns how much."""
    return os.copy_file_range(source, target, count, offset, offset)


def send_range(source: int, target: int, count: int, offset: int) -> int:
    """Copy within the kernel, also between file systems; returns how much."""
    os.lseek(target, offset, os.SEEK_SET)
    return os.sendfile(target, source, offset, count)


def write(target: int, data: bytes | memoryview, offset: int) -> int:
    """Write at an offset; returns how much."""
    return os.pwrite(target, data, offset)


def truncate(target: int, size: int) -> None:
    """Set a file's size; a hole grows at its end."""
    os.ftruncate(target, size)


def write_back(target: int, offset: int, count: int, *, wait: bool) -> None:
    """Start to bring a range to the disk, or wait for it; no promise of durability.

    A `count` of 0 means: to the end.
    """
    call = getattr(_libc, "sync_file_range", None)
    if call is not None:
        flags = ctypes.c_uint(_WRITE_AND_WAIT if wait else _WRITE)
        call(target, ctypes.c_int64(offset), ctypes.c_int64(count), flags)


def fsync(fd: int) -> None:
    """Make a file or a directory durable."""
    os.fsync(fd)


# --- Attributes ---------------------------------------------------------------------------------


def chown(fd: int, uid: int, gid: int) -> None:
    """Set owner and group of an open file or directory, or of an :func:`open_entry`."""
    os.chown(_held(fd), uid, gid)


def chown_entry(name: str, dir_fd: int, uid: int, gid: int) -> None:
    """Set owner and group of anything."""
    os.chown(name, uid, gid, dir_fd=dir_fd, follow_symlinks=False)


def chmod(fd: int, mode: int) -> None:
    """Set the permission bits of an open file or directory, or of an :func:`open_entry`."""
    os.chmod(_held(fd), mode)


def set_times(fd: int, ns: tuple[int, int]) -> None:
    """Set both times of an open file or directory, or of an :func:`open_entry`."""
    os.utime(_held(fd), ns=ns)


def set_entry_times(name: str, dir_fd: int, ns: tuple[int, int]) -> None:
    """Set both times of anything."""
    os.utime(name, ns=ns, dir_fd=dir_fd, follow_symlinks=False)


def set_xattr(fd: int, key: str, value: bytes) -> None:
    """Set an extended attribute of an open file or directory."""
    os.setxattr(fd, key, value)


def remove_xattr(fd: int, key: str) -> None:
    """Remove an extended attribute of an open file or directory."""
    os.removexattr(fd, key)


def _held(fd: int) -> str:
    # fchmod and its like refuse O_PATH; the name in /proc leads to exactly the entry that is held.
    return f"/proc/self/fd/{fd}"


CHANGING: tuple[Callable[..., object], ...] = (
    *(create, mkdir, symlink, mknod, link, unlink, rmdir, rename, rename_new, exchange),
    *(clone, copy_range, send_range, write, truncate),
    *(chown, chown_entry, chmod, set_times, set_entry_times, set_xattr, remove_xattr),
)
"""All that change a tree."""
