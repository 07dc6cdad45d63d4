"""Hard links: which files share an inode in the source, and which of them the target has.

Whether a file can be linked to one that needs no change is only known when all were looked at.
So files with several names are put off, and brought in further rounds over only those: in each, a
file whose inode the target has by now is linked to it, and of every other inode one is copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netapp_jlab.files.entries import Stat

Key = tuple[int, int]


def key_of(found: Stat) -> Key:
    """Name the inode of a file in the source."""
    return found.st_dev, found.st_ino


class Links:
    """Paths of the files with several names.

    Attributes
    ----------
    collecting : bool
        In the first round, in which they are put off.
    anchors : dict
        A path in the target at which the inode already is as in the source.
    """

    def __init__(self) -> None:
        self.collecting = True
        self.anchors: dict[Key, bytes] = {}
        self._unchanged: dict[Key, int] = {}
        self._deferred: dict[Key, list[bytes]] = {}

    def unchanged(self, found: Stat, path: bytes) -> None:
        """Note a file that needs no change; forget an inode when all its names have come."""
        key = key_of(found)
        count = self._unchanged.get(key, 0) + 1
        if count < found.st_nlink:
            self._unchanged[key] = count
            self.anchors.setdefault(key, path)
        else:
            self._unchanged.pop(key, None)
            self.anchors.pop(key, None)

    def defer(self, found: Stat, path: bytes) -> None:
        """Put off a file that is to be brought."""
        self._deferred.setdefault(key_of(found), []).append(path)

    def next_round(self) -> list[bytes]:
        """Return what to bring next; empty when nothing is left."""
        self.collecting = False
        chosen: list[bytes] = []
        waiting: dict[Key, list[bytes]] = {}
        for key, paths in self._deferred.items():
            if key in self.anchors:
                chosen.extend(paths)
            else:
                chosen.append(paths[0])
                if paths[1:]:
                    waiting[key] = paths[1:]
        self._deferred = waiting
        return chosen
