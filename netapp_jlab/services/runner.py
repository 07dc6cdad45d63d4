"""Runs operations in threads, each under its lease, and takes up those that others left behind."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import msgspec

from netapp_jlab.errors import (
    Cancelled,
    Forbidden,
    NetAppJLabError,
    NotFound,
    Overloaded,
    Timeout,
    Unreachable,
)
from netapp_jlab.models import OperationKind, Outcome, Progress
from netapp_jlab.services.journal import Entry, Journal
from netapp_jlab.services.lease import Lease, LeaseLost, Stopped
from netapp_jlab.services.records import now, this_process

log = logging.getLogger(__name__)
TRANSIENT = (Unreachable, Overloaded, Timeout)
PATIENCE = 120.0
"""Seconds for which an operation waits for an API server that is away; then it is interrupted."""
TELL_EVERY = 0.5
"""Seconds between two reports of progress at least."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How the work on an operation ended well.

    Attributes
    ----------
    then : Callable[[], None]
        Called once the record says so: to tidy up what a process that takes the operation up needs.
    """

    step: str
    outcome: Outcome | None = None
    message: str = ""
    hint: str = ""
    then: Callable[[], None] = lambda: None


class Work(Protocol):
    """What one kind of operation does; idempotent, as it is run again after a crash."""

    def __call__(self, lease: Lease, tell: Callable[[Progress], None]) -> Result:
        """Do it, calling ``lease.check`` often; raise what went wrong."""


class Runner:
    """The threads of this process that work on operations.

    Parameters
    ----------
    journal : Journal
        The records.
    works : Mapping[OperationKind, Work]
        What to do for each kind.
    on_progress : Callable[[Entry], None]
        Told about each change, at most twice a second an operation.
    """

    def __init__(
        self,
        journal: Journal,
        works: Mapping[OperationKind, Work],
        on_progress: Callable[[Entry], None],
    ) -> None:
        self._journal = journal
        self._works = works
        self._on_progress = on_progress
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._begun: dict[str, Entry] = {}
        self._leases: dict[str, Lease] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._forbidden: set[str] = set()

    def start(self, entry: Entry) -> None:
        """Work on an operation in the background, unless this process does already."""
        with self._lock:
            if entry.id in self._threads or self._stopping.is_set():
                return
            self._begun[entry.id] = entry
            thread = threading.Thread(
                target=self._run, args=(entry,), name=f"operation-{entry.id[:8]}", daemon=True
            )
            self._threads[entry.id] = thread
        thread.start()

    def take_up(self, reachable: Callable[[Entry], bool]) -> None:
        """Start what other processes have left behind.

        Parameters
        ----------
        reachable : Callable[[Entry], bool]
            Whether this process could do it.
        """
        for entry in list(self._journal.entries()):
            if self._may_take(entry) and reachable(entry):
                log.info("Taking up the operation %s on %s", entry.id, entry.name)
                self.start(entry)

    def cancel(self, operation: str) -> bool:
        """Cancel an operation that this process works on; False if it does not."""
        lease = self._leases.get(operation)
        if lease is None:
            return False
        lease.cancel()
        return True

    def entry(self, operation: str) -> Entry | None:
        """Return an operation of this process, as far as it is; None if it is not one."""
        lease = self._leases.get(operation)
        if lease is None:
            return self._begun.get(operation)
        record = msgspec.structs.replace(lease.record, progress=lease.progress)
        return replace(lease.entry, record=record)

    def works_on(self, operation: str) -> bool:
        """Whether a thread of this process works on it."""
        return operation in self._threads

    def join(self, operation: str, timeout: float) -> None:
        """Wait until this process no longer works on an operation."""
        thread = self._threads.get(operation)
        if thread is not None:
            thread.join(timeout)

    def close(self, timeout: float = 2.0) -> None:
        """Stop all work; what is not finished is left for others to take up."""
        self._stopping.set()
        until = time.monotonic() + timeout
        for thread in list(self._threads.values()):
            thread.join(max(0.0, until - time.monotonic()))

    def _may_take(self, entry: Entry) -> bool:
        if self.works_on(entry.id) or entry.id in self._forbidden:
            return False
        ours_but_idle = entry.record.active and entry.record.holder == this_process()
        return ours_but_idle or self._journal.orphaned(entry)

    def _run(self, entry: Entry) -> None:
        try:
            with Lease(self._journal, entry, self._stopping) as lease:
                self._leases[entry.id] = lease
                self._work(lease)
        except (LeaseLost, NotFound):
            log.info("Another process has the operation %s", entry.id)
        except NetAppJLabError as error:
            if isinstance(error, Forbidden):  # another user's: not ours to go on with
                self._forbidden.add(entry.id)
            log.warning("The operation %s is interrupted: %s", entry.id, error.message)
        finally:
            with self._lock:
                lease_held = self._leases.pop(entry.id, None)
                self._threads.pop(entry.id, None)
                self._begun.pop(entry.id, None)
            self._on_progress(lease_held.entry if lease_held is not None else entry)

    def _work(self, lease: Lease) -> None:
        record = lease.record
        try:
            result = self._persist(lease)
        except Stopped:
            lease.change(state="interrupted", holder="", step="Interrupted; it will go on.")
        except Cancelled:
            lease.change(state="cancelled", finished_at=now(), step="Cancelled.")
        except TRANSIENT:
            raise  # the API server is away: nobody can be told; the lease runs out
        except NetAppJLabError as error:
            lease.change(
                state="failed",
                finished_at=now(),
                step="Failed.",
                message=error.message,
                hint=error.hint,
            )
        except LeaseLost:
            raise
        except Exception:
            # The border of a thread: the record must not say "running" for ever.
            log.exception("Working on the operation %s (%s) failed", lease.entry.id, record.kind)
            lease.change(
                state="failed",
                finished_at=now(),
                step="Failed.",
                message="An internal error; the server's log has the details.",
                hint="Please report it. The safety snapshot holds what was before.",
            )
        else:
            lease.change(
                state="done",
                finished_at=now(),
                step=result.step,
                outcome=result.outcome,
                message=result.message,
                hint=result.hint,
            )
            result.then()

    def _persist(self, lease: Lease) -> Result:
        """Do the work; where the API server is away, try again for a while."""
        work = self._works[lease.record.kind]
        last_told = 0.0

        def tell(progress: Progress) -> None:
            nonlocal last_told
            lease.progress = progress
            if time.monotonic() - last_told >= TELL_EVERY:
                last_told = time.monotonic()
                self._on_progress(lease.entry)

        since = time.monotonic()
        delay = 0.5
        while True:
            try:
                return work(lease, tell)
            except TRANSIENT:
                if time.monotonic() - since > PATIENCE:
                    raise
                lease.pause(delay * random.uniform(0.5, 1.0))  # noqa: S311 (jitter)
                delay = min(delay * 2, 10.0)
