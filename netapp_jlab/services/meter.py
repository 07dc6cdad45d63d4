"""How much of a volume is used."""

from __future__ import annotations

import os
import time
from collections import OrderedDict

from netapp_jlab.files import FilesError, Tree, usage
from netapp_jlab.services.mounts import Mount
from netapp_jlab.services.views import SNAPSHOT_DIRECTORY

FITS = 1.25
"""A file system up to this many times the claim's capacity is the volume's own."""
ENTRIES = 50_000
SECONDS = 0.25
"""Limits of counting a directory that shares its file system with others."""
KEPT = 30.0
"""Seconds for which an answer is good enough."""


class Meter:
    """Measures volumes that are mounted here.

    The file system tells where it is the volume's own. Drivers that hand out directories of a
    shared one (local-path, NFS subdirectories, the embedded cluster) would all show the same
    figure, the whole disk's; there the files are counted, up to a limit.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, int | None]] = OrderedDict()

    def used(self, mount: Mount, capacity: int | None) -> int | None:
        """Return the bytes used; None where that can't be told quickly."""
        known = self._kept.get(mount.path)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        value = self._measure(mount.path, capacity)
        self._kept[mount.path] = (time.monotonic() + KEPT, value)
        return value

    def forget(self, path: str) -> None:
        """Measure anew next time: something has just changed there."""
        self._kept.pop(path, None)

    @staticmethod
    def _measure(path: str, capacity: int | None) -> int | None:
        try:
            with Tree.open(path) as tree:
                whole = usage(tree)
        except (OSError, FilesError):
            return None
        if capacity is None or whole.total <= capacity * FITS:
            return whole.used
        return count(path)


def count(path: str, entries: int = ENTRIES, seconds: float = SECONDS) -> int | None:
    """Add up what the files below `path` take on disk, without its snapshots.

    Returns
    -------
    int | None
        Bytes; None if there are more than `entries` or it takes longer than `seconds`.
    """
    until = time.monotonic() + seconds
    total = seen = 0
    pending = [path]
    while pending:
        directory = pending.pop()
        try:
            listing = list(os.scandir(directory))
        except OSError:
            continue  # not ours to read; the figure is what this account can see
        for entry in listing:
            seen += 1
            if seen > entries or time.monotonic() > until:
                return None
            if directory == path and entry.name == SNAPSHOT_DIRECTORY:
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            else:
                total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total
