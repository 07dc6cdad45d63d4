"""How every controller works: a change is told, a key is queued, a worker makes things right.

A controller never polls and keeps no state of its own: started anew it sees every object once and
goes on where it was killed.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, ClassVar

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.controllers.objects import key_of
from netapp_jlab.demo.controllers.queue import WorkQueue
from netapp_jlab.demo.controllers.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.controllers.cluster import Cluster
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["Controller", "RetryError"]

_log = logging.getLogger(__name__)


class RetryError(Exception):
    """Not yet: to be tried again, later each time."""


class Controller:
    """Base of the controllers.

    Attributes
    ----------
    component : str
        How it signs its events.
    watches : tuple[str, ...]
        Kinds whose changes it is told.
    workers : int
        Threads that reconcile, each another key.
    delays : tuple[float, float]
        First and longest delay in seconds before a failed key is tried again.
    """

    component: ClassVar[str]
    watches: ClassVar[tuple[str, ...]]
    workers: ClassVar[int] = 1
    delays: ClassVar[tuple[float, float]] = (0.05, 30.0)

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.recorder = Recorder(cluster.store, self.component)
        self.queue = WorkQueue(*self.delays)
        self._threads: list[threading.Thread] = []

    def concerns(self, obj: Object) -> Iterable[str]:
        """Keys to reconcile when `obj` was added, changed or deleted; by default its own."""
        return (key_of(obj),)

    def reconcile(self, key: str) -> None:
        """Bring one object closer to what its specification asks for.

        Raises
        ------
        RetryError, ApiError
            To be called again for this key.
        """
        raise NotImplementedError

    def tell(self, obj: Object) -> None:
        """Queue what a change concerns (called by the one thread that watches)."""
        for key in self.concerns(obj):
            self.queue.add(key)

    def start(self) -> None:
        """Start the workers."""
        name = type(self).__name__
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(self.workers)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float) -> None:
        """Let the workers finish what they do, at most `timeout` seconds each."""
        self.queue.close()
        for thread in self._threads:
            thread.join(timeout)

    def _work(self) -> None:
        while (key := self.queue.get()) is not None:
            try:
                self._attempt(key)
            finally:
                self.queue.done(key)

    def _attempt(self, key: str) -> None:
        try:
            self.reconcile(key)
        except RetryError as error:
            _log.debug("%s %s: %s", type(self).__name__, key, error)
            self.queue.retry(key)
        except ApiError as error:
            _log.log(
                logging.DEBUG if error.code == 409 else logging.WARNING,
                "%s %s: %s",
                type(self).__name__,
                key,
                error,
            )
            self.queue.retry(key)
        except Exception:
            # a worker must outlive a surprise: it is told in the log, and the key tried again
            _log.exception("%s %s", type(self).__name__, key)
            self.queue.retry(key)
        else:
            self.queue.forget(key)
