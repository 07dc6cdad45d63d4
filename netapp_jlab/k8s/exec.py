"""Runs a command in a container and talks to it: ``pods/exec`` over a WebSocket.

The official client's own (``kubernetes.stream``) has no time limits, reads whole answers into text
and can not be stopped from another thread; so this speaks the protocol itself, over the
``websocket-client`` package that the client depends on. The protocol is described in
``k8s.io/apimachinery/pkg/util/remotecommand`` and ``k8s.io/kubelet/pkg/cri/streaming``: the first
byte of each message names the stream.
"""

from __future__ import annotations

import logging
import ssl
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from netapp_jlab.errors import Cancelled, NetAppJLabError, Timeout, Unreachable
from netapp_jlab.k8s import kinds, websockets
from netapp_jlab.k8s.interrupts import Exchange, Interrupt
from netapp_jlab.k8s.refusals import refusal
from netapp_jlab.k8s.status import Details

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netapp_jlab.k8s.client import Cluster

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, STATUS = range(4)
_PIECE = 32 * 1024
_KEPT_STDERR = 4096

log = logging.getLogger(__name__)


class Ended(Exception):
    """The command has ended, or could not be started.

    Attributes
    ----------
    code : int | None
        Its exit status; None where it is not known: it was not started, or the connection broke.
    why : str
        What the API server, or the command itself on its standard error, said; may be empty.
    """

    def __init__(self, code: int | None, why: str) -> None:
        super().__init__(f"exit status {code}: {why}")
        self.code = code
        self.why = why


class _Result(msgspec.Struct, frozen=True):
    """The Status at the end; unlike others it does not say that it is one."""

    status: str = ""
    message: str = ""
    details: Details | None = None


class Exec:
    """A command in a container, its standard streams within reach. Close it.

    Parameters
    ----------
    socket : websocket.WebSocket
        Connected.
    server : str
        For messages.
    """

    def __init__(self, socket: Any, server: str, exchange: Exchange, interrupt: Interrupt) -> None:
        self._socket = socket
        self._server = server
        self._exchange = exchange
        self._interrupt = interrupt
        self._stderr = b""
        self._timed_out: Any = import_module("websocket").WebSocketTimeoutException
        self._broken: Any = (import_module("websocket").WebSocketException, OSError)

    def send(self, data: bytes, *, timeout: float) -> None:
        """Write to the command's standard input.

        Raises
        ------
        Ended
            The connection broke.
        Timeout
            It takes nothing.
        Cancelled
            Somebody stopped it.
        """
        until = time.monotonic() + timeout
        try:
            for start in range(0, len(data), _PIECE):
                self._socket.settimeout(max(0.001, until - time.monotonic()))
                self._socket.send_binary(bytes((STDIN,)) + data[start : start + _PIECE])
        except self._timed_out:
            raise Timeout(f"The API server {self._server} takes no input for a command.") from None
        except self._broken as error:
            raise self._gone(error) from error

    def receive(self, timeout: float) -> bytes:
        """Return what the command has written; empty where it has not within `timeout` seconds.

        Raises
        ------
        Ended
            It has ended, or the connection broke.
        Cancelled
            Somebody stopped it.
        """
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            try:
                self._socket.settimeout(left)
                opcode, data = self._socket.recv_data()
            except self._timed_out:
                return b""
            except self._broken as error:
                raise self._gone(error) from error
            if opcode == 8:  # close
                raise Ended(None, self._said())
            channel, data = (data[0], data[1:]) if data else (-1, b"")
            if channel == STDOUT and data:
                return bytes(data)
            if channel == STDERR:
                self._stderr = (self._stderr + data)[-_KEPT_STDERR:]
            elif channel == STATUS and data:
                raise self._ended(bytes(data))
        return b""

    def close(self) -> None:
        """Close the connection; the command's standard input ends."""
        self._exchange.finish()
        self._interrupt.end(self._exchange)
        self._socket.shutdown()

    def _ended(self, body: bytes) -> Ended:
        try:
            result = msgspec.json.decode(body, type=_Result)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Ended(None, self._said())
        if result.status == "Success":
            return Ended(0, self._said())
        causes = (result.details.causes if result.details else None) or ()
        codes = [cause.message for cause in causes if cause.reason == "ExitCode"]
        if codes and codes[0].isdigit():
            return Ended(int(codes[0]), self._said())
        return Ended(None, result.message or self._said())

    def _said(self) -> str:
        return self._stderr.decode("utf-8", "replace").strip()

    def _gone(self, error: Exception) -> Ended | Cancelled:
        if self._interrupt.is_set():
            return Cancelled("It was stopped.")
        log.debug("A connection to a command broke: %s", type(error).__name__)
        return Ended(None, self._said())


def run(
    cluster: Cluster,
    pod: str,
    command: Sequence[str],
    *,
    container: str,
    limit: float,
    interrupt: Interrupt | None = None,
) -> Exec:
    """Start a command in a container of a running pod.

    Parameters
    ----------
    limit : float
        Seconds for connecting; what follows has limits of its own.
    interrupt : Interrupt, optional
        Cuts the connection from another thread.

    Raises
    ------
    Forbidden
        The account may not, or a policy refuses.
    NotFound
        There is no such pod.
    NetAppJLabError
        The API server refused, or could not be reached.
    """
    interrupt = interrupt or Interrupt()
    endpoint = cluster.sender.endpoint
    path = kinds.PODS.path(cluster.namespace, pod) + "/exec"
    query = [("container", container), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
    query += [("command", word) for word in command]
    exchange = Exchange()
    interrupt.begin(exchange)
    try:
        socket = websockets.connected(endpoint, f"{path}?{urlencode(query)}", PROTOCOLS, limit)
        exchange.attach(socket.sock)
    except BaseException as error:
        interrupt.end(exchange)
        exchange.finish()
        if isinstance(error, websockets.broken()):
            raise _refused(error, cluster, pod) from error
        raise
    return Exec(socket, endpoint.server, exchange, interrupt)


def _refused(error: Exception, cluster: Cluster, pod: str) -> NetAppJLabError:
    """Say what a failed handshake means; its answer is the API server's, or a proxy's."""
    code = getattr(error, "status_code", None)
    if isinstance(code, int):
        body = getattr(error, "resp_body", None) or b""
        return refusal(code, bytes(body), cluster.subject(kinds.PODS, pod))
    if isinstance(error, ssl.SSLError):
        return Unreachable(f"No secure connection to the API server {cluster.server}.")
    if isinstance(error, TimeoutError) or type(error).__name__ == "WebSocketTimeoutException":
        return Timeout(f"The API server {cluster.server} did not answer in time.")
    return Unreachable(f"The API server {cluster.server} did not accept the connection.")
