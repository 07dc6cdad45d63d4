"""Owner, permissions, extended attributes and times, in the one order that keeps them all.

``chown`` clears set-user-id bits and capabilities; an access control list carries permission bits;
only someone who may write a file may give it extended attributes; everything sets times. So: owner,
extended attributes (access control lists last), permissions, times.
"""

from __future__ import annotations

import errno
import os
from stat import S_IMODE, S_IRWXU, S_ISGID, S_ISUID
from typing import TYPE_CHECKING

from netapp_jlab.files import calls
from netapp_jlab.files.entries import is_directory, same_owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from netapp_jlab.files.entries import Stat, Where

    Warn = Callable[[str], None]

OWNER = "owner or group not restored (only root may)"
XATTR = "an extended attribute or access control list not restored"
FOLDER = "permissions or times of a folder not restored (it belongs to somebody else)"
SPECIAL = "a device, socket or pipe not made (only root may, or the file system can't)"

_DENIED = frozenset(
    {errno.EPERM, errno.EACCES, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.E2BIG}
)
_LISTS = "system.posix_acl_"
_NOT_OURS = frozenset({"security.selinux", "security.ima", "security.evm"})
"""The system gives these to new files by its own rules."""


def times_of(found: Stat) -> tuple[int, int]:
    """Return the times of access and modification, in nanoseconds."""
    return found.st_atime_ns, found.st_mtime_ns


def restore(fd: int, found: Stat, source_fd: int, *, warn: Warn) -> None:
    """Give an open file or directory that nobody else uses yet what the source has.

    Parameters
    ----------
    fd : int
        The new file or directory.
    found : os.stat_result
        What the source is. A directory also gets its owner's permissions, until :func:`settle`.
    source_fd : int
        The source, open.
    warn : callable
        Told what is not allowed to this user.
    """
    mode = S_IMODE(found.st_mode)
    if not _restore_owner(fd, found, warn) and not is_directory(found):
        mode &= ~(S_ISUID | S_ISGID)  # else it would run as the wrong user
    copy_xattrs(source_fd, fd, warn=warn)
    if is_directory(found):
        mode |= S_IRWXU
    if S_IMODE(os.fstat(fd).st_mode) != mode:
        calls.chmod(fd, mode)
    calls.set_times(fd, times_of(found))


def restore_directory(fd: int, found: Stat, source_fd: int, *, warn: Warn) -> None:
    """Give a directory that is in use the source's owner and extended attributes.

    Its permissions follow with :func:`settle`; until then it still differs, so a directory that
    was left half done is recognised.
    """
    copy_xattrs(source_fd, fd, warn=warn)
    _restore_owner(fd, found, warn)


def settle(fd: int, *, mode: int | None, times: Stat | None, warn: Warn) -> bool:
    """Give a directory its permissions and times, if any; tells whether that changed it."""
    now = os.fstat(fd)
    changed = False
    try:
        if mode is not None and S_IMODE(now.st_mode) != mode:
            calls.chmod(fd, mode)
            changed = True
        if times is not None and now.st_mtime_ns != times.st_mtime_ns:
            calls.set_times(fd, times_of(times))
            changed = True
    except OSError as error:
        if error.errno not in _DENIED:
            raise
        warn(FOLDER)
    return changed


def restore_special(fd: int, found: Stat, *, warn: Warn) -> None:
    """Give a FIFO, socket, device or file (held, not opened) the source's owner, mode and times."""
    now = os.fstat(fd)
    mode = S_IMODE(found.st_mode)
    if not _restore_owner(fd, found, warn):
        mode &= ~(S_ISUID | S_ISGID)
    if S_IMODE(now.st_mode) != mode:
        calls.chmod(fd, mode)
    if now.st_mtime_ns != found.st_mtime_ns:
        calls.set_times(fd, times_of(found))


def restore_link(name: str, dir_fd: int, found: Stat, *, warn: Warn) -> None:
    """Give a new symbolic link the source's owner and times."""
    now = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    if not same_owner(now, found):
        try:
            calls.chown_entry(name, dir_fd, found.st_uid, found.st_gid)
        except OSError as error:
            if error.errno not in _DENIED:
                raise
            warn(OWNER)
    calls.set_entry_times(name, dir_fd, times_of(found))


def copy_xattrs(source_fd: int, fd: int, *, warn: Warn) -> None:
    """Make the extended attributes of an open file or directory those of another one."""
    wanted, have = _read(source_fd, warn), _read(fd, warn)
    for key in have.keys() - wanted.keys():
        if key.startswith(("user.", _LISTS)):
            _allowed(calls.remove_xattr, fd, key, warn=warn)
    for key in sorted(wanted, key=lambda key: (key.startswith(_LISTS), key)):
        if have.get(key) != wanted[key]:
            _allowed(calls.set_xattr, fd, key, wanted[key], warn=warn)


def same_xattrs(one: Where, other: Where) -> bool:
    """Tell whether two entries have the same extended attributes, without opening them."""
    first, second = _at(one), _at(other)
    return _read(first, _ignore) == _read(second, _ignore)


def _at(where: Where) -> str:
    return f"/proc/self/fd/{where.dir_fd}/{where.name}"


def _ignore(_: str) -> None:
    """Nothing is being restored, so there is nothing to warn of."""


def _read(place: int | str, warn: Warn) -> dict[str, bytes]:
    follow = isinstance(place, int)
    found = {}
    try:
        for key in os.listxattr(place, follow_symlinks=follow):
            if key not in _NOT_OURS:
                found[key] = os.getxattr(place, key, follow_symlinks=follow)
    except OSError as error:
        if error.errno not in _DENIED | {errno.ENODATA}:
            raise
        if error.errno != errno.EOPNOTSUPP:
            warn(XATTR)
    return found


def _allowed(call: Callable[..., None], *arguments: int | str | bytes, warn: Warn) -> None:
    try:
        call(*arguments)
    except OSError as error:
        if error.errno not in _DENIED:
            raise
        warn(XATTR)


def _restore_owner(fd: int, found: Stat, warn: Warn) -> bool:
    now = os.fstat(fd)
    if same_owner(now, found):
        return True
    # Whoever may not give a file away may still give it to one of their own groups.
    if _chown(fd, found.st_uid, found.st_gid):
        return True
    _chown(fd, -1, found.st_gid)
    warn(OWNER)
    return False


def _chown(fd: int, uid: int, gid: int) -> bool:
    try:
        calls.chown(fd, uid, gid)
    except OSError as error:
        if error.errno not in _DENIED:
            raise
        return False
    return True
