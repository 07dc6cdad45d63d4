"""What can be asked of a mover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.files import look
from netapp_jlab.files.compare import compare, summarize
from netapp_jlab.files.errors import FilesError, TreeUnavailable
from netapp_jlab.files.paths import temporary_prefix
from netapp_jlab.files.tree import Tree
from netapp_jlab.files.usage import usage
from netapp_jlab.mover import wire
from netapp_jlab.mover.jobs import Job, Jobs, Order
from netapp_jlab.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netapp_jlab.files.report import Issue

    Tell = Callable[[Any], object]
    Stop = Callable[[], bool]

TOLD_EVERY = 0.2
"""Seconds between two reports of progress."""
MOST_EXAMPLES = 1000


class Busy(Exception):
    """Another restore runs."""


class Requests:
    """Carries out requests.

    Parameters
    ----------
    trees : Mapping[str, str]
        Where the trees are mounted: ``source``, and for a restore ``live``, ``kept`` and
        ``baseline``.
    touch : Callable[[], object]
        Called when a restore has ended.
    connections : Callable[[], int]
        How many are connected.
    unused : Callable[[], float]
        Seconds since anybody asked for anything but this.
    """

    def __init__(
        self,
        trees: Mapping[str, str],
        touch: Callable[[], object],
        connections: Callable[[], int],
        unused: Callable[[], float],
    ) -> None:
        self._trees = trees
        self._connections = connections
        self._unused = unused
        self.jobs = Jobs(self._open, "baseline" in trees, touch)
        self._known: Mapping[str, Callable[[wire.Message, Tell, Stop], Any]] = {
            "hello": self._hello,
            "status": self._status,
            "list": self._list,
            "entry": self._entry,
            "read": self._read,
            "check": self._check,
            "compare": self._compare,
            "restore": self._restore,
            "cancel": self._cancel,
        }

    def answer(self, message: wire.Message, tell: Tell, stop: Stop) -> Any:
        """Carry out a request and return the result.

        Parameters
        ----------
        tell : callable
            Takes parts of the result as they come.
        stop : callable
            Whether nobody waits for the result any more.

        Raises
        ------
        Malformed
            It is no request.
        Busy
            Another restore runs.
        FilesError
            What went wrong.
        """
        todo = self._known.get(wire.field(message, "do", str))
        if todo is None:
            raise wire.Malformed("there is no such request")
        return todo(message, tell, stop)

    def _open(self, name: str) -> Tree:
        place = self._trees.get(name)
        if place is None:
            raise TreeUnavailable(name.encode(), "it is not mounted here")
        return Tree.open(place)

    def _hello(self, _message: wire.Message, _tell: Tell, _stop: Stop) -> Any:
        return {
            "protocol": wire.PROTOCOL,
            "version": __version__,
            "trees": sorted(self._trees),
        }

    def _status(self, message: wire.Message, _tell: Tell, _stop: Stop) -> Any:
        """Tell of a restore, and whether anybody else uses this mover."""
        job = self.jobs.get(wire.field(message, "token", str))
        return {
            "connections": self._connections(),
            "running": self.jobs.running,
            "unused": self._unused(),
            "plan": wire.from_summary(job.order.plan) if job is not None else None,
        }

    def _list(self, message: wire.Message, tell: Tell, stop: Stop) -> Any:
        with self._open("source") as tree:
            entries = look.listing(tree, wire.to_bytes(message.get("path")), cancel=stop)
        for start in range(0, len(entries), wire.ENTRIES):
            tell(wire.from_entries(entries[start : start + wire.ENTRIES]))
        return len(entries)

    def _entry(self, message: wire.Message, _tell: Tell, _stop: Stop) -> Any:
        with self._open("source") as tree:
            return wire.from_entries([look.entry(tree, wire.to_bytes(message.get("path")))])

    def _read(self, message: wire.Message, _tell: Tell, _stop: Stop) -> Any:
        start = wire.number(message, "start", 2**63 - 1)
        length = wire.number(message, "length", wire.MAX_PIECE)
        with self._open("source") as tree:
            path = wire.to_bytes(message.get("path"))
            return wire.from_bytes(look.read(tree, path, start=start, length=length))

    def _check(self, message: wire.Message, _tell: Tell, stop: Stop) -> Any:
        paths = wire.to_paths(message.get("paths"))
        with self._open("source") as source, self._open("live") as live:
            compare(source, live, paths=paths, extra=False, cancel=stop)

    def _compare(self, message: wire.Message, _tell: Tell, stop: Stop) -> Any:
        unreadable: list[Issue] = []
        paths = wire.to_paths(message.get("paths"))
        with_baseline = wire.field(message, "baseline", bool) and "baseline" in self._trees
        baseline = self._open("baseline") if with_baseline else None
        try:
            with self._open("source") as source, self._open("live") as live:
                summary = summarize(
                    compare(
                        source,
                        live,
                        paths=paths,
                        extra=wire.field(message, "remove_extra", bool),
                        verify=wire.field(message, "verify", bool),
                        baseline=baseline,
                        cancel=stop,
                        on_failure=unreadable.append,
                    ),
                    examples=wire.number(message, "examples", MOST_EXAMPLES),
                )
                free = usage(live).free
        finally:
            if baseline is not None:
                baseline.close()
        return {
            "summary": wire.from_summary(summary),
            "unreadable": len(unreadable),
            "free": free,
        }

    def _restore(self, message: wire.Message, tell: Tell, stop: Stop) -> Any:
        """Begin a restore, or find the one that runs, and tell how far it is until its end.

        It goes on when nobody listens any more.
        """
        token = wire.field(message, "token", str)
        try:
            temporary_prefix(token)
        except ValueError as error:
            raise wire.Malformed(str(error)) from None
        order = Order(
            token=token,
            paths=wire.to_paths(message.get("paths")),
            remove_extra=wire.field(message, "remove_extra", bool),
            verify=wire.field(message, "verify", bool),
            plan=wire.to_summary(message.get("plan")),
        )
        job = self.jobs.begin(order)
        if job is None:
            raise Busy("another restore runs in this mover")
        told = None
        while not job.ended.wait(TOLD_EVERY) and not stop():
            if job.progress is not None and job.progress != told:
                told = job.progress
                tell(wire.from_progress(told))
        if job.progress is not None:
            tell(wire.from_progress(job.progress))
        return self._result(job)

    def _cancel(self, message: wire.Message, _tell: Tell, stop: Stop) -> Any:
        """Stop a restore, and wait until it has stopped; also one that there is none of."""
        job = self.jobs.get(wire.field(message, "token", str))
        if job is not None:
            job.cancelled.set()
            while not job.ended.wait(TOLD_EVERY) and not stop():
                pass

    @staticmethod
    def _result(job: Job) -> Any:
        if job.error is not None:
            raise job.error
        return wire.from_outcome(job.outcome) if job.outcome is not None else None


def told(error: Exception) -> wire.Message | None:
    """Write an error for the other side; None for one that nobody expected."""
    if isinstance(error, (wire.Malformed, Busy, FilesError)):
        return {"error": type(error).__name__, "message": str(error)}
    return None
