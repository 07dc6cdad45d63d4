"""Threads for work that blocks, with a time limit and a way to stop it.

Not :class:`concurrent.futures.ThreadPoolExecutor`: the interpreter waits for its threads when it
ends, so a Kubernetes API server that hangs would hang the end of the Jupyter server too.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from netapp_jlab.errors import Cancelled, NetAppJLabError
from netapp_jlab.server.errors import Busy

T = TypeVar("T")

STOPPING = "This server is stopping."

_Job = tuple[Future[Any], Callable[[], Any]]

_log = logging.getLogger(__name__)


class TooLate(Exception):
    """The time for some work is over."""


class Cancel:
    """Stops work in another thread, which calls it every now and then."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def set(self) -> None:
        """Ask the work to stop."""
        self._asked.set()

    def __call__(self) -> None:
        """Raise :class:`~netapp_jlab.errors.Cancelled` if the work was asked to stop."""
        if self._asked.is_set():
            raise Cancelled("Nobody waits for the answer any more.")


class Workers:
    """A bounded number of daemon threads, started as they are needed.

    Parameters
    ----------
    size : int
        Most threads at a time.
    name : str
        Beginning of the threads' names.
    backlog : int
        Most jobs waiting for a thread; further ones are refused.
    """

    def __init__(self, size: int, name: str, backlog: int = 100) -> None:
        self._size = size
        self._name = name
        self._backlog = backlog
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0
        self._closed = False

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have a thread call `work`; cancelling the future before it begins prevents it.

        Raises
        ------
        netapp_jlab.server.errors.Busy
            Too many jobs are waiting, or the server is stopping.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise Busy(STOPPING)
            if self._busy >= self._size + self._backlog:
                raise Busy("This server has too much to do at once.")
            self._busy += 1
            if self._threads < min(self._busy, self._size):
                self._start()
            self._jobs.put((future, work))
        return future

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """Have a thread call `work` and wait for what it returns, at most `seconds`.

        Raises
        ------
        TooLate
            The time is over. Work that has not begun will not begin; work under way goes on, and
            an error in it that nobody expected is logged.
        netapp_jlab.server.errors.Busy
            Too many jobs are waiting, or the server is stopping.
        """
        future = self.submit(work)
        waiter = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waiter}, timeout=seconds)
        if waiter.cancelled():
            raise Busy(STOPPING)
        if done:
            return waiter.result()
        if not future.cancel():
            future.add_done_callback(_log_late)
        waiter.cancel()
        raise TooLate

    def close(self) -> None:
        """Take no more jobs, drop those that wait, and let each thread end with the one it has."""
        with self._lock:
            self._closed = True
            with suppress(Empty):
                while job := self._jobs.get_nowait():
                    job[0].cancel()
            for _ in range(self._threads):
                self._jobs.put(None)

    def _start(self) -> None:
        self._threads += 1
        name = f"{self._name}-{self._threads}"
        threading.Thread(target=self._loop, name=name, daemon=True).start()

    def _loop(self) -> None:
        while job := self._jobs.get():
            _perform(*job)
            del job  # else this thread keeps the last answer alive while it waits for more
            with self._lock:
                self._busy -= 1


def _perform(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # whoever waits gets it
        future.set_exception(error)
    else:
        future.set_result(result)


def _log_late(future: Future[Any]) -> None:
    error = None if future.cancelled() else future.exception()
    if error and not isinstance(error, NetAppJLabError):
        _log.error("Work that nobody waited for any more failed", exc_info=error)
