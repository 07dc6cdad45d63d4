"""Nothing is lost: what may be replaced, removed or given other permissions.

The safety snapshot ("kept") was cut just before. An entry that is not in it as it now is in the
target was changed since, by the user who goes on working, and is left alone.
"""

from __future__ import annotations

import os
from contextlib import closing
from stat import S_IFMT, S_IMODE, S_IRWXU, S_ISGID, S_ISREG, S_ISUID
from typing import TYPE_CHECKING

from netapp_jlab.files import content
from netapp_jlab.files.calls import lstat
from netapp_jlab.files.decide import MEANWHILE, SINCE
from netapp_jlab.files.entries import Where, is_directory, same_owner, same_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from netapp_jlab.files.entries import Stat
    from netapp_jlab.files.frames import Frame
    from netapp_jlab.files.steps import Step
    from netapp_jlab.files.walk import Walk

MOUNTED = "another file system is mounted in it"
_PRIVILEGED = S_ISUID | S_ISGID


class Guard:
    """Compares entries of the target with the safety snapshot.

    Parameters
    ----------
    enforced : bool
        False when there is no safety snapshot (the caller knows that nothing can be lost).
    verify : bool
        Also compare contents, for programs that set times back.
    check : callable
        Called while contents are compared; raises to stop.
    """

    def __init__(self, *, enforced: bool, verify: bool, check: Callable[[], None]) -> None:
        self._enforced = enforced
        self._verify = verify
        self._check = check

    def holds(self, frame: Frame, name: str, found: Stat) -> bool:
        """Tell whether the safety snapshot holds an entry of the target just as it was found."""
        if not self._enforced:
            return True
        kept = self._kept(frame, name)
        if kept is None:
            return False
        now = Where(name, frame.open_target().fd, found)
        if is_directory(found):
            return is_directory(kept.found) and _same_permissions(found, kept.found)
        if not same_version(now, kept):
            return False
        if self._verify and S_ISREG(found.st_mode):
            return content.equal(now, kept, check=self._check)
        return True

    def allows_metadata(self, frame: Frame, name: str, found: Stat, wanted: Stat) -> bool:
        """Tell whether owner and permissions of an entry may be brought to `wanted`.

        Besides what the safety snapshot holds, these are the states in between that an interrupted
        restore leaves, and the ones that a user without the right to do more ends in.
        """
        if self.holds(frame, name, found):
            return True
        mode, to = S_IMODE(found.st_mode), S_IMODE(wanted.st_mode)
        kept = self._kept(frame, name)
        if kept is not None and _is_between(kept.found, found, wanted):
            return True
        mine = found.st_uid == os.geteuid() and not same_owner(found, wanted)
        return mine and mode in {to, to & ~_PRIVILEGED}

    def allows_settling(self, frame: Frame, found: Stat, wanted: Stat) -> bool:
        """Tell whether a directory's owner and permissions may be brought to `wanted`."""
        to = S_IMODE(wanted.st_mode)
        if not self._enforced or S_IMODE(found.st_mode) in {to, to | S_IRWXU}:
            return True
        kept = frame.kept_handle()
        return kept is not None and _same_permissions(found, os.fstat(kept.fd))

    def is_half_made(self, frame: Frame) -> bool:
        """Tell whether an interrupted restore made a directory and did not get to its mode."""
        s, t = frame.s, frame.t
        if not self._enforced or s is None or t is None or s.st_mode == t.st_mode:
            return False
        half_made = S_IMODE(t.st_mode) == S_IMODE(s.st_mode) | S_IRWXU
        return half_made and frame.kept_handle() is None

    def _kept(self, frame: Frame, name: str) -> Where | None:
        folder = frame.kept_handle()
        found = lstat(name, folder.fd) if folder is not None else None
        return Where(name, folder.fd, found) if folder is not None and found is not None else None

    def keeps_from_going(self, walk: Walk, frame: Frame, name: str, found: Stat) -> str:
        """Say why an entry of the target must not be removed; empty when it may."""
        if not self.holds(frame, name, found):
            return MEANWHILE
        if walk.undo and frame.clearing:
            before = lstat(name, frame.baseline.fd) if frame.baseline is not None else None
            if before is None or frame.baseline is None:
                return SINCE
            now = Where(name, frame.open_target().fd, found)
            if not same_version(now, Where(name, frame.baseline.fd, before)):
                return SINCE
        return ""

    def keeps_in_the_way(self, walk: Walk, frame: Frame, name: str, found: Stat) -> str:
        """Say why a directory of the target, with all that is in it, must not be removed."""
        with closing(walk.clearing(frame, name, found)) as steps:
            for step in steps:
                reason = self._keeps(walk, step)
                if step.action == "leave":
                    step.frame.close()
                if reason:
                    return reason
        return ""

    def _keeps(self, walk: Walk, step: Step) -> str:
        if step.action == "remove" and step.target is not None:
            return self.keeps_from_going(walk, step.frame, step.name, step.target)
        if step.action == "leave":
            folder = step.frame
            if folder.parent is None or folder.t is None:
                return MEANWHILE
            if walk.undo and folder.baseline is None:
                return SINCE
            return "" if self.holds(folder.parent, folder.name, folder.t) else MEANWHILE
        if step.action == "mounted":
            return MOUNTED
        return step.reason


def _same_permissions(found: Stat, kept: Stat) -> bool:
    # A restore that was killed may have left its owner's permissions on a directory.
    return S_IMODE(found.st_mode) in {S_IMODE(kept.st_mode), S_IMODE(kept.st_mode) | S_IRWXU}


def _is_between(before: Stat, found: Stat, wanted: Stat) -> bool:
    """Tell whether an entry is somewhere on the way from one set of attributes to another."""
    mode, start = S_IMODE(found.st_mode), S_IMODE(before.st_mode)
    times = {before.st_mtime_ns}
    if not S_ISREG(found.st_mode):
        times.add(wanted.st_mtime_ns)
    return (
        S_IFMT(before.st_mode) == S_IFMT(found.st_mode)
        and before.st_size == found.st_size
        and found.st_mtime_ns in times
        and mode in {start, start & ~_PRIVILEGED, start & ~S_ISUID, S_IMODE(wanted.st_mode)}
        and found.st_uid in {before.st_uid, wanted.st_uid}
        and found.st_gid in {before.st_gid, wanted.st_gid}
    )
