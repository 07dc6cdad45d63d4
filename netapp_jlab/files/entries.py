"""What one entry is, when two are the same, and what it takes to make them so."""

from __future__ import annotations

import os
import stat
from stat import S_IFMT, S_ISDIR, S_ISLNK, S_ISREG
from typing import Literal, NamedTuple, TypeGuard

Stat = os.stat_result
Kind = Literal["file", "directory", "symlink", "fifo", "socket", "device"]
Action = Literal["create", "replace", "metadata", "remove"]

_KINDS: dict[int, Kind] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


class Change(NamedTuple):
    """One path at which the target differs from the source.

    Attributes
    ----------
    path : bytes
        Relative to the tree, ``/``-separated; ``b""`` is the root.
    action : str
        What brings the target to the source's state: ``create``, ``replace`` (another content or
        another kind), ``metadata`` (only permissions, owner or times) or ``remove``.
    kind : str
        ``file``, ``directory``, ``symlink``, ``fifo``, ``socket`` or ``device``: in the source, or
        in the target for ``remove``.
    size : int
        Bytes of a file that are copied or removed; 0 for everything else.
    """

    path: bytes
    action: Action
    kind: Kind
    size: int


def kind_of(found: Stat) -> Kind:
    """Name the kind of an entry."""
    return _KINDS[S_IFMT(found.st_mode)]


def size_of(found: Stat) -> int:
    """Return the bytes of a file; 0 for everything that has no contents."""
    return found.st_size if S_ISREG(found.st_mode) else 0


def is_directory(found: Stat | None) -> TypeGuard[Stat]:
    """Tell whether it is there and a directory."""
    return found is not None and S_ISDIR(found.st_mode)


def same_owner(one: Stat, other: Stat) -> bool:
    """Tell whether owner and group are the same."""
    return one.st_uid == other.st_uid and one.st_gid == other.st_gid


def same_directory(one: Stat, other: Stat) -> bool:
    """Tell whether two directories, apart from what is in them, are the same."""
    return (
        one.st_mode == other.st_mode
        and one.st_mtime_ns == other.st_mtime_ns
        and same_owner(one, other)
    )


class Where(NamedTuple):
    """An entry in an open directory, with what was found there."""

    name: str
    dir_fd: int
    found: Stat

    def link(self) -> str:
        """Read where a symbolic link points."""
        return os.readlink(self.name, dir_fd=self.dir_fd)


def difference(source: Where, target: Where) -> Action | None:
    """Tell what makes `target` like `source`; None when it already is. Neither is a directory.

    No file is opened: files with the same size and time of modification (to the nanosecond, as
    they are stored; file systems with coarser times than the source's are not made allowance for)
    have the same contents.
    """
    s, t = source.found, target.found
    if S_IFMT(s.st_mode) != S_IFMT(t.st_mode):
        return "replace"
    alike = s.st_mtime_ns == t.st_mtime_ns and s.st_mode == t.st_mode and same_owner(s, t)
    if S_ISLNK(s.st_mode):
        return None if alike and source.link() == target.link() else "replace"
    if S_ISREG(s.st_mode):
        if s.st_size != t.st_size or s.st_mtime_ns != t.st_mtime_ns:
            return "replace"
        return None if alike else "metadata"
    if s.st_rdev != t.st_rdev:
        return "replace"
    return None if alike else "metadata"


def same_version(one: Where, other: Where) -> bool:
    """Tell whether `one` is `other` as it was copied: same kind, size, mode, times, link.

    The owner doesn't count, as not everybody may restore it; of directories only the kind and the
    mode do, as their times change with what is in them.
    """
    a, b = one.found, other.found
    if a.st_mode != b.st_mode:
        return False
    if S_ISDIR(a.st_mode):
        return True
    if a.st_mtime_ns != b.st_mtime_ns or a.st_size != b.st_size or a.st_rdev != b.st_rdev:
        return False
    return not S_ISLNK(a.st_mode) or one.link() == other.link()


def same_entry(before: Stat, now: Stat, *, renamed: bool = False) -> bool:
    """Tell whether an entry is still the very one that was looked at, and untouched."""
    return (
        before.st_ino == now.st_ino
        and before.st_dev == now.st_dev
        and before.st_mode == now.st_mode
        and before.st_size == now.st_size
        and before.st_mtime_ns == now.st_mtime_ns
        # Renaming it changes this time, and so does replacing one of several hard links.
        and (renamed or before.st_nlink > 1 or before.st_ctime_ns == now.st_ctime_ns)
    )
