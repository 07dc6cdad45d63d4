"""Waits until one object is as wanted, and can be cancelled at any time.

A thread of its own does the reading, so the waiting one never sits in a socket: it hears the
cancel within :data:`TICK`, whatever the API server does.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from netapp_jlab.errors import (
    Cancelled,
    Forbidden,
    NetAppJLabError,
    NotFound,
    Overloaded,
    Timeout,
    Unreachable,
)
from netapp_jlab.k8s.interrupts import Interrupt
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.refusals import Expired
from netapp_jlab.k8s.retries import Backoff
from netapp_jlab.k8s.wire import Object

if TYPE_CHECKING:
    from netapp_jlab.k8s.client import Cluster

T = TypeVar("T", bound=Object)

TICK = 0.1
"""Seconds between two looks at `cancel`."""
POLL = 1.0
"""Seconds between two reads where the account may not watch, as with NetApp's role."""
_PASSING = (Unreachable, Overloaded, Timeout, Expired)


def wait(
    cluster: Cluster,
    kind: Kind[T],
    name: str,
    ready: Callable[[T], bool],
    *,
    timeout: float,
    cancel: Callable[[], None],
) -> T:
    """See :meth:`netapp_jlab.k8s.client.Cluster.wait`."""
    until = time.monotonic() + timeout
    seen: queue.SimpleQueue[T | Exception] = queue.SimpleQueue()
    interrupt = Interrupt()
    follower = _Follower(cluster, kind, name, until, interrupt, seen.put)
    threading.Thread(target=follower.run, name="netapp-jlab-wait", daemon=True).start()
    try:
        while True:
            cancel()
            left = until - time.monotonic()
            try:
                found = seen.get(timeout=max(0.0, min(TICK, left)))
            except queue.Empty:
                if left > 0:
                    continue
                raise follower.late(timeout) from None
            if isinstance(found, Exception):
                raise found
            if ready(found):
                return found
    finally:
        interrupt.set()


class _Follower:
    """Reads an object, then its changes, and hands each state over; errors that stay, too."""

    def __init__(
        self,
        cluster: Cluster,
        kind: Kind[T],
        name: str,
        until: float,
        interrupt: Interrupt,
        tell: Callable[[T | Exception], None],
    ) -> None:
        self._cluster = cluster
        self._kind = kind
        self._name = name
        self._until = until
        self._interrupt = interrupt
        self._tell = tell
        self._trouble: NetAppJLabError | None = None

    def late(self, timeout: float) -> Timeout:
        """Return the error for a wait that took too long."""
        text = f"The {self._kind.kind} “{self._name}” was not ready within {timeout:g} s."
        if self._trouble is not None:
            return Timeout(f"{text} {self._trouble.message}", hint=self._trouble.hint)
        return Timeout(text, hint="It may become ready later; look again.")

    def run(self) -> None:
        """Follow until stopped, or until an error stays."""
        backoff = Backoff(longest=2.0)
        try:
            while self._left() > 0:
                try:
                    self._follow()
                    self._trouble = None
                    backoff.reset()
                except _PASSING as error:
                    self._trouble = None if isinstance(error, Expired) else error
                    self._interrupt.sleep(backoff.next())
        except Cancelled:
            return  # the waiting thread has gone
        except Exception as error:
            self._tell(error)  # raised there

    def _left(self) -> float:
        return self._until - time.monotonic()

    def _follow(self) -> None:
        found = self._cluster.get(self._kind, self._name, interrupt=self._interrupt)
        self._tell(found)
        watch = self._cluster.watch(
            self._kind,
            resource_version=found.metadata.resource_version,
            timeout=max(1.0, self._left()),
            name=self._name,
            interrupt=self._interrupt,
        )
        try:
            with watch:
                for event in watch:
                    if event.type == "deleted":
                        raise NotFound(f"The {self._kind.kind} “{self._name}” has been deleted.")
                    if event.object is not None:
                        self._tell(event.object)
        except Forbidden:
            self._interrupt.sleep(POLL)
