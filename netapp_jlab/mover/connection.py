"""One connection: requests come in, one after the other, and answers go out."""

from __future__ import annotations

import contextlib
import queue
import select
import socket
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from netapp_jlab.mover import wire
from netapp_jlab.mover.requests import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from netapp_jlab.mover.requests import Requests

SEND_SECONDS = 60.0
"""Who does not take an answer for so long is gone."""
_PIECE = 64 * 1024
_GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Connection:
    """Serves one connection until it ends.

    Parameters
    ----------
    sock : socket.socket
        The connection; closed at the end.
    requests : Requests
        Carries requests out.
    working : Callable[[int, bool], object]
        Told 1 when a request begins and -1 when it has ended, and whether it counts as use: who
        only asks whether anybody uses the mover does not.
    """

    def __init__(
        self, sock: socket.socket, requests: Requests, working: Callable[[int, bool], object]
    ) -> None:
        self._sock = sock
        self._requests = requests
        self._working = working
        self._rest = b""
        self._poll = select.poll()
        self._poll.register(sock, select.POLLRDHUP)
        sock.settimeout(None)

    def run(self) -> None:
        """Serve until the other side ends, or writes what can't be read."""
        try:
            while (line := self._line()) is not None:
                if not self._serve(line):
                    return
        except OSError:
            pass  # it is gone
        finally:
            self._sock.close()

    def close(self) -> None:
        """End it from another thread."""
        with contextlib.suppress(OSError):  # it has ended by itself
            self._sock.shutdown(socket.SHUT_RDWR)

    def _line(self) -> bytes | None:
        """Return the next line; None at the end. A line that does not end counts as one."""
        while b"\n" not in self._rest and len(self._rest) <= wire.MAX_LINE:
            self._sock.settimeout(None)
            piece = self._sock.recv(_PIECE)
            if not piece:
                return None
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _serve(self, line: bytes) -> bool:
        """Answer one request; whether to go on."""
        number: int | None = None
        try:
            if len(line) > wire.MAX_LINE:
                raise wire.Malformed("a line is too long")
            message = wire.decode(line)
            number = wire.number(message, "id", 2**53)
        except wire.Malformed as error:
            self._send({"id": number, "error": "Malformed", "message": str(error)})
            return False
        counts = message.get("do") != "status"
        self._working(1, counts)
        try:
            self._answer(number, message)
        finally:
            self._working(-1, counts)
        return True

    def _answer(self, number: int, message: wire.Message) -> None:
        answers: queue.SimpleQueue[wire.Message] = queue.SimpleQueue()
        threading.Thread(target=self._work, args=(message, answers.put), daemon=True).start()
        while True:
            try:
                answer = answers.get(timeout=wire.ALIVE)
            except queue.Empty:
                answer = {"alive": True}
            self._send({"id": number, **answer})
            if "ok" in answer or "error" in answer:
                return

    def _work(self, message: wire.Message, put: Callable[[wire.Message], object]) -> None:
        def tell(part: Any) -> None:
            put({"part": part})

        try:
            put({"ok": self._requests.answer(message, tell, self._is_gone)})
        except Exception as error:  # the border of a thread
            answer = told(error)
            if answer is None:
                traceback.print_exc(file=sys.stderr)
                text = f"{type(error).__name__}: {error}"
                answer = {"error": "Internal", "message": text}
            put(answer)

    def _is_gone(self) -> bool:
        """Whether nobody is there any more to take an answer."""
        try:
            return any(events & _GONE for _, events in self._poll.poll(0))
        except ValueError:  # closed
            return True

    def _send(self, message: wire.Message) -> None:
        self._sock.settimeout(SEND_SECONDS)
        self._sock.sendall(wire.encode(message))
