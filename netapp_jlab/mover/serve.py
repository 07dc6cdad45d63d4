"""The pod's main process: listens, and ends by itself when nobody has used it for a while."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

from netapp_jlab.mover.connection import Connection
from netapp_jlab.mover.requests import Requests

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTIONS = 32
"""At a time; further ones are turned away."""
STOP_SECONDS = 20.0
"""For a restore to come to a point where it can stop; the kubelet waits longer than that."""
_TICK = 0.25


class Mover:
    """Listens on a socket.

    Parameters
    ----------
    path : str
        Of the socket; its directory is made, for this user only.
    trees : Mapping[str, str]
        Where the trees are mounted.
    idle : float
        Seconds without a request and without a restore after which it ends.
    """

    def __init__(self, path: str, trees: Mapping[str, str], idle: float) -> None:
        self._path = path
        self._idle = idle
        self._lock = threading.Lock()
        self._connections: set[Connection] = set()
        self._working = 0
        self._used = time.monotonic()
        self._stopping = threading.Event()
        self._requests = Requests(
            trees,
            self._touch,
            lambda: len(self._connections),
            lambda: time.monotonic() - self._used,
        )

    def run(self) -> int:
        """Serve until it is idle or told to stop (SIGTERM); returns the exit status."""
        # As process 1 of a container a signal without a handler would have no effect.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        with self._listen() as listener:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            while not self._stopping.wait(_TICK):
                if self._is_idle():
                    break
            self._stopping.set()
            os.unlink(self._path)
        self._requests.jobs.cancel_all(STOP_SECONDS)
        for connection in list(self._connections):
            connection.close()
        return 0

    def _listen(self) -> socket.socket:
        directory = os.path.dirname(self._path)
        os.makedirs(directory, mode=0o700, exist_ok=True)
        os.chmod(directory, 0o700)  # refused where it is somebody else's
        with contextlib.suppress(FileNotFoundError):  # there is one only after a kill
            os.unlink(self._path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        listener.bind(self._path)
        os.chmod(self._path, 0o600)
        listener.listen(CONNECTIONS)
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return  # it was closed
            connection = Connection(sock, self._requests, self._work)
            with self._lock:
                if len(self._connections) >= CONNECTIONS:
                    sock.close()
                    continue
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        try:
            connection.run()
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _work(self, step: int, counts: bool) -> None:  # noqa: FBT001 (a callback)
        with self._lock:
            self._working += step
            if counts:
                self._used = time.monotonic()

    def _touch(self) -> None:
        with self._lock:
            self._used = time.monotonic()

    def _is_idle(self) -> bool:
        with self._lock:
            busy = self._working or self._requests.jobs.running
            return not busy and time.monotonic() - self._used > self._idle
