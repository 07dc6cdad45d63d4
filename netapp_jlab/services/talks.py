"""Asks a mover: requests go out over a command in its pod, answers come back, line by line."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from netapp_jlab.k8s.exec import Ended
from netapp_jlab.mover import wire

SILENCE = 20.0
"""Seconds without a line, while one is due every two, after which a connection counts as broken."""
TICK = 0.1
"""Seconds between two looks at `cancel`."""
SEND_SECONDS = 20.0
IDLE_CONNECTIONS = 4
"""Kept open for the next request; each costs a process in the helper pod."""


class Channel(Protocol):
    """The standard streams of a command; :class:`netapp_jlab.k8s.exec.Exec` is one."""

    def send(self, data: bytes, *, timeout: float) -> None:
        """Write to it."""

    def receive(self, timeout: float) -> bytes:
        """Read from it; empty where nothing came in time."""

    def close(self) -> None:
        """End it."""


class Broken(Exception):
    """The connection to a mover broke; whatever was asked may be asked again.

    Attributes
    ----------
    ended : Ended | None
        How the command ended, where it did.
    """

    def __init__(self, why: str, ended: Ended | None = None) -> None:
        super().__init__(why)
        self.ended = ended


class Refusal(Exception):
    """A mover answered with an error.

    Attributes
    ----------
    kind : str
        Name of the error, as in :mod:`netapp_jlab.files.errors`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Talk:
    """One connection; for one request at a time."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._rest = b""
        self._number = 0

    def ask(
        self,
        do: str,
        *,
        cancel: Callable[[], None],
        on_part: Callable[[Any], object] = lambda _: None,
        **fields: Any,
    ) -> Any:
        """Ask, and return the answer.

        Parameters
        ----------
        cancel : callable
            Called often; raises to give up. The connection is of no use then.
        on_part : callable
            Takes parts of the answer as they come.

        Raises
        ------
        Refusal
            The answer is an error.
        Broken
            There is none.
        """
        self._number += 1
        try:
            request = wire.encode({"id": self._number, "do": do, **fields})
            self._channel.send(request, timeout=SEND_SECONDS)
            while True:
                message = wire.decode(self._line(cancel))
                if "part" in message:
                    on_part(message["part"])
                elif "error" in message:
                    text = wire.field(message, "message", str)
                    raise Refusal(wire.field(message, "error", str), text)
                elif "ok" in message:
                    return message["ok"]
        except Ended as ended:
            raise Broken(
                f"the connection ended ({ended.why or 'no reason given'})", ended
            ) from None
        except wire.Malformed as error:
            raise Broken(f"the helper's answer can't be read: {error}") from None

    def close(self) -> None:
        """End the connection."""
        self._channel.close()

    def _line(self, cancel: Callable[[], None]) -> bytes:
        silent_until = time.monotonic() + SILENCE
        while b"\n" not in self._rest:
            cancel()
            piece = self._channel.receive(TICK)
            if piece:
                self._rest += piece
                silent_until = time.monotonic() + SILENCE
            elif time.monotonic() > silent_until:
                raise Broken("the helper is silent")
            if len(self._rest) > 2 * wire.MAX_LINE:
                raise Broken("the helper's answer has no end")
        line, _, self._rest = self._rest.partition(b"\n")
        return line


class Talks:
    """Connections to one mover, as many as there are requests at a time.

    Parameters
    ----------
    connect : Callable[[], Channel]
        Makes one.
    """

    def __init__(self, connect: Callable[[], Channel]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._idle: list[Talk] = []
        self._open = 0
        self._closed = False

    @property
    def open(self) -> int:
        """How many connections there are."""
        return self._open

    def ask(
        self,
        do: str,
        *,
        cancel: Callable[[], None],
        on_part: Callable[[Any], object] = lambda _: None,
        **fields: Any,
    ) -> Any:
        """Ask over a connection that is idle, else over a new one; see :meth:`Talk.ask`.

        Raises
        ------
        Refusal, Broken
            As :meth:`Talk.ask`.
        NetAppJLabError
            No connection could be made.
        """
        while (talk := self._take()) is not None:
            try:
                return self._asked(talk, do, cancel, on_part, fields)
            except Broken:
                continue  # cut while it was idle
        with self._lock:
            self._open += 1
        try:
            talk = Talk(self._connect())
        except BaseException:
            self._count_off()
            raise
        return self._asked(talk, do, cancel, on_part, fields)

    def close(self) -> None:
        """End all connections that are idle; others end with their request."""
        self._closed = True
        while (talk := self._take()) is not None:
            self._end(talk)

    def _asked(
        self,
        talk: Talk,
        do: str,
        cancel: Callable[[], None],
        on_part: Callable[[Any], object],
        fields: dict[str, Any],
    ) -> Any:
        try:
            answer = talk.ask(do, cancel=cancel, on_part=on_part, **fields)
        except Refusal:
            self._give_back(talk)
            raise
        except BaseException:
            self._end(talk)
            raise
        self._give_back(talk)
        return answer

    def _take(self) -> Talk | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give_back(self, talk: Talk) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_CONNECTIONS:
                self._idle.append(talk)
                return
        self._end(talk)

    def _end(self, talk: Talk) -> None:
        self._count_off()
        talk.close()

    def _count_off(self) -> None:
        with self._lock:
            self._open -= 1


def limit(seconds: float) -> Callable[[], None]:
    """Return a `cancel` that gives up after so many seconds."""
    until = time.monotonic() + seconds

    def check() -> None:
        if time.monotonic() > until:
            raise Broken("it does not answer")

    return check
