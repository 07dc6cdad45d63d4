"""Sends one request over the official client's connection pool.

The client's generated ``ApiClient`` changed its signatures between the versions that are supported
(30 to 37), and would read whole answers into text. The pool beneath it is the same in all of them:
a ``urllib3.PoolManager`` with the TLS, proxy and certificate settings of the configuration. So the
settings and the credentials are the client's, and the bytes come unread from urllib3, 1.26 or 2
(Kubeflow Pipelines pins the former).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes.client import rest

from netapp_jlab.errors import Cancelled, NetAppJLabError
from netapp_jlab.k8s import failures
from netapp_jlab.k8s.configuration import Endpoint
from netapp_jlab.k8s.interrupts import Exchange, Interrupt, Watchdog
from netapp_jlab.version import __version__

CONNECT_TIMEOUT = 10.0
"""Seconds for DNS, TCP and TLS; a NetworkPolicy that drops packets is noticed after this."""
MAX_BODY = 256 * 1024**2
"""Bytes; nothing that is asked for is as large."""
_PIECE = 1024**2
_POOL = 16

_current = threading.local()


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes
    ----------
    repeatable : bool
        Sending it twice does what sending it once does.
    """

    method: str
    path: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    repeatable: bool = True


class Failed(Exception):
    """There was no answer, or half of one.

    Attributes
    ----------
    error : NetAppJLabError
        What to tell the user.
    sent : bool
        The API server may have got the request, and acted on it.
    lasting : bool
        Trying again is of no use.
    """

    def __init__(
        self,
        error: NetAppJLabError,
        sent: bool,  # noqa: FBT001 (the fields of failures.Broken)
        lasting: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.sent = sent
        self.lasting = lasting


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Stream:
    """An answer whose body is still to be read. Close it."""

    def __init__(
        self, transport: Transport, response: Any, exchange: Exchange, interrupt: Interrupt
    ) -> None:
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers
        self._transport = transport
        self._response = response
        self._exchange = exchange
        self._interrupt = interrupt

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it comes.

        Raises
        ------
        Failed
            The connection broke, or the time was over.
        Cancelled
            Somebody stopped it.
        """
        # Without chunks urllib3 would wait for as many bytes as are asked for.
        amount = None if self._response.chunked else 1
        try:
            yield from self._response.stream(amount, decode_content=True)
        except self._transport.breaks as error:
            raise self._transport.broken(error, self._exchange, self._interrupt) from error
        self._check()

    def read(self) -> bytes:
        """Return the whole body.

        Raises
        ------
        Failed, Cancelled
            As :meth:`pieces`; also where it is too large.
        """
        pieces, size = [], 0
        try:
            for piece in self._parts():
                pieces.append(piece)
                size += len(piece)
                if size > MAX_BODY:
                    error = failures.too_large(self._transport.server, MAX_BODY)
                    raise Failed(error, sent=True, lasting=True)
        except self._transport.breaks as error:
            raise self._transport.broken(error, self._exchange, self._interrupt) from error
        self._check()
        return b"".join(pieces)

    def _parts(self) -> Iterator[bytes]:
        """Yield the body in as few parts as may be: urllib3 copies what is read in pieces twice."""
        length = self._response.length_remaining
        if self._response.chunked:
            yield from self._response.stream(_PIECE, decode_content=True)
        elif length is not None and length <= MAX_BODY:
            yield self._response.read()
        else:
            while piece := self._response.read(_PIECE):
                yield piece

    def _check(self) -> None:
        if self._exchange.was_cut:
            raise self._transport.broken(None, self._exchange, self._interrupt)

    def close(self, *, reuse: bool = False) -> None:
        """Give the connection back to the pool if it can be reused, else close it."""
        self._exchange.finish()
        self._interrupt.end(self._exchange)
        if reuse:
            self._response.release_conn()
        else:
            self._response.close()


class Transport:
    """A pool of connections to one API server; for any number of threads.

    Parameters
    ----------
    endpoint : Endpoint
        Where, and as whom.
    """

    breaks = (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)
    """What urllib3 and http.client raise for a broken connection or a broken answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.server = endpoint.server
        self._watchdog = Watchdog()
        endpoint.configuration.connection_pool_maxsize = _POOL
        self._pools = rest.RESTClientObject(endpoint.configuration).pool_manager
        self._pools.connection_pool_kw["socket_options"] = keepalive()
        self._pools.pool_classes_by_scheme = {
            scheme: _attaching(pool) for scheme, pool in self._pools.pool_classes_by_scheme.items()
        }

    def open(
        self,
        request: Request,
        credentials: Mapping[str, str],
        *,
        limit: float,
        interrupt: Interrupt,
    ) -> Stream:
        """Send a request and return its answer, the body unread.

        Parameters
        ----------
        credentials : Mapping[str, str]
            The endpoint's :meth:`~netapp_jlab.k8s.configuration.Endpoint.headers`.
        limit : float
            Seconds until the end of the body, however it trickles in.

        Raises
        ------
        Failed
            No answer.
        Cancelled
            `interrupt` is set.
        """
        exchange = Exchange()
        interrupt.begin(exchange)
        _current.exchange = exchange
        try:
            self._watchdog.watch(exchange, limit)
            response = self._pools.urlopen(
                request.method,
                self._url(request),
                body=request.body,
                headers={**_headers(request), **credentials},
                timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT, limit), read=limit),
                # A redirect may lead elsewhere, and the token must not go there.
                redirect=False,
                retries=False,
                preload_content=False,
                enforce_content_length=True,
            )
            if exchange.was_cut:  # within the headers, whose end a closed connection counts as
                response.close()
                raise self.broken(None, exchange, interrupt)
        except BaseException as error:
            exchange.finish()
            interrupt.end(exchange)
            if isinstance(error, self.breaks):
                raise self.broken(error, exchange, interrupt) from error
            raise
        finally:
            _current.exchange = None
        return Stream(self, response, exchange, interrupt)

    def broken(
        self, error: Exception | None, exchange: Exchange, interrupt: Interrupt
    ) -> Failed | Cancelled:
        """Return what to raise for a broken connection."""
        if interrupt.is_set():
            return Cancelled("It was stopped.")
        if error is None:
            return Failed(failures.late(self.server), sent=True)
        why = failures.broken(error, self.server)
        sent = exchange.sent or why.sent
        # What went wrong before anything was sent did not come from being cut off.
        told = failures.late(self.server) if exchange.late and sent else why.error
        return Failed(told, sent=sent, lasting=why.lasting)

    def close(self) -> None:
        """Close the idle connections; what is under way goes on."""
        self._pools.clear()
        self._watchdog.close()

    def _url(self, request: Request) -> str:
        query = f"?{urlencode(request.query)}" if request.query else ""
        return f"{self.server}{request.path}{query}"


def _headers(request: Request) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": f"netapp-jlab/{__version__}"}
    if request.body is not None:
        headers["Content-Type"] = request.content_type
    return headers


class _Attaching:
    """Tells the exchange of this thread which socket it waits on."""

    sock: Any

    def getresponse(self, *args: Any, **options: Any) -> Any:
        exchange = getattr(_current, "exchange", None)
        if exchange is not None:
            exchange.attach(self.sock)
        return super().getresponse(*args, **options)  # type: ignore[misc]


def _attaching(pool: Any) -> Any:
    connection = type(pool.ConnectionCls.__name__, (_Attaching, pool.ConnectionCls), {})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


def keepalive() -> list[tuple[int, int, int]]:
    """Return options by which a peer that vanished without a word is noticed within a minute."""
    options = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    ]
    for name, value in (("KEEPIDLE", 30), ("KEEPINTVL", 10), ("KEEPCNT", 3)):
        if hasattr(socket, f"TCP_{name}"):  # not on every system
            options.append((socket.IPPROTO_TCP, getattr(socket, f"TCP_{name}"), value))
    return options
