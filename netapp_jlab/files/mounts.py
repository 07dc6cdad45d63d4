"""Where other file systems are mounted, from ``/proc/self/mountinfo`` (proc_pid_mountinfo(5)).

Comparing ``st_dev`` is not enough: a bind mount of the same file system has the same one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_OCTAL = re.compile(rb"\\([0-7]{3})")


def parse(mountinfo: bytes) -> list[bytes]:
    """Return the mount points in the text of ``/proc/self/mountinfo``."""
    points = []
    for line in mountinfo.split(b"\n"):
        fields, separator, _ = line.partition(b" - ")
        before = fields.split(b" ")
        if separator and len(before) >= 6:
            points.append(_unquote(before[4]))
    return points


def mounts_now() -> list[bytes]:
    """Return the mount points that this process sees."""
    with open("/proc/self/mountinfo", "rb") as file:
        return parse(file.read())


def below(points: Iterable[bytes], root: bytes) -> frozenset[bytes]:
    """Return those under `root`, relative to it (`root` itself is not one)."""
    prefix = root.rstrip(b"/") + b"/"
    found = (point[len(prefix) :] for point in points if point.startswith(prefix))
    return frozenset(point for point in found if point)


def _unquote(path: bytes) -> bytes:
    return _OCTAL.sub(lambda match: bytes((int(match[1], 8),)), path)
