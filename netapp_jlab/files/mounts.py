"""Where other file systems are mounted, from ``/proc/self/mountinfo`` (proc_pid_mountinfo(5)).

Comparing ``st_dev`` is not enough: a bind mount of the same file system has the same one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_OCTAL = re.compile(rb"\\([0-7]{3})")


class Mount(NamedTuple):
    """One line of mountinfo.

    Attributes
    ----------
    id : int
        As in the ``mnt_id`` of ``/proc/self/fdinfo/N``.
    point : bytes
        Absolute path of the mount point.
    kind : str
        Type of the file system: ``ext4``, ``nfs4``, ``fuse.s3fs``…
    """

    id: int
    point: bytes
    kind: str


def parse(mountinfo: bytes) -> list[Mount]:
    """Read the text of ``/proc/self/mountinfo``; lines that are no mounts are left out."""
    mounts = []
    for line in mountinfo.split(b"\n"):
        fields, separator, rest = line.partition(b" - ")
        before = fields.split(b" ")
        if separator and len(before) >= 6 and before[0].isdigit():
            kind = rest.split(b" ")[0].decode("ascii", "replace")
            mounts.append(Mount(int(before[0]), _unquote(before[4]), kind))
    return mounts


def mounts_now() -> list[Mount]:
    """List the mounts that this process sees."""
    with open("/proc/self/mountinfo", "rb") as file:
        return parse(file.read())


def mount_id(fd: int) -> int | None:
    """Tell on which mount an open file or directory is."""
    with open(f"/proc/self/fdinfo/{fd}", "rb") as file:
        for line in file:
            if line.startswith(b"mnt_id:"):
                return int(line[7:])
    return None


def below(mounts: Iterable[Mount], root: bytes) -> frozenset[bytes]:
    """Return the mount points under `root`, relative to it (`root` itself is not one)."""
    prefix = root.rstrip(b"/") + b"/"
    found = (mount.point[len(prefix) :] for mount in mounts if mount.point.startswith(prefix))
    return frozenset(point for point in found if point)


def _unquote(path: bytes) -> bytes:
    return _OCTAL.sub(lambda match: bytes((int(match[1], 8),)), path)
