"""What the handlers share: the client of the core, the threads it works in, and its events."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from netapp_jlab import errors
from netapp_jlab.server.errors import Busy
from netapp_jlab.server.workers import STOPPING, Cancel, TooLate, Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from netapp_jlab.config import Settings
    from netapp_jlab.models import Change
    from netapp_jlab.services.client import Client

T = TypeVar("T")

CLOSE_SECONDS = 2.0
"""Time for the core to end its threads when the server stops."""

WALKERS = 2
"""Threads for dry runs, which may read a whole volume: apart, so that lists never wait for them."""

READERS = 4
"""Threads for reading files of snapshots."""

OPENERS = 4
"""Threads that wait for helper pods to start, which may take minutes."""


def connect(settings: Settings) -> Client:
    """Make the real client; this is where the core and Kubernetes are imported."""
    from netapp_jlab.services.client import Client

    return Client(settings)


class Runtime:
    """Made with the server, costs nothing until the first request that needs the core.

    Parameters
    ----------
    settings : Settings
        For the core.
    on_change : Callable[[Change], None]
        Called from the core's threads.
    workers : int
        Most requests worked on at a time.
    operation_timeout, dry_run_timeout : float
        Seconds for an ordinary request, and for a dry run.
    make : Callable[[Settings], Client]
        Makes the client.
    """

    def __init__(
        self,
        settings: Settings,
        on_change: Callable[[Change], None],
        *,
        workers: int,
        operation_timeout: float,
        dry_run_timeout: float,
        make: Callable[[Settings], Client] = connect,
    ) -> None:
        self._settings = settings
        self._on_change = on_change
        self._operation_timeout = operation_timeout
        self._dry_run_timeout = dry_run_timeout
        self.make = make
        self._workers = Workers(workers, "netapp-jlab")
        self._walkers = Workers(WALKERS, "netapp-jlab-dry-run")
        self._readers = Workers(READERS, "netapp-jlab-files")
        self._openers = Workers(OPENERS, "netapp-jlab-open")
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._closed = False

    async def call(self, work: Callable[[Client], T], cancel: Cancel) -> T:
        """Have a thread call `work` with the client and wait for what it returns.

        Raises
        ------
        netapp_jlab.errors.Timeout
            It took longer than ``NetAppJLab.operation_timeout``.
        netapp_jlab.errors.NetAppJLabError
            What `work` raised.
        """
        return await self._call(self._workers, work, cancel, "operation_timeout")

    async def walk(self, work: Callable[[Client], T], cancel: Cancel) -> T:
        """Do the same for work that walks through files (``NetAppJLab.dry_run_timeout``)."""
        return await self._call(self._walkers, work, cancel, "dry_run_timeout")

    async def read(self, work: Callable[[Client], T], cancel: Cancel) -> T:
        """Do the same for work that reads files of a snapshot."""
        return await self._call(self._readers, work, cancel, "operation_timeout")

    async def open(self, work: Callable[[Client], T], cancel: Cancel, seconds: float) -> T:
        """Do the same for work that first starts what reads them, within so many seconds."""
        return await self._call(self._openers, work, cancel, "ready_timeout", seconds)

    async def close(self) -> None:
        """End the core's threads; returns within :data:`CLOSE_SECONDS`."""
        self._closed = True
        for pool in (self._workers, self._walkers, self._readers, self._openers):
            pool.close()
        client = self._client
        if client is not None:
            closer = Workers(1, "netapp-jlab-close")
            try:
                await closer.run(client.close, CLOSE_SECONDS)
            except TooLate:
                pass  # daemon threads end with the process; what they did can be taken up again
            finally:
                closer.close()

    async def _call(
        self,
        pool: Workers,
        work: Callable[[Client], T],
        cancel: Cancel,
        setting: str,
        limit: float | None = None,
    ) -> T:
        seconds: float = getattr(self, f"_{setting}") if limit is None else limit

        def job() -> T:
            cancel()
            return work(self._connected())

        try:
            return await pool.run(job, seconds)
        except TooLate as error:
            cancel.set()
            raise errors.Timeout(
                f"No answer within {seconds:g} s (NetAppJLab.{setting}).",
                hint="It may still be carried out: look at the present state, then try again.",
            ) from error
        except errors.Cancelled as error:
            if self._closed:
                raise Busy(STOPPING) from error
            raise

    def _connected(self) -> Client:
        """Return the one client, made and started now if there is none yet."""
        if self._client is not None:
            return self._client
        if not self._lock.acquire(timeout=self._operation_timeout):
            raise errors.Timeout("The connection to Kubernetes is still being made.")
        try:
            if self._client is None:
                self._client = self._started()
            if self._closed:  # meanwhile, and close() may not have seen this client
                self._client.close()
                raise Busy(STOPPING)
            return self._client
        finally:
            self._lock.release()

    def _started(self) -> Client:
        client = self.make(self._settings)
        try:
            client.start(self._on_change)
        except BaseException:
            client.close()
            raise
        return client
