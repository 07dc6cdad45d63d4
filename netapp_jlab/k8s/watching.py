"""One watch: the changes of a kind from a resourceVersion on."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import msgspec

from netapp_jlab.k8s import decode
from netapp_jlab.k8s.interrupts import Interrupt
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.refusals import Subject, explain, no_kubernetes
from netapp_jlab.k8s.status import parse
from netapp_jlab.k8s.wire import Object

if TYPE_CHECKING:
    from netapp_jlab.k8s.transport import Stream

log = logging.getLogger(__name__)
T = TypeVar("T", bound=Object)

EventType = Literal["added", "modified", "deleted", "bookmark"]
_TYPES: dict[str, EventType] = {
    "ADDED": "added",
    "MODIFIED": "modified",
    "DELETED": "deleted",
    "BOOKMARK": "bookmark",
}
LONGEST_LINE = 16 * 1024**2
"""Bytes; etcd refuses objects of more than 1.5 MiB."""


@dataclass(frozen=True)
class WatchEvent(Generic[T]):
    """One change.

    Attributes
    ----------
    object : T | None
        As it is now, or was last where `type` is ``deleted``; None for a bookmark.
    resource_version : str
        From where to watch on.
    """

    type: EventType
    object: T | None
    resource_version: str


class Watch(Generic[T]):
    """Iterates over changes until the server ends the watch.

    Nothing is sent before :meth:`open` or the first event is asked for. :meth:`close` may be called
    from any thread, and ends an iteration that waits for the next event.
    """

    def __init__(
        self,
        kind: Kind[T],
        subject: Subject,
        connect: Callable[[Interrupt], Stream],
        interrupt: Interrupt,
    ) -> None:
        self._kind = kind
        self._subject = subject
        self._connect = connect
        self._interrupt = interrupt
        self._stream: Stream | None = None
        self._lines: Iterator[bytes] = iter(())

    def open(self) -> None:
        """Send the request, if that was not done.

        Raises
        ------
        Expired
            The resourceVersion is too old.
        Cancelled
            It was closed.
        NetAppJLabError
            No watch.
        """
        if self._stream is None:
            self._stream = self._connect(self._interrupt)
            server = self._subject.server
            self._lines = decode.lines(self._stream.pieces(), server, LONGEST_LINE)

    def close(self) -> None:
        """End the watch."""
        self._interrupt.set()

    def __iter__(self) -> Watch[T]:
        return self

    def __next__(self) -> WatchEvent[T]:
        """Return the next change.

        Raises
        ------
        Unreachable, Timeout
            The connection broke.
        Expired
            The resourceVersion has become too old.
        Cancelled
            It was closed.
        """
        self.open()
        line = self._next_line()
        kind, body = decode.frame(line, self._subject.server)
        if kind == "ERROR":
            status = parse(bytes(body))
            if status is None:
                raise no_kubernetes(f"{self._subject.server} sent an error of another kind")
            raise explain(status.code, status, self._subject)
        if kind == "BOOKMARK":
            return WatchEvent("bookmark", None, _version(body))
        if kind not in _TYPES:
            raise no_kubernetes(f"{self._subject.server} sent an unknown kind of event")
        try:
            found = decode.one(self._kind, body, self._subject.server)
        except decode.Odd as error:
            log.warning("A change is left out: %s", error.message)
            return WatchEvent("bookmark", None, _version(body))
        return WatchEvent(_TYPES[kind], found, found.metadata.resource_version)

    def _next_line(self) -> bytes:
        from netapp_jlab.k8s.transport import Failed

        try:
            return next(self._lines)
        except Failed as failed:
            self._end()
            raise failed.error from failed
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def __enter__(self) -> Watch[T]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()


def _version(body: msgspec.Raw) -> str:
    return msgspec.json.decode(body, type=Object).metadata.resource_version


def server_side(timeout: float) -> int:
    """Return ``timeoutSeconds``: whole, at least one."""
    return max(1, math.ceil(timeout))
