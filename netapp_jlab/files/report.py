"""What a restore did, what it left alone, and how far it is."""

from __future__ import annotations

import errno
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from netapp_jlab.files.errors import Cancelled, NoSpace, NotWritable
from netapp_jlab.files.steps import reason_of
from netapp_jlab.files.usage import usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netapp_jlab.files.compare import Summary
    from netapp_jlab.files.entries import Action
    from netapp_jlab.files.tree import Tree

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""How the system says that there is no room."""

INTERVAL = 0.1
"""Seconds between two reports of progress, at least."""


class Issue(NamedTuple):
    """One path that was left as it was, and why."""

    path: bytes
    reason: str


class Progress(NamedTuple):
    """How far a restore is.

    Attributes
    ----------
    files_done, bytes_done : int
        Entries dealt with and bytes brought (holes included) in this run.
    files_total, bytes_total : int | None
        From the plan, if there is one.
    path : bytes
        What was worked on last.
    """

    files_done: int
    files_total: int | None
    bytes_done: int
    bytes_total: int | None
    path: bytes


class Outcome(NamedTuple):
    """What a restore did.

    Attributes
    ----------
    created, replaced, metadata, removed : int
        Numbers of entries, by what was done.
    copied_bytes : int
        Bytes of file contents that were brought.
    conflicts : tuple of Issue
        Left alone because somebody changed them meanwhile.
    failures : tuple of Issue
        Left alone because the system refused.
    warnings : mapping of str to int
        What could not be restored about how many entries that were.
    mounted : tuple of bytes
        Where other file systems are mounted; they were passed over.
    """

    created: int
    replaced: int
    metadata: int
    removed: int
    copied_bytes: int
    conflicts: tuple[Issue, ...]
    failures: tuple[Issue, ...]
    warnings: Mapping[str, int]
    mounted: tuple[bytes, ...]


class Report:
    """Collects an :class:`Outcome` and tells of :class:`Progress`.

    Parameters
    ----------
    target : Tree
        What is restored.
    progress : callable | None
        Told of the progress, every :data:`INTERVAL` seconds at most.
    plan : Summary | None
        What there is to do.
    """

    def __init__(
        self, target: Tree, progress: Callable[[Progress], object] | None, plan: Summary | None
    ) -> None:
        self._target = target
        self._progress = progress
        self._plan = plan
        self._next = 0.0
        self._path = b""
        self._done: Counter[Action] = Counter()
        self._dealt_with = 0
        self.copied = 0
        self._conflicts: dict[bytes, str] = {}
        self._failures: dict[bytes, str] = {}
        self._warnings: Counter[str] = Counter()
        self._mounted: dict[bytes, None] = {}

    def done(self, action: Action) -> None:
        """Count an entry that was brought, changed or removed."""
        self._done[action] += 1
        self._dealt_with += 1
        self.advance(0)

    def conflict(self, path: bytes, reason: str) -> None:
        """Note an entry that somebody changed meanwhile."""
        self._dealt_with += path not in self._conflicts
        self._conflicts[path] = reason

    def failure(self, path: bytes, error: OSError, *, needed: int = 0) -> None:
        """Note an entry that the system refused to change or to show.

        Raises
        ------
        NoSpace, NotWritable
            It would refuse everything else too.
        """
        if error.errno in FULL:
            free = usage(self._target).free
            raise NoSpace(path, needed=needed, free=free, why=reason_of(error)) from error
        if error.errno == errno.EROFS:
            raise NotWritable(path) from error
        self._dealt_with += path not in self._failures
        self._failures[path] = reason_of(error)

    def warn(self, reason: str) -> None:
        """Count something that could not be restored about an entry."""
        self._warnings[reason] += 1

    def passed_over(self, path: bytes) -> None:
        """Note where another file system is mounted."""
        self._mounted[path] = None

    def working_on(self, path: bytes) -> None:
        """Note what is worked on."""
        self._path = path
        self.advance(0)

    def advance(self, count: int) -> None:
        """Count bytes that were brought."""
        self.copied += count
        if self._progress is not None and time.monotonic() >= self._next:
            self.tell()

    def tell(self) -> None:
        """Tell how far it is now."""
        if self._progress is None:
            return
        self._next = time.monotonic() + INTERVAL
        plan = self._plan
        try:
            self._progress(
                Progress(
                    files_done=self._dealt_with,
                    files_total=plan.changes if plan else None,
                    bytes_done=self.copied,
                    bytes_total=plan.copy_bytes if plan else None,
                    path=self._path,
                )
            )
        except OSError as error:  # of the caller's; it must not look like one of a file's
            raise Cancelled from error

    def outcome(self) -> Outcome:
        """Return what was done so far."""
        return Outcome(
            created=self._done["create"],
            replaced=self._done["replace"],
            metadata=self._done["metadata"],
            removed=self._done["remove"],
            copied_bytes=self.copied,
            conflicts=tuple(Issue(*item) for item in self._conflicts.items()),
            failures=tuple(Issue(*item) for item in self._failures.items()),
            warnings=dict(self._warnings),
            mounted=tuple(self._mounted),
        )
