"""Holding an operation while working on it: nobody else does, and others see how far it is."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Any

import msgspec
from typing_extensions import Self

from netapp_jlab.errors import Cancelled, Changed, NetAppJLabError, NotFound
from netapp_jlab.models import Progress
from netapp_jlab.services.journal import Entry, Journal
from netapp_jlab.services.records import LEASE, RENEW, Record, now, this_process

log = logging.getLogger(__name__)
ATTEMPTS = 8
"""Writes that may meet a controller's write to the same object before giving up."""


class LeaseLost(Exception):
    """Another process has the operation, or this one could not say for too long that it has."""


class Stopped(Exception):
    """The process ends; another one goes on."""


class Lease:
    """The right to work on one operation; a context manager that renews it in the background.

    Parameters
    ----------
    journal : Journal
        Where the record is written.
    entry : Entry
        The operation.
    stopping : threading.Event
        Set when this process ends.

    Raises
    ------
    LeaseLost
        On entering: somebody else has it.
    """

    def __init__(self, journal: Journal, entry: Entry, stopping: threading.Event) -> None:
        self._journal = journal
        self._entry = entry
        self._stopping = stopping
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._cancelled = threading.Event()
        self._lost = False
        self._renewed = time.monotonic()
        self._renewer = threading.Thread(
            target=self._renew_until_ended, name=f"lease-{entry.id[:8]}", daemon=True
        )
        self.progress = Progress()

    def __enter__(self) -> Self:
        with self._lock:
            self._entry = self._journal.read(self._entry)
            record = self._entry.record
            if record.holder != this_process() and not self._journal.orphaned(self._entry):
                raise LeaseLost
            if not record.active:
                raise LeaseLost
            self._write(holder=this_process(), state="running")
        self._renewer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._renewer.join()

    @property
    def entry(self) -> Entry:
        """The operation as last read or written."""
        return self._entry

    @property
    def record(self) -> Record:
        """Its record."""
        return self._entry.record

    def cancel(self) -> None:
        """Ask the work to stop; it does at its next :meth:`check`."""
        self._cancelled.set()

    def check(self) -> None:
        """Raise what ends the work: called often, cheap.

        Raises
        ------
        Cancelled
            Somebody cancelled it.
        LeaseLost
            It is not ours any more.
        Stopped
            This process ends.
        """
        if self._stopping.is_set():
            raise Stopped
        if self._lost or time.monotonic() - self._renewed > LEASE:
            raise LeaseLost
        if self._cancelled.is_set():
            raise Cancelled("It was cancelled.")

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the work has to end."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            self._cancelled.wait(min(left, 0.25))
        self.check()

    def change(self, **fields: Any) -> None:
        """Write fields of the record.

        Raises
        ------
        LeaseLost
            Another process has taken it up meanwhile.
        Upstream
            The API server does not answer.
        """
        with self._lock:
            self._write(**fields)

    def move(self, entry: Entry) -> None:
        """Go on with the record on another object, which was created with it."""
        with self._lock:
            self._entry = entry
            self._write()

    def _write(self, **fields: Any) -> None:
        for _ in range(ATTEMPTS):
            record = msgspec.structs.replace(
                self._entry.record, progress=self.progress, renewed_at=now(), **fields
            )
            try:
                self._entry = self._journal.write(self._entry, record)
            except Changed:
                self._reread()
            else:
                self._renewed = time.monotonic()
                if self._entry.cancelled:
                    self._cancelled.set()
                return
        raise Changed(f"The record on “{self._entry.name}” changes all the time.")

    def _reread(self) -> None:
        fresh = self._journal.read(self._entry)
        if fresh.record.holder != self._entry.record.holder or not fresh.record.active:
            self._lost = True
            raise LeaseLost
        self._entry = fresh

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(RENEW):
            try:
                self.change()
            except (LeaseLost, NotFound):
                self._lost = True
                return
            except NetAppJLabError as error:
                # Out of reach for now; check() ends the work if that lasts too long.
                log.warning("Can't renew the lease of %s: %s", self._entry.id, error.message)
