"""Compare two or three trees in step, and name what differs, without reading a file.

The walk itself changes nothing. It hands out steps; whoever acts on them between two steps can
refuse one, and the walk then leaves out what depends on it. It keeps its own stack (no limit to
the depth), holds the names of one directory per level, and looks once at each entry and side.
"""

from __future__ import annotations

import os
from collections import defaultdict
from stat import S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from netapp_jlab.files import decide
from netapp_jlab.files.calls import lstat
from netapp_jlab.files.entries import is_directory, same_directory
from netapp_jlab.files.frames import OPEN_LEVELS, Frame, Handle
from netapp_jlab.files.paths import TEMPORARY, Selection, is_hidden
from netapp_jlab.files.steps import Step, failed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from netapp_jlab.files.entries import Stat
    from netapp_jlab.files.tree import Tree


class Listing(NamedTuple):
    """The names to visit in one directory, in order, and which side has (or may have) them.

    The other side is the target; in an undo it is the baseline.
    """

    rest: Iterator[str]
    in_source: set[str]
    in_other: set[str]


class Found(NamedTuple):
    """An entry that differs, may differ, or can't be looked at."""

    name: str
    source: Stat | None = None
    other: Stat | None = None
    error: OSError | None = None


_Stack = list[tuple[Frame, "Iterator[Step | Frame]"]]


class Walk:
    """One walk through a source and a target, to be closed at the end.

    Parameters
    ----------
    source, target : Tree
    baseline : Tree | None
        What the target was brought to before; then only entries at which source and baseline
        differ are looked at in the target ("undo").
    kept : Tree | None
        Held open in step, for whoever acts on the steps.
    selection : Selection
        What is visited.
    extra : bool
        Also name what only the target has.
    verify : bool
        Read and compare what looks the same.
    live : bool
        The steps are acted on: directories named in ``create`` steps are there afterwards.
    check : callable
        Called often; raises (anything but OSError) to stop the walk.
    """

    def __init__(
        self,
        source: Tree,
        target: Tree,
        *,
        baseline: Tree | None = None,
        kept: Tree | None = None,
        selection: Selection,
        extra: bool,
        verify: bool,
        live: bool,
        check: Callable[[], None],
    ) -> None:
        sides = {"source": source, "target": target, "baseline": baseline, "kept": kept}
        self.trees = {side: tree for side, tree in sides.items() if tree is not None}
        self.undo = baseline is not None
        self.extra = extra
        self.verify = verify
        self.live = live
        self.check = check
        self._selection = selection
        self._stacks: list[_Stack] = []
        self._excluded = source.excluded | target.excluded
        self._mounted = _by_parent(source.boundaries | target.boundaries, self._excluded)
        self._snapshots = {
            (tree.device, tree.inode) for side, tree in self.trees.items() if side != "target"
        }

    def steps(self) -> Generator[Step, None, None]:
        """Walk; the last step leaves the root."""
        root = Frame(None, "", self._selection)
        for side, tree in self.trees.items():
            setattr(root, side, Handle.root(tree))
        root.s = os.fstat(self.trees["source"].fd)
        root.t = os.fstat(self.trees["target"].fd)
        root.b = os.fstat(self.trees["baseline"].fd) if self.undo else None
        root.kept_known = root.ready = True
        yield from self._drive(root)

    def clearing(self, frame: Frame, name: str, found: Stat) -> Generator[Step, None, None]:
        """Walk through a directory of the target that is in the way, contents first."""
        child = Frame(frame, name, Selection(whole=True))
        child.t = found
        child.clearing = child.ready = True
        child.target = frame.open_target().below(name)
        if frame.baseline is not None and is_directory(lstat(name, frame.baseline.fd)):
            child.baseline = frame.baseline.below(name)
        yield from self._drive(child)

    def is_boundary(self, frame: Frame, name: str, s: Stat | None, t: Stat | None) -> bool:
        """Tell whether something else is mounted at an entry, or a tree we read from is there."""
        if self._mounted and name in self._mounted.get(frame.path(), ()):
            return True
        # Only of directories: overlayfs gives unchanged files the devices of their layers.
        if is_directory(s) and s.st_dev != self.trees["source"].device:
            return True
        return is_directory(t) and (
            t.st_dev != self.trees["target"].device or (t.st_dev, t.st_ino) in self._snapshots
        )

    def settles(self, frame: Frame) -> bool:
        """Tell whether a directory's own attributes are brought to the source's."""
        if not frame.settles or frame.s is None:
            return False
        before = frame.b if self.undo else None
        return before is None or frame.differs or not same_directory(frame.s, before)

    def close(self) -> None:
        """Close the directories that a walk which was given up is still in."""
        for stack in self._stacks:
            _close(stack)
        self._stacks.clear()

    def _drive(self, first: Frame) -> Generator[Step, None, None]:
        stack: _Stack = [(first, self._scan(first))]
        self._stacks.append(stack)
        try:
            while stack:
                frame, scan = stack[-1]
                item = next(scan, None)
                if item is None:
                    yield from self._leave(frame, stack[-2][0] if len(stack) > 1 else None)
                    stack.pop()
                elif isinstance(item, Frame):
                    stack.append((item, self._scan(item)))
                    if len(stack) > OPEN_LEVELS:
                        above, child = stack[-OPEN_LEVELS - 1][0], stack[-OPEN_LEVELS][0]
                        yield Step(above, "", "park")
                        above.park(child)
                else:
                    yield item
        except GeneratorExit:
            _close(stack)
            raise
        self._stacks.remove(stack)

    def _leave(self, frame: Frame, above: Frame | None) -> Iterator[Step]:
        if above is not None and not above.wake(frame, self.trees):
            above.dead = True
            yield Step(above, "", "conflict", reason="the folder was moved meanwhile")
        yield Step(frame, "", "leave")
        # Whoever acts on the steps may still have something to do in the target.
        frame.close(but_target=self.live)

    # --- One directory --------------------------------------------------------------------------

    def _scan(self, frame: Frame) -> Iterator[Step | Frame]:
        try:
            listing = yield from self._list(frame)
        except OSError as error:
            frame.dead = True
            yield failed(frame, "", error)
            return
        act = decide.undo if self._is_undo(frame) else decide.restore
        while not frame.dead and (found := self._next(frame, listing)) is not None:
            if found.error is not None:
                yield failed(frame, found.name, found.error)
                continue
            try:
                yield from act(self, frame, found.name, found.source, found.other)
            except OSError as error:
                yield failed(frame, found.name, error)

    def _is_undo(self, frame: Frame) -> bool:
        return self.undo and not frame.clearing

    def _list(self, frame: Frame) -> Generator[Step, None, Listing]:
        undo = self._is_undo(frame)
        target = _names(frame.target) if self.live or not undo else set()
        for name in sorted(filter(_is_temporary, target)):
            yield Step(frame, name, "stale")
        if frame.selection.whole:
            source = _names(frame.source)
            other = _names(frame.baseline) if undo else target
            names = source | other if undo or self.extra or frame.clearing else source
        else:
            names = set(frame.selection.inside)
            source = names if frame.source else set()
            other = names if (frame.baseline if undo else frame.target) else set()
        left_out = {name for name in names if name[0] == "." and is_hidden(name)}
        if frame.parent is None:
            left_out |= self._excluded
        return Listing(iter(sorted(names - left_out)), source, other)

    def _next(self, frame: Frame, listing: Listing) -> Found | None:
        """Pass over what needs no second look; this loop is where a restore spends its time."""
        rest, in_source, in_other = listing
        s_fd = frame.source.fd if frame.source else -1
        other = frame.baseline if self._is_undo(frame) else frame.target
        o_fd = other.fd if other else -1
        check, skip, live = self.check, not self.verify, self.live
        name = ""
        try:
            for name in rest:
                check()
                s = lstat(name, s_fd) if name in in_source else None
                o = lstat(name, o_fd) if name in in_other else None
                if not (
                    skip
                    and s is not None
                    and o is not None
                    and s.st_mtime_ns == o.st_mtime_ns
                    and s.st_size == o.st_size
                    and s.st_mode == o.st_mode
                    and s.st_uid == o.st_uid
                    and s.st_gid == o.st_gid
                    and S_ISREG(s.st_mode)
                    and not (live and s.st_nlink > 1)
                ):
                    return Found(name, s, o)
        except OSError as error:
            return Found(name, error=error)
        return None


def _close(stack: _Stack) -> None:
    for frame, _ in stack:
        frame.close()
    stack.clear()


def _names(handle: Handle | None) -> set[str]:
    return set(os.listdir(handle.fd)) if handle is not None else set()


def _is_temporary(name: str) -> bool:
    return name.startswith(TEMPORARY)


def _by_parent(boundaries: frozenset[bytes], excluded: frozenset[str]) -> dict[bytes, set[str]]:
    found: dict[bytes, set[str]] = defaultdict(set)
    for path in boundaries:
        parent, _, name = path.rpartition(b"/")
        if os.fsdecode(path.split(b"/")[0]) not in excluded:  # NFS mounts each snapshot
            found[parent].add(os.fsdecode(name))
    return dict(found)
