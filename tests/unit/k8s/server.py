"""An HTTP server that answers as a test tells it to, also wrongly."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Wire:
    """The connection an answer is written to."""

    socket: socket.socket
    stopped: threading.Event
    keep: bool = True

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def close(self) -> None:
        self.keep = False

    def wait(self, seconds: float) -> bool:
        """Sleep; whether the server was stopped meanwhile."""
        return self.stopped.wait(seconds)


Answer = Callable[[Wire], None]


def reply(
    status: int = 200,
    body: Any = b"",
    headers: dict[str, str] | None = None,
    content_type: str = "application/json",
) -> Answer:
    """A whole answer; anything but bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Type": content_type, "Content-Length": str(len(data)), **(headers or {})}

    def answer(wire: Wire) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        wire.send(f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + data)

    return answer


def status(code: int, reason: str, message: str, headers: Any = None, **details: Any) -> Answer:
    """An error as Kubernetes sends it."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }
    if details:
        body["details"] = details
    return reply(code, body, headers)


def hang(wire: Wire) -> None:
    """Say nothing."""
    wire.wait(30)
    wire.close()


def close(wire: Wire) -> None:
    """Close without an answer."""
    wire.close()


def reset(wire: Wire) -> None:
    """Close with a TCP reset."""
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    wire.close()


def half(wire: Wire) -> None:
    """Promise a hundred bytes, send ten, close."""
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b'{"kind":"P')
    wire.close()


def half_chunk(wire: Wire) -> None:
    """Break off in the middle of a chunk."""
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{")
    wire.close()


def drip_body(wire: Wire) -> None:
    """One byte every 50 ms, for ever."""
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not wire.wait(0.05):
        wire.send(b" ")


def drip_head(wire: Wire) -> None:
    """One byte of a header every 50 ms, for ever."""
    wire.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not wire.wait(0.05):
        wire.send(b"a")


def no_http(wire: Wire) -> None:
    """Speak another protocol."""
    wire.send(b"SSH-2.0-OpenSSH_9.2\r\n")
    wire.close()


def html(code: int) -> Answer:
    page = b"<!DOCTYPE html><html><body>secret: hunter2</body></html>"
    return reply(code, page, content_type="text/html")


def chunks(*lines: Any, then: Answer | None = None, pause: float = 0.0) -> Answer:
    """A watch: each line one chunk; at the end the last chunk, or what `then` does."""

    def answer(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for line in lines:
            if pause and wire.wait(pause):
                return
            data = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
            wire.send(b"%x\r\n%b\r\n" % (len(data), data))
        if then is None:
            wire.send(b"0\r\n\r\n")
        else:
            then(wire)

    return answer


def unframed(*lines: Any) -> Answer:
    """A watch whose end is the end of the connection, as HTTP/1.0 proxies send it."""

    def answer(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for line in lines:
            wire.send(json.dumps(line).encode() + b"\n")
            wire.wait(0.05)
        wire.close()

    return answer


Script = Callable[[Received], Answer]


@dataclass
class Server:
    """Listens on a free port; `script` decides what each request gets."""

    script: Script
    requests: list[Received] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            _shut(connection)
        for thread in self._threads:
            thread.join(5)

    def cut(self) -> None:
        """Shut all connections."""
        for connection in self._open:
            _shut(connection)

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            wire = Wire(connection, self._stopped)
            try:
                while wire.keep and (received := _read(stream)) is not None:
                    self.requests.append(received)
                    self.script(received)(wire)
            except (OSError, ValueError):
                return  # the client has gone, or speaks something else


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _read(stream: Any) -> Received | None:
    first = stream.readline().decode()
    if not first:
        return None
    method, target, _ = first.split()
    headers = {}
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return Received(method, parts.path, dict(parse_qsl(parts.query)), headers, body)


def in_order(*answers: Answer) -> Script:
    """One answer after the other; the last one again and again."""
    rest = list(answers)
    lock = threading.Lock()

    def script(_received: Received) -> Answer:
        with lock:
            return rest.pop(0) if len(rest) > 1 else rest[0]

    return script


def eventually(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait until `condition` holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)
