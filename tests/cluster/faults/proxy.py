"""A proxy before the API server that misbehaves as told: no cluster is disturbed by it.

It speaks plain HTTP to who comes, and to the API server as the administrator. Each request is a
connection of its own, whose bytes are passed on unread; so watches and WebSockets go through too.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import responses
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from tests.cluster.api import Api

PIECE = 65536
CONNECT_SECONDS = 5.0
REVIEWS = ("/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/")


@dataclass(frozen=True)
class Asked:
    """A request that came.

    Attributes
    ----------
    path : str
        With the query.
    """

    method: str
    path: str

    @property
    def changes(self) -> bool:
        """Whether it changes something; a review is a question though it is a POST."""
        return self.method != "GET" and not self.path.startswith(REVIEWS)

    @property
    def watches(self) -> bool:
        """Whether it is a watch."""
        return "watch=" in self.path


Hook = Callable[[Asked], None]


class Proxy:
    """Serves until closed.

    Parameters
    ----------
    api : Api
        The API server, and as whom to ask it.

    Attributes
    ----------
    before, after : Callable[[Asked], None]
        Called in the request's thread, before it is passed on, and when its answer came: before
        who asked gets any of it.
    instead : Callable[[Asked], bytes | None]
        What to answer instead of passing a request on; None: pass it on.
    asked : list[Asked]
        What came so far.
    """

    def __init__(self, api: Api, certificate: tuple[str, str] | None = None) -> None:
        self._upstream = urlsplit(api.server)
        self._token = api.token
        self._tls = ssl.create_default_context(cafile=api.authority)
        if certificate:
            self._tls.load_cert_chain(*certificate)
        self.before: Hook = lambda _: None
        self.after: Hook = lambda _: None
        self.instead: Callable[[Asked], bytes | None] = lambda _: None
        self.asked: list[Asked] = []
        self._era = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, name="faulty-proxy", daemon=True).start()

    @classmethod
    def before_cluster(cls, kubeconfig: Path) -> Proxy:
        """Return one before the API server of an administrator's kubeconfig."""
        api = Api.of_kubeconfig(kubeconfig)
        folder = Path(api.authority).parent
        pair = (str(folder / "client.crt"), str(folder / "client.key"))
        return cls(api, None if api.token else pair)

    def kubeconfig(self, folder: Path) -> Path:
        """Write a kubeconfig that leads here."""
        path = folder / "proxied.yaml"
        cluster = {"server": f"http://127.0.0.1:{self.port}"}
        found = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "c",
        }
        path.write_text(yaml.safe_dump(found))
        return path

    # --- Faults ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def refusing(self, status: int, **headers: str) -> Iterator[None]:
        """Answer everything with an error of our own, and pass nothing on."""
        self.instead = lambda _: answer(status, **headers)
        try:
            yield
        finally:
            self.instead = lambda _: None

    def lose(self) -> None:
        """Pass nothing on any more on the connections there are, and never close them."""
        self._era += 1

    def cut(self) -> None:
        """Close all connections there are, in the middle of whatever they carry."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End serving."""
        self._listener.close()
        self.cut()

    # --- Passing on ------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        try:
            with client, contextlib.suppress(OSError):
                self._pass(client)
        finally:
            with self._lock:
                self._open.discard(client)

    def _pass(self, client: socket.socket) -> None:
        era = self._era
        head, body = _read_request(client)
        if not head:
            return
        method, path, _ = head[0].split(" ", 2)
        asked = Asked(method, path)
        self.asked.append(asked)
        if (own := self.instead(asked)) is not None:
            client.sendall(own)
            return
        self.before(asked)
        upgrades = any(line.lower().startswith("upgrade:") for line in head)
        with self._connect() as server:
            server.sendall(_head(head, self._token, upgrades=upgrades) + body)
            if upgrades:
                up = threading.Thread(target=self._relay, args=(client, server, era), daemon=True)
                up.start()
            self._relay(server, client, era, first=lambda: self.after(asked))

    def _connect(self) -> ssl.SSLSocket:
        address = (self._upstream.hostname or "", self._upstream.port or 443)
        plain = socket.create_connection(address, CONNECT_SECONDS)
        plain.settimeout(None)
        return self._tls.wrap_socket(plain, server_hostname=address[0])

    def _relay(
        self,
        source: socket.socket,
        sink: socket.socket,
        era: int,
        first: Callable[[], None] = lambda: None,
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                first()
                first = lambda: None  # noqa: E731
                while era != self._era:  # lost: neither passed on nor closed
                    threading.Event().wait(0.1)
                    if self._listener.fileno() < 0:
                        return
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Return an HTTP answer; `_` in a header's name is `-`."""
    lines = [f"HTTP/1.1 {status} {responses[status]}", f"Content-Length: {len(body)}"]
    lines += ["Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def _read_request(client: socket.socket) -> tuple[list[str], bytes]:
    """Return the lines of the head, and the body."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(PIECE)
        if not piece:
            return [], b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    length = 0
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    while len(body) < length:
        body += client.recv(PIECE)
    return lines, body


def _head(lines: list[str], token: str, *, upgrades: bool) -> bytes:
    """Return the head to pass on: with credentials, and for one request on the connection."""
    ours = [f"Authorization: Bearer {token}"] if token else []
    if not upgrades:
        lines = [one for one in lines if not one.lower().startswith("connection:")]
        ours.append("Connection: close")
    return ("\r\n".join([lines[0], *ours, *lines[1:]]) + "\r\n\r\n").encode("latin-1")
