"""The process: opens the store, listens, says where, and ends cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import tempfile
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from . import certificates
from .app import make_app
from .auth import kubeconfig
from .auth.authenticator import Authenticator
from .bootstrap import open_cluster
from .faults import Faults
from .store import KEEP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .http.base import Services
    from .store import Store

#: Far above what a request may have, so that the handlers can say what is wrong.
_MAX_BODY = 64 * 1024 * 1024

#: So long a server that stops waits for what is being answered.
_GRACE = 2.0


class Ready(NamedTuple):
    """Where a running server is.

    Attributes
    ----------
    server : str
        Its address, ``https://127.0.0.1:<port>``.
    token : str
        The administrator's token.
    port : int
        The port.
    """

    server: str
    token: str
    port: int


class Controller(Protocol):
    """Something that works on the store while the server runs."""

    def start(self) -> None:
        """Begin to work, in threads of its own."""

    def stop(self) -> None:
        """Stop working; returns when it has."""


async def serve(
    store: Store,
    faults: Faults,
    *,
    certificates: certificates.Certificates,
    port: int = 0,
    authenticator: Authenticator | None = None,
    bookmark_every: float = 60.0,
    on_ready: Callable[[Ready], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve a store on this machine until SIGTERM, SIGINT or `stop`.

    Parameters
    ----------
    store, faults
        What to serve, and what to do wrong.
    certificates : Certificates
        What to listen with: `kubectl` sends no tokens over plain HTTP.
    port : int
        The port; 0 for any that is free.
    authenticator : Authenticator | None
        Who is who; made from the store when not given.
    bookmark_every : float
        Seconds between the bookmarks of a watch.
    on_ready : Callable[[Ready], None] | None
        Called once the server answers.
    stop : asyncio.Event | None
        Ends the server when set; only then are signals left alone.
    """
    known = authenticator or Authenticator(store)
    app = make_app(store, faults, known, bookmark_every=bookmark_every)
    server = HTTPServer(app, ssl_options=certificates.context(), max_buffer_size=_MAX_BODY)
    sockets = bind_sockets(port, "127.0.0.1")
    server.add_sockets(sockets)
    actual = int(sockets[0].getsockname()[1])
    ending = stop or _on_signals()
    if on_ready is not None:
        on_ready(Ready(f"https://127.0.0.1:{actual}", known.admin_token, actual))
    await ending.wait()
    server.stop()
    store.end_watches()
    services: Services = app.settings["services"]
    with contextlib.suppress(asyncio.TimeoutError):
        # whoever still waits for an answer then loses the connection with the process
        await asyncio.wait_for(_all_answered(services), _GRACE)
        await asyncio.wait_for(server.close_all_connections(), _GRACE)
    services.executor.shutdown(wait=False)


async def _all_answered(services: Services) -> None:
    while services.busy:
        await asyncio.sleep(0.01)


def _on_signals() -> asyncio.Event:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    return ending


class HomeInUseError(RuntimeError):
    """Another process serves this directory."""


def run(
    home: str,
    *,
    port: int = 0,
    ready_file: str | None = None,
    keep: int = KEEP,
    bookmark_every: float = 60.0,
    controllers: Sequence[Callable[[Store, Faults], Controller]] = (),
) -> None:
    """Serve the cluster in a directory until SIGTERM or SIGINT.

    Parameters
    ----------
    home : str
        The directory; made when missing. The cluster is as it was left.
    port : int
        The port; 0 for any that is free.
    ready_file : str | None
        Gets ``{"server", "token", "kubeconfig", "port"}`` once the server answers.
    keep : int
        How many changes are kept for watches.
    bookmark_every : float
        Seconds between the bookmarks of a watch.
    controllers
        Each makes a controller, which is started once the server answers.

    Raises
    ------
    HomeInUseError
        When another process serves the directory.
    """
    os.makedirs(home, mode=0o700, exist_ok=True)
    lock = _lock(home)
    kept = certificates.ensure(home)
    store, faults = open_cluster(os.path.join(home, "cluster.sqlite"), keep=keep), Faults()
    started = [make(store, faults) for make in controllers]

    def on_ready(ready: Ready) -> None:
        config = os.path.join(home, "kubeconfig")
        authority = kept.authority_data()
        kubeconfig.write(config, server=ready.server, token=ready.token, authority=authority)
        for controller in started:
            controller.start()
        if ready_file:
            _write_json(ready_file, {**ready._asdict(), "kubeconfig": config})

    try:
        asyncio.run(
            serve(
                store,
                faults,
                certificates=kept,
                port=port,
                bookmark_every=bookmark_every,
                on_ready=on_ready,
            )
        )
    finally:
        for controller in started:
            controller.stop()
        store.close()
        os.close(lock)


def _lock(home: str) -> int:
    descriptor = os.open(os.path.join(home, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise HomeInUseError(f"another process serves the cluster in {home}") from error
    return descriptor


def _write_json(path: str, content: dict[str, object]) -> None:
    """Write a file in one step: whoever waits for it never reads half of it."""
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(temporary, path)
