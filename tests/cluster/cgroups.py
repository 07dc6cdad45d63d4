"""The cgroup that all pods are in: made for the kubelet, and by it their processes are found."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from .layout import CGROUP

REMOVE_SECONDS = 10.0


def make() -> None:
    """Make it in the one hierarchy, or in each (v1): the kubelet wants it to exist."""
    for hierarchy in _hierarchies():
        ours = _ours(hierarchy)
        ours.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):  # v1: not inherited, and empty is no use
            if (hierarchy / name).exists() and not (hierarchy / "cgroup.controllers").exists():
                (ours / name).write_text((hierarchy / name).read_text())


def processes() -> Iterator[int]:
    """Yield the processes in it."""
    for hierarchy in _hierarchies():
        for folder, _, _ in os.walk(_ours(hierarchy)):
            with contextlib.suppress(OSError):  # it goes while one looks
                yield from map(int, Path(folder, "cgroup.procs").read_text().split())


def remove() -> None:
    """Remove it with everything below; its processes have ended, or are about to."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while any(_ours(one).exists() for one in _hierarchies()) and time.monotonic() < deadline:
        for hierarchy in _hierarchies():
            for folder, _, _ in os.walk(_ours(hierarchy), topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
        time.sleep(0.05)


def _hierarchies() -> list[Path]:
    """Return where cgroups are mounted: several places for v1, one for v2."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    return [Path(words[1]) for words in mounts if words[2] in ("cgroup", "cgroup2")]


def _ours(hierarchy: Path) -> Path:
    return hierarchy / CGROUP.lstrip("/")
