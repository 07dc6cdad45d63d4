"""Restores that go on whoever listens, each known by its token."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netapp_jlab.files.errors import Cancelled
from netapp_jlab.files.restore import restore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netapp_jlab.files.compare import Summary
    from netapp_jlab.files.report import Outcome, Progress
    from netapp_jlab.files.tree import Tree


@dataclass(frozen=True)
class Order:
    """What to restore; see :func:`netapp_jlab.files.restore`."""

    token: str
    paths: list[bytes] | None
    remove_extra: bool
    verify: bool
    plan: Summary


@dataclass
class Job:
    """One restore, running or ended.

    Attributes
    ----------
    progress : Progress | None
        As last told.
    outcome, error
        One of them is set once it has ended.
    """

    order: Order
    progress: Progress | None = None
    outcome: Outcome | None = None
    error: Exception | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """The restores of this process; one at a time, as all change the same volume.

    Parameters
    ----------
    open_tree : Callable[[str], Tree]
        Opens ``source``, ``live`` and ``kept``.
    has_baseline : bool
        Whether ``baseline`` can be opened too.
    ended : Callable[[], object]
        Told when one has ended.
    """

    def __init__(
        self,
        open_tree: Callable[[str], Tree],
        has_baseline: bool,  # noqa: FBT001 (of this module's one caller)
        ended: Callable[[], object],
    ) -> None:
        self._open_tree = open_tree
        self._has_baseline = has_baseline
        self._ended = ended
        self._lock = threading.Lock()
        self._by_token: dict[str, Job] = {}

    def begin(self, order: Order) -> Job | None:
        """Begin a restore, or return the one with its token; None while another one runs."""
        with self._lock:
            known = self._by_token.get(order.token)
            if known is not None and not isinstance(known.error, Cancelled):
                return known
            if self.running:
                return None
            job = self._by_token[order.token] = Job(order)
        threading.Thread(target=self._run, args=(job,), name="restore").start()
        return job

    def get(self, token: str) -> Job | None:
        """Return a restore by its token."""
        return self._by_token.get(token)

    @property
    def running(self) -> bool:
        """Whether one has not ended."""
        return any(not job.ended.is_set() for job in list(self._by_token.values()))

    def cancel_all(self, timeout: float) -> None:
        """Stop what runs, and wait until it has stopped."""
        jobs: Mapping[str, Job] = dict(self._by_token)
        for job in jobs.values():
            job.cancelled.set()
        for job in jobs.values():
            job.ended.wait(timeout)

    def _run(self, job: Job) -> None:
        try:
            job.outcome = self._restore(job)
        except Exception as error:  # the border of a thread; whoever asks is told
            job.error = error
        finally:
            job.ended.set()
            self._ended()

    def _restore(self, job: Job) -> Outcome:
        def keep(progress: Progress) -> None:
            job.progress = progress

        order = job.order
        names = ["source", "live", "kept", *(["baseline"] if self._has_baseline else [])]
        trees: dict[str, Tree] = {}
        try:
            for name in names:
                trees[name] = self._open_tree(name)
            return restore(
                trees["source"],
                trees["live"],
                kept=trees["kept"],
                baseline=trees.get("baseline"),
                paths=order.paths,
                remove_extra=order.remove_extra,
                verify=order.verify,
                plan=order.plan,
                token=order.token,
                cancel=job.cancelled.is_set,
                progress=keep,
            )
        finally:
            for tree in trees.values():
                tree.close()
