"""Ends requests from outside: on time, and when somebody says stop.

A time limit of a socket only counts the silence between two packets. A server that sends a byte
now and then would keep a thread for ever, and a thread that waits for a watch's next event hears
nothing else. Both are ended by shutting the socket down from another thread.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import threading
import time
from typing import Any

from netapp_jlab.errors import Cancelled


class Exchange:
    """One request and its answer, which another thread may cut off.

    Attributes
    ----------
    late : bool
        It was cut off because its time was over.
    sent : bool
        The whole request went out on a connection.
    """

    def __init__(self) -> None:
        self.late = False
        self.sent = False
        self._cut = False
        self._over = False
        self._socket: Any = None
        self._lock = threading.Lock()

    def attach(self, connection: Any) -> None:
        """Tell which socket carries it; called once the request has been sent."""
        with self._lock:
            self._socket = connection
            self.sent = True
            if self._cut:
                _shut(connection)

    def cut(self, *, late: bool = False) -> None:
        """Cut it off; does nothing once it is over, when the socket may carry another one."""
        with self._lock:
            if self._over or self._cut:
                return
            self._cut = True
            self.late = late
            if self._socket is not None:
                _shut(self._socket)

    def finish(self) -> None:
        """Note that it is over."""
        with self._lock:
            self._over = True
            self._socket = None

    @property
    def over(self) -> bool:
        """Whether nothing is left to cut off."""
        return self._over

    @property
    def was_cut(self) -> bool:
        """Whether it was cut off: what looks like the end of the answer may be none."""
        return self._cut


def _shut(connection: Any) -> None:
    # Wakes a thread that reads from it, which close() does not. An SSLSocket's own shutdown()
    # would take the TLS state away from under that thread; urllib3's TLS in TLS wraps the socket.
    plain = connection if isinstance(connection, socket.socket) else connection.socket
    with contextlib.suppress(OSError):  # closed already
        socket.socket.shutdown(plain, socket.SHUT_RDWR)


class Interrupt:
    """Stops whoever it was given to; set once, from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._exchanges: set[Exchange] = set()
        self._lock = threading.Lock()

    def set(self) -> None:
        """Stop: what is under way is cut off, what follows does not begin."""
        with self._lock:
            self._event.set()
            for exchange in self._exchanges:
                exchange.cut()

    def is_set(self) -> bool:
        """Whether it was set."""
        return self._event.is_set()

    def sleep(self, seconds: float) -> None:
        """Sleep.

        Raises
        ------
        Cancelled
            It was set meanwhile.
        """
        if self._event.wait(seconds):
            raise Cancelled("It was stopped.")

    def begin(self, exchange: Exchange) -> None:
        """Take care of a request.

        Raises
        ------
        Cancelled
            It is set.
        """
        with self._lock:
            if self._event.is_set():
                raise Cancelled("It was stopped.")
            self._exchanges.add(exchange)

    def end(self, exchange: Exchange) -> None:
        """Forget a request."""
        with self._lock:
            self._exchanges.discard(exchange)


class Watchdog:
    """One thread that cuts off exchanges when their time is over."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Exchange]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, exchange: Exchange, seconds: float) -> None:
        """Cut `exchange` off in so many seconds, unless it is over by then."""
        with self._changed:
            entry = (time.monotonic() + seconds, next(self._count), exchange)
            heapq.heappush(self._due, entry)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="netapp-jlab-watchdog", daemon=True
                )
                self._thread.start()
            elif self._due[0] is entry:
                self._changed.notify()

    def close(self) -> None:
        """Forget what is over; the thread ends with what is still under way."""
        with self._changed:
            self._due = [entry for entry in self._due if not entry[2].over]
            heapq.heapify(self._due)
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while self._due:
                left = self._due[0][0] - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                else:
                    heapq.heappop(self._due)[2].cut(late=True)
            self._thread = None
