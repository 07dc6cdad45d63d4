"""Connections to an API server or a Jupyter server, and what streams over them bring, and when."""

from __future__ import annotations

import base64
import http.client
import json
import queue
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import websocket
import yaml

ANSWER_SECONDS = 60.0


class Connection:
    """A kept-alive connection to one server.

    Parameters
    ----------
    url : str
        ``scheme://host:port``.
    token : str
        Value of the ``Authorization`` header.
    authority : str
        Certificates to trust, as PEM.
    pair : str
        Own certificate and its key, as PEM, in place of a token.
    """

    def __init__(self, url: str, token: str, authority: str = "", pair: str = "") -> None:
        where = urlsplit(url)
        host, port = where.hostname or "", where.port
        self._made: http.client.HTTPConnection
        if where.scheme == "https":
            trust = ssl.create_default_context(cadata=authority)
            if pair:
                _show(trust, pair)
            self._made = http.client.HTTPSConnection(
                host, port, context=trust, timeout=ANSWER_SECONDS
            )
        else:
            self._made = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = token

    def open(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> http.client.HTTPResponse:
        """Send a request and return the answer, its body unread."""
        sent = {**self._headers, **headers}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        self._made.request(method, path, data, sent)
        return self._made.getresponse()

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> bytes:
        """Send a request and return the body of its answer, which must be no error."""
        answer = self.open(method, path, body, **headers)
        read = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {read[:500]!r}")
        return read

    def patch(self, path: str, body: Any) -> bytes:
        """Send a JSON merge patch and return the body of its answer."""
        return self.send("PATCH", path, body, **{"Content-Type": "application/merge-patch+json"})

    def cut(self) -> None:
        """End what another thread reads, which has the lock that :meth:`close` waits for."""
        if self._made.sock is not None:
            self._made.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._made.close()


def _show(trust: ssl.SSLContext, pair: str) -> None:
    """Let a context show a certificate; the library wants it in a file, if only for a moment."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(pair)
        file.flush()
        trust.load_cert_chain(file.name)


class Arrivals:
    """What a stream brings, each with the moment at which it came; read in a thread."""

    def __init__(self, lines: Iterator[bytes | str], close: Callable[[], None]) -> None:
        self._lines = lines
        self._close = close
        self._came: queue.SimpleQueue[tuple[float, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, wanted: Callable[[Any], bool], seconds: float = 30.0) -> float:
        """Return when the first one came that is `wanted` (``time.perf_counter``)."""
        deadline = time.monotonic() + seconds
        while True:
            came, what = self._came.get(timeout=max(0.0, deadline - time.monotonic()))
            if wanted(what):
                return came

    def close(self) -> None:
        self._close()

    def _read(self) -> None:
        try:
            for line in self._lines:
                came = time.perf_counter()
                self._came.put((came, json.loads(line)))
        except (OSError, ValueError, http.client.HTTPException, websocket.WebSocketException):
            return  # closed, by this side or the other


def watch(connection: Connection, path: str) -> Arrivals:
    """Watch a collection from now on; the connection is used up."""
    version = json.loads(connection.send("GET", f"{path}?limit=1"))["metadata"]["resourceVersion"]
    stream = connection.open("GET", f"{path}?watch=true&resourceVersion={version}")
    return Arrivals(iter(stream.readline, b""), connection.cut)


def page_events(url: str, token: str) -> Arrivals:
    """Subscribe to the events of a Jupyter server as a page does."""
    address = f"{url.replace('http', 'ws', 1)}/api/events/subscribe"
    made = websocket.create_connection(
        address, header=[f"Authorization: token {token}"], timeout=ANSWER_SECONDS
    )
    return Arrivals(iter(made.recv, ""), made.shutdown)


def connect(kubeconfig: str) -> Connection:
    """Connect to the API server of a kubeconfig with one cluster and one user."""
    found = yaml.safe_load(Path(kubeconfig).read_text(encoding="utf-8"))
    cluster, user = found["clusters"][0]["cluster"], found["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    if "token" in user:
        return Connection(cluster["server"], f"Bearer {user['token']}", authority)
    parts = (user["client-certificate-data"], user["client-key-data"])
    pair = "".join(base64.b64decode(part).decode() for part in parts)
    return Connection(cluster["server"], "", authority, pair)
