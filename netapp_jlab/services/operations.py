"""Operations: list them, follow one, cancel it, undo it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from netapp_jlab.errors import Conflict, NotFound, NotReady, Refused, Timeout
from netapp_jlab.models import Operation, OperationList, OperationState, Permission
from netapp_jlab.services.journal import Entry, Journal
from netapp_jlab.services.permissions import YES, no
from netapp_jlab.services.records import now
from netapp_jlab.services.runner import Runner

CLONES_SHOWN = timedelta(hours=1)
"""How long a clone that has ended is listed: its record stays on the volume for good."""
TOLD_EVERY = 0.5
"""Seconds between two reports of progress to who waits for an operation."""


class Operations:
    """Everything in this namespace that takes longer than one request.

    Parameters
    ----------
    journal : Journal
        The records.
    runner : Runner
        Works on those of this process.
    undo : Callable[[Entry], Entry]
        Begins the undo of a restore.
    undoable : Callable[[Entry], Permission]
        Whether a restore can be undone here.
    """

    def __init__(
        self,
        journal: Journal,
        runner: Runner,
        undo: Callable[[Entry], Entry],
        undoable: Callable[[Entry], Permission],
    ) -> None:
        self._journal = journal
        self._runner = runner
        self._undo = undo
        self._undoable = undoable

    def list(self) -> OperationList:
        """Return operations, the newest first; clones that ended long ago are left out."""
        since = now() - CLONES_SHOWN
        entries = [entry for entry in self._journal.entries() if not _is_history(entry, since)]
        entries.sort(key=lambda entry: entry.record.started_at, reverse=True)
        return OperationList(
            items=tuple(self.view(self._runner.entry(entry.id) or entry) for entry in entries)
        )

    def get(self, operation: str) -> Operation:
        """Return one operation.

        Raises
        ------
        NotFound
            There is no record of it.
        """
        return self.view(self._runner.entry(operation) or self._journal.get(operation))

    def cancel(self, operation: str) -> Operation:
        """Cancel an operation; what it did so far can be undone.

        Raises
        ------
        Conflict
            It has ended already.
        """
        entry = self._journal.get(operation)
        allowed = self._cancellable(entry)
        if not allowed.allowed:
            raise Conflict(f"It can not be cancelled. {allowed.reason}", hint=allowed.hint)
        if not self._runner.cancel(operation):
            self._journal.ask_to_cancel(entry)
            if self._journal.orphaned(entry):
                self._runner.start(entry)  # takes it up only to end it
        try:
            return self.view(self._journal.get(operation))
        except NotFound:  # a clone that had made nothing yet: its record goes with the claim
            ended = msgspec.structs.replace(
                entry.record, state="cancelled", finished_at=now(), step="Cancelled."
            )
            return self.view(replace(entry, record=ended))

    def undo(self, operation: str) -> Operation:
        """Bring back what was before a restore; itself an operation that can be undone.

        Raises
        ------
        Refused
            It can't be undone (any more, or from here).
        """
        entry = self._journal.get(operation)
        allowed = self._undoable(entry)
        if not allowed.allowed:
            raise Refused(f"It can not be undone. {allowed.reason}", hint=allowed.hint)
        return self.view(self._undo(entry))

    def wait(
        self,
        operation: str,
        *,
        timeout: float,
        cancel: Callable[[], None] = lambda: None,
        progress: Callable[[Operation], None] | None = None,
    ) -> Operation:
        """Wait until an operation has ended, however it ended.

        Parameters
        ----------
        operation : str
            Its id.
        timeout : float
            Seconds.
        cancel : Callable[[], None]
            Raises to stop waiting; the operation goes on.
        progress : Callable[[Operation], None], optional
            Told how far it is, about twice a second.

        Raises
        ------
        NotReady
            It has not ended within `timeout`.
        """
        until = time.monotonic() + timeout

        def tell(entry: Entry) -> Operation:
            seen = self.view(entry)
            if progress is not None:
                progress(seen)
            return seen

        while self._runner.works_on(operation):
            cancel()
            self._runner.join(operation, TOLD_EVERY)
            if (ours := self._runner.entry(operation)) is not None:
                tell(ours)
            if time.monotonic() >= until:
                raise _goes_on(operation, timeout)
        entry = self._journal.get(operation)
        while entry.record.active:  # another process works on it: its record tells
            try:
                entry = self._journal.follow(
                    entry, tell, timeout=until - time.monotonic(), cancel=cancel
                )
            except Timeout:
                raise _goes_on(operation, timeout) from None
            if entry.record.active:  # the record has moved on to the clone
                entry = self._journal.get(operation)
        return tell(entry)

    def view(self, entry: Entry) -> Operation:
        """Return the model of an operation."""
        record = entry.record
        state: OperationState = record.state
        ours = self._runner.works_on(entry.id)
        if record.active and not ours and self._journal.orphaned(entry):
            state = "interrupted"
        restore = record.kind != "clone"
        return Operation(
            id=entry.id,
            kind=record.kind,
            state=state,
            step=record.step,
            volume=record.volume.name,
            snapshot=record.snapshot.name,
            source_volume=record.source_volume.name,
            safety_snapshot=entry.name if restore else "",
            author=record.author,
            started_at=record.started_at,
            finished_at=record.finished_at,
            progress=record.progress,
            outcome=record.outcome,
            message=record.message,
            hint=record.hint,
            undo_of=record.undo_of,
            can_cancel=self._cancellable(entry),
            can_undo=self._undoable(entry),
        )

    @staticmethod
    def _cancellable(entry: Entry) -> Permission:
        return YES if entry.record.active else no("It has ended already.")


def unfinished(entries: Iterable[Entry], uid: str) -> Entry | None:
    """Return the one that uses the volume or snapshot with `uid` and has not ended, or None."""
    for entry in entries:
        record = entry.record
        used = (record.volume, record.snapshot, record.source_volume, record.baseline)
        if record.active and (entry.uid == uid or any(ref.uid == uid for ref in used)):
            return entry
    return None


def _is_history(entry: Entry, since: datetime) -> bool:
    ended = entry.record.finished_at
    return entry.record.kind == "clone" and ended is not None and ended < since


def _goes_on(operation: str, timeout: float) -> NotReady:
    return NotReady(
        f"The operation has not ended within {timeout:.0f} s; it goes on.",
        hint=f"`netapp-jlab operations` shows it ({operation}).",
    )
