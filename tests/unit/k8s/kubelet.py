"""A WebSocket server that runs commands in containers as an API server and a kubelet do."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from tornado import httpserver, netutil, web, websocket

Script = Callable[["Session"], None]
"""What a command does; called in a thread of its own once it is connected."""


class Session:
    """One connection: what came in, and what to send."""

    def __init__(self, handler: Handler, loop: asyncio.AbstractEventLoop) -> None:
        self.request = handler.request
        self.arguments = handler.request.arguments
        self.came: list[bytes] = []
        self.changed = threading.Condition()
        self.closed = False
        self._handler = handler
        self._loop = loop

    def send(self, channel: int, data: bytes) -> None:
        message = bytes((channel,)) + data
        self._call(lambda: self._handler.write_message(message, binary=True))

    def end(self, **status: Any) -> None:
        """Send the last Status."""
        self.send(3, json.dumps({"metadata": {}, **status}).encode())

    def close(self) -> None:
        self._call(self._handler.close)

    def cut(self) -> None:
        """End the connection without a word."""
        self._call(lambda: self._handler.ws_connection.stream.close())

    def wait(self, seconds: float = 5.0) -> bytes:
        """Return all that came, once something has."""
        with self.changed:
            assert self.changed.wait_for(lambda: bool(self.came) or self.closed, seconds)
            return b"".join(self.came)

    def _call(self, what: Callable[[], object]) -> None:
        done = threading.Event()

        def run() -> None:
            try:
                what()
            except websocket.WebSocketClosedError:
                self.closed = True
            finally:
                done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(5)


class Handler(websocket.WebSocketHandler):
    """Answers ``pods/exec``."""

    def initialize(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet

    async def get(self, *args: Any, **kwargs: Any) -> None:
        self.kubelet.requests.append(self.request)
        refusal = self.kubelet.refusal
        if refusal is not None:
            status, headers, body = refusal
            self.set_status(status)
            for name, value in headers.items():
                self.set_header(name, value)
            self.finish(body)
            return
        await super().get(*args, **kwargs)

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return next((one for one in subprotocols if one == self.kubelet.protocol), None)

    def open(self, *_: str) -> None:
        self.session = Session(self, asyncio.get_running_loop())
        self.kubelet.sessions.append(self.session)
        threading.Thread(target=self._play, daemon=True).start()

    def _play(self) -> None:
        try:
            self.kubelet.script(self.session)
        except (AssertionError, RuntimeError):
            assert self.session.closed or self.kubelet.stopped

    def on_message(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        with self.session.changed:
            assert message[:1] == b"\0"
            self.session.came.append(message[1:])
            self.session.changed.notify_all()

    def on_close(self) -> None:
        with self.session.changed:
            self.session.closed = True
            self.session.changed.notify_all()


class Kubelet:
    """The server, in a thread; `script` says what each command does."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.protocol = "v5.channel.k8s.io"
        self.refusal: tuple[int, dict[str, str], bytes] | None = None
        self.requests: list[Any] = []
        self.sessions: list[Session] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._tls = tls
        self.stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(5)

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def session(self) -> Session:
        """Return the first connection, once it is there."""
        until = time.monotonic() + 5
        while not self.sessions:
            assert time.monotonic() < until
            time.sleep(0.01)
        return self.sessions[0]

    def stop(self) -> None:
        self.stopped = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)

        async def start() -> None:
            path = r"/api/v1/namespaces/([^/]+)/pods/([^/]+)/exec"
            server = httpserver.HTTPServer(
                web.Application([(path, Handler, {"kubelet": self})]), ssl_options=self._tls
            )
            sockets = netutil.bind_sockets(0, "127.0.0.1")
            self.port = sockets[0].getsockname()[1]
            server.add_sockets(sockets)
            self._server = server
            self._ready.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()
        self._server.stop()
        self._loop.run_until_complete(self._server.close_all_connections())
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
