"""Directories of the target: make, enter, settle and remove them."""

from __future__ import annotations

import errno
import os
from stat import S_IMODE, S_IRWXU
from typing import TYPE_CHECKING

from netapp_jlab.files import attributes, calls
from netapp_jlab.files.calls import lstat
from netapp_jlab.files.compare import changes_directory, is_going
from netapp_jlab.files.decide import MEANWHILE
from netapp_jlab.files.entries import same_owner
from netapp_jlab.files.place import discard, discarding, place_new, place_over
from netapp_jlab.files.steps import Step

if TYPE_CHECKING:
    from netapp_jlab.files.entries import Stat
    from netapp_jlab.files.frames import Frame
    from netapp_jlab.files.tools import Tools

FILLED = "something was put into it meanwhile"
_WORK = os.W_OK | os.X_OK


class Folders:
    """Acts on the steps that concern directories."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def create(self, step: Step) -> None:
        """Make an empty directory, where nothing is or in place of something else."""
        fd = step.frame.open_target().fd
        temporary = self._tools.maker.directory(step.in_source(), fd)
        with discarding(temporary, fd):
            if step.target is None:
                placed = place_new(temporary, step.name, fd)
            else:
                placed = place_over(temporary, step.name, fd, step.target)
        if not placed:
            discard(temporary, fd)
            self._tools.leave_alone(step, MEANWHILE)
            return
        step.frame.touched = True
        if step.folder is not None:
            step.folder.touched = True
            self._tools.batch.watch(step.folder)
        self._tools.report.done("create" if step.target is None else "replace")

    def enter(self, step: Step) -> None:
        """Let its owner look into a directory, for as long as the restore is in it."""
        frame = step.frame
        if frame.parent is None or frame.t is None:
            return
        held = calls.open_entry(frame.name, frame.parent.open_target().fd)
        try:
            found = os.fstat(held)
            if (found.st_dev, found.st_ino) == (frame.t.st_dev, frame.t.st_ino):
                self._widen(frame, held, os.R_OK | os.X_OK)
        finally:
            os.close(held)

    def unlock(self, frame: Frame) -> None:
        """Let its owner change what is in a directory, for as long as the restore is in it."""
        if not frame.unlocked:
            frame.unlocked = True
            self._widen(frame, frame.open_target().fd, _WORK)

    def leave(self, step: Step) -> None:
        """Finish a directory in which everything was done."""
        frame = step.frame
        if frame.target is None or frame.target.fd < 0:
            return  # it was never there, or has moved away
        try:
            if self._removed(frame):
                frame.close()
                return
            mode, times = self._wanted(frame)
        except OSError as error:
            self._tools.report.failure(frame.path(), error)
            mode, times = self._without_settling(frame), None
        if frame.parent is not None and frame.s is None:
            frame.parent.stays = True
        self._tools.batch.finish(frame, mode=mode, times=times)

    def _widen(self, frame: Frame, fd: int, needed: int) -> None:
        found = frame.t
        if (
            frame.created
            or found is None
            or found.st_uid != os.geteuid()
            or os.access(f"/proc/self/fd/{fd}", needed)
        ):
            return
        calls.chmod(fd, S_IMODE(found.st_mode) | S_IRWXU)
        frame.widened = frame.unlocked = True
        self._tools.batch.watch(frame)

    def _wanted(self, frame: Frame) -> tuple[int | None, Stat | None]:
        s = frame.s
        if s is None or not self._tools.walk.settles(frame) or not self._may_settle(frame):
            return self._without_settling(frame), None
        return S_IMODE(s.st_mode), s

    def _without_settling(self, frame: Frame) -> int | None:
        """Return the mode of a directory that is only on the way, or has to stay as it is."""
        if frame.s is not None and (frame.created or self._tools.guard.is_half_made(frame)):
            return S_IMODE(frame.s.st_mode)
        if frame.widened and frame.t is not None:
            return S_IMODE(frame.t.st_mode)
        return None

    def _may_settle(self, frame: Frame) -> bool:
        """Bring owner and extended attributes to the source's, unless somebody changed them."""
        tools = self._tools
        s, t = frame.s, frame.t
        if frame.created or s is None or t is None or frame.source is None:
            return True
        if s.st_mode != t.st_mode or not same_owner(s, t):
            if not tools.guard.allows_settling(frame, t, s):
                tools.report.conflict(frame.path(), MEANWHILE)
                return False
            if frame.waiting:
                tools.batch.flush()  # these may be the last moments in which that is permitted
            fd = frame.open_target().fd
            attributes.restore_directory(fd, s, frame.source.fd, warn=tools.report.warn)
        if changes_directory(frame):
            tools.report.done("metadata")
        return True

    def _removed(self, frame: Frame) -> bool:
        """Remove a directory, if it is to go and nothing in it had to stay."""
        parent, found = frame.parent, frame.t
        if parent is None or found is None or frame.stays or not is_going(frame):
            return False
        reason = self._tools.guard.keeps_from_going(self._tools.walk, parent, frame.name, found)
        reason = reason or self._rmdir(parent, frame.name, found)
        if reason:
            self._tools.report.conflict(frame.path(), reason)
            return False
        parent.touched = True
        if parent.clearing or not frame.clearing:  # else it is a part of replacing it
            self._tools.report.done("remove")
        return True

    def _rmdir(self, parent: Frame, name: str, found: Stat) -> str:
        self.unlock(parent)
        fd = parent.open_target().fd
        now = lstat(name, fd)
        if now is None or (now.st_dev, now.st_ino) != (found.st_dev, found.st_ino):
            return MEANWHILE
        try:
            calls.rmdir(name, fd)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return FILLED
            raise
        return ""
