"""Act on the steps of a walk: the live half of a restore."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from stat import S_ISLNK, S_ISREG
from typing import TYPE_CHECKING

from netapp_jlab.files import attributes, calls
from netapp_jlab.files.batch import Pending
from netapp_jlab.files.calls import lstat
from netapp_jlab.files.compare import is_obstructed
from netapp_jlab.files.decide import MEANWHILE
from netapp_jlab.files.entries import Where, is_directory, same_entry, size_of
from netapp_jlab.files.folders import FILLED, Folders
from netapp_jlab.files.links import key_of
from netapp_jlab.files.place import discard, discarding, place_new, place_over
from netapp_jlab.files.report import FULL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netapp_jlab.files.entries import Action, Stat
    from netapp_jlab.files.steps import Event, Step
    from netapp_jlab.files.tools import Tools


_FREED = FULL | {errno.EMFILE, errno.ENFILE}
"""What there is more of when the files that wait have replaced the old ones."""

LINK = "a hard link not made (there is a copy instead)"


class Applier:
    """Acts on steps, one after the other; what the system refuses about one is reported."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._folders = Folders(tools)
        self._handlers: dict[Action | Event, Callable[[Step], None]] = {
            "create": self._bring,
            "replace": self._bring,
            "metadata": self._metadata,
            "remove": self._remove,
            "leave": self._folders.leave,
            "locked": self._folders.enter,
            "same": self._same,
            "stale": self._stale,
            "park": self._park,
            "mounted": self._mounted,
            "conflict": self._conflict,
            "failure": self._failure,
        }

    def run(self, steps: Iterable[Step]) -> None:
        """Act on all steps.

        Raises
        ------
        NoSpace, NotWritable
        """
        for step in steps:
            self._act(step)

    def _act(self, step: Step) -> None:
        handle = self._handlers[step.action]
        report = self._tools.report
        copied = report.copied
        try:
            try:
                handle(step)
            except OSError as error:
                if error.errno not in _FREED:
                    raise
                report.copied = copied
                self._tools.batch.flush()
                handle(step)
        except OSError as error:
            report.copied = copied
            step.refused = True
            step.frame.stays = True
            needed = size_of(step.source) if step.source is not None else 0
            report.failure(step.path, error, needed=needed)

    # --- What differs ---------------------------------------------------------------------------

    def _bring(self, step: Step) -> None:
        reason = self._keeps(step)
        if reason:
            self._tools.leave_alone(step, reason)
            return
        self._folders.unlock(step.frame)
        if is_directory(step.source):
            self._folders.create(step)
        elif step.source is not None and S_ISREG(step.source.st_mode):
            self._file(step, step.source)
        else:
            self._special(step)

    def _keeps(self, step: Step) -> str:
        frame, name, found = step.frame, step.name, step.target
        guard, walk = self._tools.guard, self._tools.walk
        if found is None:
            return ""
        if is_obstructed(step):
            return guard.keeps_in_the_way(walk, frame, name, found)
        return "" if guard.holds(frame, name, found) else MEANWHILE

    def _file(self, step: Step, wanted: Stat) -> None:
        tools = self._tools
        if wanted.st_nlink > 1:
            if tools.links.collecting:
                tools.links.defer(wanted, step.path)
                return
            if self._link(step, wanted):
                return
        tools.report.working_on(step.path)
        dir_fd = step.frame.open_target().fd
        temporary, fd = tools.maker.file(step.in_source(), dir_fd)
        replaces = step.target
        if is_obstructed(step):
            replaces, cleared = None, False
            try:
                cleared = self._clear(step)
            finally:
                if not cleared:
                    os.close(fd)
                    discard(temporary, dir_fd)
            if not cleared:
                return
        new = Pending(step.frame, step.name, temporary, _action(step), wanted, replaces)
        tools.batch.add(new, fd)
        if is_obstructed(step):
            tools.batch.flush()

    def _link(self, step: Step, wanted: Stat) -> bool:
        """Link to where the target has the inode already; False when that can't be done."""
        tools = self._tools
        path = tools.links.anchors.get(key_of(wanted))
        if path is None:
            return False
        try:
            fd, name = tools.target.parent(path)
        except OSError as error:
            if error.errno in calls.GONE:
                return False
            raise
        try:
            found = lstat(name, fd)
            if found is None or not _same_file(found, wanted):
                return False
            temporary = tools.maker.link(name, fd, found, step.frame.open_target().fd)
        except OSError as error:
            if error.errno not in calls.NOT_LINKED:
                raise
            temporary = None
        finally:
            os.close(fd)
        if temporary is None:
            tools.report.warn(LINK)
            return False
        if self._place(step, temporary):
            tools.report.advance(wanted.st_size)
        return True

    def _special(self, step: Step) -> None:
        dir_fd = step.frame.open_target().fd
        source = step.in_source()
        if S_ISLNK(source.found.st_mode):
            temporary: str | None = self._tools.maker.symlink(source, dir_fd)
        else:
            temporary = self._tools.maker.special(source, dir_fd)
        if temporary is None:
            step.refused = True
        else:
            self._place(step, temporary)

    def _place(self, step: Step, temporary: str) -> bool:
        dir_fd = step.frame.open_target().fd
        with discarding(temporary, dir_fd):
            if is_obstructed(step):
                placed = self._clear(step) and place_new(temporary, step.name, dir_fd)
            elif step.target is None:
                placed = place_new(temporary, step.name, dir_fd)
            else:
                placed = place_over(temporary, step.name, dir_fd, step.target)
        if placed:
            step.frame.touched = True
            self._tools.report.done(_action(step))
            return True
        discard(temporary, dir_fd)
        if not step.refused:
            self._tools.leave_alone(step, MEANWHILE)
        return False

    def _clear(self, step: Step) -> bool:
        """Remove a directory that is in the way; all in it was found to be held just before."""
        if step.target is None:
            return True
        self.run(self._tools.walk.clearing(step.frame, step.name, step.target))
        if lstat(step.name, step.frame.open_target().fd) is None:
            return True
        self._tools.leave_alone(step, FILLED)
        return False

    def _metadata(self, step: Step) -> None:
        tools, found, wanted = self._tools, step.target, step.source
        if found is None or wanted is None:
            return
        frame, name = step.frame, step.name
        if not tools.guard.allows_metadata(frame, name, found, wanted):
            tools.leave_alone(step, MEANWHILE)
        elif S_ISREG(wanted.st_mode) and not self._changes_alone(step, found, wanted):
            self._folders.unlock(frame)
            self._file(step, wanted)
        elif self._in_place(frame.open_target().fd, name, found, wanted):
            tools.report.done("metadata")
        else:
            tools.leave_alone(step, MEANWHILE)

    def _changes_alone(self, step: Step, found: Stat, wanted: Stat) -> bool:
        """Tell whether owner and mode are all that is to change, and under this name only."""
        if found.st_nlink > 1 or wanted.st_nlink > 1:
            return False
        now = Where(step.name, step.frame.open_target().fd, found)
        return attributes.same_xattrs(step.in_source(), now)

    def _in_place(self, dir_fd: int, name: str, found: Stat, wanted: Stat) -> bool:
        held = calls.open_entry(name, dir_fd)
        try:
            if not same_entry(found, os.fstat(held)):
                return False
            attributes.restore_special(held, wanted, warn=self._tools.report.warn)
        finally:
            os.close(held)
        if S_ISREG(found.st_mode):
            with suppress(PermissionError):  # only who may read it can make that durable
                self._tools.batch.sync_later(calls.open_content(name, dir_fd))
        return True

    def _remove(self, step: Step) -> None:
        tools, frame, name, found = self._tools, step.frame, step.name, step.target
        if found is None:
            return
        reason = tools.guard.keeps_from_going(tools.walk, frame, name, found)
        if reason:
            tools.leave_alone(step, reason)
            return
        self._folders.unlock(frame)
        dir_fd = frame.open_target().fd
        now = lstat(name, dir_fd)
        if now is None or not same_entry(found, now):
            tools.leave_alone(step, MEANWHILE)
            return
        calls.unlink(name, dir_fd)
        frame.touched = True
        tools.report.done("remove")

    # --- What there is to know ------------------------------------------------------------------

    def _same(self, step: Step) -> None:
        if self._tools.links.collecting and step.source is not None:
            self._tools.links.unchanged(step.source, step.path)

    def _stale(self, step: Step) -> None:
        if step.name.startswith(self._tools.prefix):
            self._folders.unlock(step.frame)
            discard(step.name, step.frame.open_target().fd)

    def _park(self, step: Step) -> None:
        if step.frame.waiting:
            self._tools.batch.flush()

    def _mounted(self, step: Step) -> None:
        step.frame.stays = True
        self._tools.report.passed_over(step.path)

    def _conflict(self, step: Step) -> None:
        self._tools.leave_alone(step, step.reason)

    def _failure(self, step: Step) -> None:
        step.frame.stays = True
        error = step.error
        if error is not None:
            self._tools.report.failure(step.path, error)


def _action(step: Step) -> Action:
    if step.action in ("create", "replace", "metadata"):
        return step.action
    raise ValueError(step.action)


def _same_file(found: Stat, wanted: Stat) -> bool:
    return (
        found.st_mode == wanted.st_mode
        and found.st_size == wanted.st_size
        and found.st_mtime_ns == wanted.st_mtime_ns
    )
