"""The directories that a walk is in, held open on all sides, within a bounded number of files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from netapp_jlab.files import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netapp_jlab.files.entries import Stat
    from netapp_jlab.files.paths import Selection
    from netapp_jlab.files.tree import Tree

OPEN_LEVELS = 32
"""So many directories on the way down stay open; deeper walks close the upper ones meanwhile."""


class Handle:
    """An open directory that can be closed for a while ("parked") and found again."""

    __slots__ = ("device", "fd", "inode")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        found = os.fstat(fd)
        self.device = found.st_dev
        self.inode = found.st_ino

    @classmethod
    def root(cls, tree: Tree) -> Handle:
        """Hold the root of a tree, independent of how long the tree is open."""
        return cls(os.dup(tree.fd))

    def below(self, name: str) -> Handle:
        """Open a directory in this one; a symbolic link is none (ENOTDIR, ELOOP)."""
        return Handle(calls.open_directory(name, self.fd))

    def find_again(self, below: Handle | None, tree: Tree, frame: Frame) -> bool:
        """Open a parked directory again: from one that was in it, else from the root.

        Returns False when it is neither above the one nor where it was.
        """
        up = below.fd if below is not None else -1
        if up >= 0 and self._take(lambda: calls.open_directory("..", up)):
            return True
        return self._take(lambda: tree.descend(frame.parts()))

    def _take(self, opened: Callable[[], int]) -> bool:
        try:
            fd = opened()
        except OSError:
            return False
        found = os.fstat(fd)
        if (found.st_dev, found.st_ino) != (self.device, self.inode):
            os.close(fd)
            return False
        self.fd = fd
        return True

    def close(self) -> None:
        """Close or park it."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Frame:
    """One directory of a walk.

    Attributes
    ----------
    parent : Frame | None
    name : str
        In the parent; empty for the root.
    source, target, baseline, kept : Handle | None
        The directory on each side; None where it is not there, or not a directory.
    s, t, b : os.stat_result | None
        What was found in its place in source, target and baseline.
    selection : Selection
        What of it is visited.
    ready : bool
        The target has the directory, or is going to have it.
    dead : bool
        Nothing more can be done in it; why was reported.
    clearing : bool
        It is in the way of something else, so everything in it is to go.
    differs : bool
        In an undo: some entry differs between source and baseline.
    created, touched, stays : bool
        The restore made it; changed something in it; had to leave something in it.
    unlocked, widened : bool
        It was seen to that the restore can work in it; for that it was given permissions.
    waiting : int
        Number of new files in it that still have their temporary names.
    """

    __slots__ = (
        *("b", "baseline", "clearing", "created", "dead", "differs", "kept", "kept_known", "name"),
        *("parent", "ready", "s", "selection", "source", "stays", "t", "target", "touched"),
        *("unlocked", "waiting", "widened"),
    )

    def __init__(self, parent: Frame | None, name: str, selection: Selection) -> None:
        self.parent = parent
        self.name = name
        self.selection = selection
        self.source: Handle | None = None
        self.target: Handle | None = None
        self.baseline: Handle | None = None
        self.kept: Handle | None = None
        self.kept_known = False
        self.s: Stat | None = None
        self.t: Stat | None = None
        self.b: Stat | None = None
        self.ready = self.dead = self.clearing = self.differs = False
        self.created = self.touched = self.stays = False
        self.widened = self.unlocked = False
        self.waiting = 0

    @property
    def settles(self) -> bool:
        """Whether attributes of the directory itself are brought to the source's."""
        if self.s is None or self.dead:
            return False
        return self.selection.whole or self.selection.settled

    def parts(self) -> list[str]:
        """Return the names on the way from the root."""
        names = []
        frame = self
        while frame.parent is not None:
            names.append(frame.name)
            frame = frame.parent
        names.reverse()
        return names

    def path(self, name: str = "") -> bytes:
        """Return the path of the directory, or of an entry in it (made when needed only)."""
        parts = self.parts()
        if name:
            parts.append(name)
        return os.fsencode("/".join(parts))

    def open_target(self) -> Handle:
        """Return the target's directory in which something is being done."""
        if self.target is None:
            raise ValueError(f"{self.path()!r} is not in the target")
        return self.target

    def kept_handle(self) -> Handle | None:
        """Return the directory in the safety snapshot; opened when it is first asked for."""
        missing: list[Frame] = []
        frame = self
        while not frame.kept_known and frame.parent is not None:
            missing.append(frame)
            frame = frame.parent
        for frame in reversed(missing):
            frame.kept = _below(frame.parent.kept if frame.parent else None, frame.name)
            frame.kept_known = True
        return self.kept

    def park(self, child: Frame) -> None:
        """Close all sides until :meth:`wake`; nothing may be waiting."""
        if self.kept_known:
            child.kept_handle()  # so that the way to the kept directories below stays open
        self.close()

    def wake(self, child: Frame, trees: dict[str, Tree]) -> bool:
        """Open all sides again, having come back from `child`; False when one has moved away."""
        found = True
        for side, tree in trees.items():
            handle = getattr(self, side)
            if handle is not None and handle.fd < 0:
                below = getattr(child, side)
                found = handle.find_again(below, tree, self) and found
        return found

    def close(self, *, but_target: bool = False) -> None:
        """Close all sides."""
        for handle in self._handles():
            if not (but_target and handle is self.target):
                handle.close()

    def _handles(self) -> Iterator[Handle]:
        for handle in (self.source, self.target, self.baseline, self.kept):
            if handle is not None:
                yield handle


def _below(parent: Handle | None, name: str) -> Handle | None:
    if parent is None:
        return None
    try:
        return parent.below(name)
    except OSError as error:
        if error.errno in calls.GONE or error.errno == calls.FORBIDDEN:
            return None
        raise
