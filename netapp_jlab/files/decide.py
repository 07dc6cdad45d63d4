"""What is to be done about one entry that differs, or may: the rules of a restore and of an undo.

Both are parts of :class:`~netapp_jlab.files.walk.Walk`: they yield steps, and frames to go into.
"""

from __future__ import annotations

import errno
import os
from stat import S_IRUSR, S_ISREG, S_IXUSR
from typing import TYPE_CHECKING

from netapp_jlab.files import attributes, calls, content
from netapp_jlab.files.calls import lstat
from netapp_jlab.files.entries import Where, difference, is_directory, same_version
from netapp_jlab.files.frames import Frame, Handle
from netapp_jlab.files.steps import Step, failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netapp_jlab.files.entries import Action, Stat
    from netapp_jlab.files.walk import Walk

MEANWHILE = "it was changed meanwhile"
SINCE = "it was made or changed after the restore"
_ENTER = S_IRUSR | S_IXUSR


def restore(
    walk: Walk, frame: Frame, name: str, s: Stat | None, t: Stat | None
) -> Iterator[Step | Frame]:
    """Bring the target's entry `t` to the source's `s`."""
    selection = frame.selection if frame.selection.whole else frame.selection.inside[name]
    if walk.is_boundary(frame, name, s, t):
        yield Step(frame, name, "mounted")
    elif is_directory(s) or (is_directory(t) and not selection.whole):
        yield from _enter(walk, frame, name, s, t, None)
    elif s is not None and selection.whole:
        yield from _bring(walk, frame, name, s, t)
    elif t is not None and selection.whole and (walk.extra or frame.clearing):
        if is_directory(t):
            yield from _enter(walk, frame, name, None, t, _in_baseline(frame, name))
        else:
            yield Step(frame, name, "remove", target=t)


def undo(
    walk: Walk, frame: Frame, name: str, s: Stat | None, b: Stat | None
) -> Iterator[Step | Frame]:
    """Take back what brought `s` to `b`, as far as nobody went on from there."""
    selection = frame.selection if frame.selection.whole else frame.selection.inside[name]
    if s is not None and b is not None and not (is_directory(s) or is_directory(b)):
        one, other = _at(frame.source, name, s), _at(frame.baseline, name, b)
        if _difference(walk, one, other) is None:
            if walk.live and S_ISREG(s.st_mode) and s.st_nlink > 1:
                yield Step(frame, name, "same", source=s)
            return
    t = lstat(name, frame.target.fd) if frame.target else None
    frame.differs = frame.differs or not (is_directory(s) and is_directory(b))
    if walk.is_boundary(frame, name, s, t):
        yield Step(frame, name, "mounted")
    elif not selection.whole:
        if is_directory(s) or is_directory(b):
            yield from _enter(walk, frame, name, s, t, b)
    elif is_directory(s):
        yield from _enter(walk, frame, name, s, t, b)
    elif s is not None:
        yield from _bring_back(walk, frame, name, s, t, b)
    elif b is not None and t is not None:
        yield from _take_away(walk, frame, name, t, b)


def ready(walk: Walk, frame: Frame) -> Iterator[Step]:
    """Make sure that the target has the frame's directory, and those above."""
    missing: list[Frame] = []
    above = frame
    while not above.ready and above.parent is not None:
        missing.append(above)
        above = above.parent
    for folder in reversed(missing):
        parent = folder.parent
        if parent is None or parent.dead:
            folder.dead = True
            continue
        if folder.t is not None and walk.undo and (folder.b is None or is_directory(folder.b)):
            folder.dead = True
            yield Step(parent, folder.name, "conflict", reason=SINCE)
            continue
        action: Action = "create" if folder.t is None else "replace"
        step = Step(parent, folder.name, action, source=folder.s, target=folder.t, folder=folder)
        yield step
        folder.ready = folder.created = not step.refused
        folder.dead = step.refused
        if walk.live and not folder.dead:
            folder.target = parent.open_target().below(folder.name)


def _bring(walk: Walk, frame: Frame, name: str, s: Stat, t: Stat | None) -> Iterator[Step]:
    action: Action | None = "create"
    if t is not None:
        action = "replace"
        if not is_directory(t):
            one, other = _at(frame.source, name, s), _at(frame.target, name, t)
            action = _difference(walk, one, other)
    if action is None:
        if walk.live and S_ISREG(s.st_mode) and s.st_nlink > 1:
            yield Step(frame, name, "same", source=s)
        return
    yield from ready(walk, frame)
    if not frame.dead:
        yield Step(frame, name, action, source=s, target=t)


def _bring_back(
    walk: Walk, frame: Frame, name: str, s: Stat, t: Stat | None, b: Stat | None
) -> Iterator[Step]:
    """Undo at what was no directory before: `b` is another version, a directory, or nothing."""
    if t is not None and is_directory(t) == is_directory(b) and b is not None:
        yield from _bring(walk, frame, name, s, t)
    elif t is None:
        yield from _bring(walk, frame, name, s, None)
    elif is_directory(t) or _difference(
        walk, _at(frame.source, name, s), _at(frame.target, name, t)
    ):
        yield Step(frame, name, "conflict", reason=SINCE)


def _take_away(walk: Walk, frame: Frame, name: str, t: Stat, b: Stat) -> Iterator[Step | Frame]:
    """Undo at what the restore had created, `b`."""
    if is_directory(t) and is_directory(b):
        yield from _enter(walk, frame, name, None, t, b)
    elif not is_directory(t) and same_version(
        _at(frame.target, name, t), _at(frame.baseline, name, b)
    ):
        yield Step(frame, name, "remove", target=t)
    else:
        yield Step(frame, name, "conflict", reason=SINCE)


def _enter(
    walk: Walk, frame: Frame, name: str, s: Stat | None, t: Stat | None, b: Stat | None
) -> Iterator[Step | Frame]:
    """Go into a directory on all sides that have it."""
    selection = frame.selection if frame.selection.whole else frame.selection.inside[name]
    child = Frame(frame, name, selection)
    child.clearing = frame.clearing
    child.s, child.t, child.b = s if is_directory(s) else None, t, b
    entered = False
    try:
        yield from _open(walk, child, is_new=selection.whole and is_directory(s))
        entered = not child.dead
    except OSError as error:
        yield failed(frame, name, error)
    finally:
        if not entered:
            child.close()
    if entered:
        yield child


def _open(walk: Walk, child: Frame, *, is_new: bool) -> Iterator[Step]:
    frame = child.parent
    if frame is None:
        return
    if child.s is not None and frame.source is not None:
        child.source = frame.source.below(child.name)
    if is_directory(child.b) and frame.baseline is not None:
        child.baseline = frame.baseline.below(child.name)
    if is_directory(child.t):
        yield from _enter_target(walk, child)
    elif is_new and not is_directory(child.b):
        yield from ready(walk, child)


def _enter_target(walk: Walk, child: Frame) -> Iterator[Step]:
    frame = child.parent
    if frame is None or frame.target is None or child.t is None:
        return
    if walk.live and child.t.st_mode & _ENTER != _ENTER:
        yield Step(child, "", "locked")
    try:
        child.target = frame.target.below(child.name)
    except OSError as error:
        if error.errno not in calls.GONE:
            raise
        child.dead = True
        yield Step(frame, child.name, "conflict", reason=MEANWHILE)
        return
    child.ready = True
    if child.target.device != frame.target.device:
        child.dead = True
        yield Step(frame, child.name, "mounted")


def _in_baseline(frame: Frame, name: str) -> Stat | None:
    """Look up what an entry that is to be cleared away was in the baseline of an undo."""
    return lstat(name, frame.baseline.fd) if frame.baseline is not None else None


def _at(handle: Handle | None, name: str, found: Stat) -> Where:
    if handle is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return Where(name, handle.fd, found)


def _difference(walk: Walk, source: Where, target: Where) -> Action | None:
    action = difference(source, target)
    if not walk.verify or action == "replace" or not S_ISREG(source.found.st_mode):
        return action
    if not content.equal(source, target, check=walk.check):
        return "replace"
    return action if attributes.same_xattrs(source, target) else "metadata"
