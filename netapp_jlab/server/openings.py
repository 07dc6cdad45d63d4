"""Snapshots whose files are being made readable, each once, for all requests that wait for it.

A helper pod may take longer to start than a request should. So the wait for it belongs to no
request: each waits as long as it likes and is told the step, and the next one goes on waiting. Once
nobody has for some seconds, it is given up.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from netapp_jlab.server.workers import Cancel

if TYPE_CHECKING:
    from netapp_jlab.server.runtime import Runtime
    from netapp_jlab.services.client import Client

LINGER = 5.0
"""Seconds without anybody who waits after which it is given up."""


class Opening:
    """One snapshot that is being opened.

    Attributes
    ----------
    step : str
        What is waited for, as a sentence.
    """

    def __init__(self, snapshot: str, runtime: Runtime, patience: float) -> None:
        self._snapshot = snapshot
        self._cancel = Cancel()
        self._waiters = 0
        self._given_up: asyncio.TimerHandle | None = None
        self.step = "Opening the snapshot."
        work = runtime.open(self._work, self._cancel, patience)
        self.task = asyncio.ensure_future(work)

    async def wait(self, seconds: float, gone: asyncio.Event) -> bool:
        """Wait until it is open, at most so many seconds or until who asked is gone.

        Returns
        -------
        bool
            Whether it is.

        Raises
        ------
        netapp_jlab.errors.NetAppJLabError
            It can not be opened.
        """
        self._waiters += 1
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None
        leaving = asyncio.ensure_future(gone.wait())
        try:
            await asyncio.wait(
                {self.task, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            leaving.cancel()
            self._waiters -= 1
            if not self._waiters and not self.task.done():
                loop = asyncio.get_running_loop()
                self._given_up = loop.call_later(LINGER, self._cancel.set)
        if not self.task.done():
            return False
        self.task.result()
        return True

    def close(self) -> None:
        """Give it up now."""
        if self._given_up is not None:
            self._given_up.cancel()
        self._cancel.set()
        self.task.cancel()

    def _work(self, client: Client) -> None:
        client.files.prepare(self._snapshot, cancel=self._cancel, on_step=self._told)

    def _told(self, step: str) -> None:
        self.step = step


class Openings:
    """All that are being opened.

    Parameters
    ----------
    patience : float
        Seconds that one may take at most (``NetAppJLab.ready_timeout``).
    """

    def __init__(self, runtime: Runtime, patience: float) -> None:
        self._runtime = runtime
        self._patience = patience
        self._running: dict[str, Opening] = {}

    def of(self, snapshot: str) -> Opening:
        """Return the one of a snapshot; begins it where nobody has."""
        found = self._running.get(snapshot)
        if found is None:
            found = self._running[snapshot] = Opening(snapshot, self._runtime, self._patience)
            found.task.add_done_callback(lambda task: self._forget(snapshot, task))
        return found

    def close(self) -> None:
        """Give all up."""
        for opening in list(self._running.values()):
            opening.close()

    def _forget(self, snapshot: str, task: asyncio.Future[None]) -> None:
        del self._running[snapshot]
        if not task.cancelled():
            task.exception()  # who waits gets it; perhaps nobody does any more
