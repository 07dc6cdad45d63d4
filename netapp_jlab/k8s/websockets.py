"""Opens WebSockets to the API server with the client's configuration: TLS, credentials, proxy.

The official client would do it (``kubernetes.stream``), but without a time limit. The handshake is
``websocket-client``'s, a dependency of that client; the socket is made here, so that it is the
configuration that decides and not the environment, and nothing is left open when it fails.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from http.client import HTTPConnection, HTTPException
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib import request
from urllib.parse import SplitResult, unquote, urlsplit

from netapp_jlab.k8s.refusals import no_kubernetes
from netapp_jlab.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netapp_jlab.k8s.configuration import Endpoint

CONNECT_SECONDS = 10.0
"""Seconds for DNS, TCP, TLS and each line of the handshake."""


def broken() -> tuple[type[Exception], ...]:
    """Return what is raised for a connection that can't be made."""
    return (import_module("websocket").WebSocketException, HTTPException, OSError, ValueError)


def connected(endpoint: Endpoint, target: str, protocols: Sequence[str], limit: float) -> Any:
    """Connect, shake hands, and return the WebSocket.

    Parameters
    ----------
    target : str
        Path and query.
    protocols : Sequence[str]
        One of them the server has to choose.
    limit : float
        Seconds for each step.

    Raises
    ------
    Exception
        One of :func:`broken`, or Unreachable for another protocol.
    """
    timeout = min(CONNECT_SECONDS, limit)
    plain = _reach(endpoint, timeout)
    socket = import_module("websocket").WebSocket(enable_multithread=True)
    headers = {"User-Agent": f"netapp-jlab/{__version__}", **endpoint.headers()}
    try:
        socket.connect(
            f"ws{endpoint.server.removeprefix('http')}{target}",
            socket=plain,
            timeout=timeout,
            header=[f"{name}: {value}" for name, value in headers.items()],
            subprotocols=list(protocols),
            suppress_origin=True,
            redirect_limit=0,  # it may lead elsewhere, and the token must not go there
        )
        if socket.getsubprotocol() not in protocols:
            raise no_kubernetes(f"{endpoint.server} does not run commands as it should")
    except BaseException:
        plain.close()
        raise
    return socket


def _reach(endpoint: Endpoint, timeout: float) -> Any:
    """Return a socket to the API server: as the client's configuration says, with TLS, by proxy."""
    from netapp_jlab.k8s.transport import keepalive

    server, configuration = urlsplit(endpoint.server), endpoint.configuration
    host, port = server.hostname or "", server.port or (443 if server.scheme == "https" else 80)
    connection = HTTPConnection(host, port, timeout=timeout)
    if configuration.proxy and not _is_near(host, configuration.no_proxy):
        proxy = urlsplit(configuration.proxy)
        connection = HTTPConnection(proxy.hostname or "", proxy.port or 80, timeout=timeout)
        connection.set_tunnel(host, port, _proxy_headers(proxy))
    connection.connect()
    plain: Any = connection.sock
    try:
        for option in keepalive():
            plain.setsockopt(*option)
        if server.scheme == "https":
            name = getattr(configuration, "tls_server_name", None) or configuration.assert_hostname
            plain = _tls(configuration).wrap_socket(plain, server_hostname=name or host)
    except BaseException:
        plain.close()
        raise
    return plain


def _tls(configuration: Any) -> ssl.SSLContext:
    """Return what the client's configuration says about TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not configuration.verify_ssl or configuration.assert_hostname is False:
        context.check_hostname = False
    if not configuration.verify_ssl:
        context.verify_mode = ssl.CERT_NONE
    elif configuration.ssl_ca_cert:
        context.load_verify_locations(configuration.ssl_ca_cert)
    else:
        context.load_default_certs()
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file or None)
    return context


def _is_near(host: str, no_proxy: str | None) -> bool:
    """Whether a host is among those that are reached without the proxy."""
    if not no_proxy:
        return False
    # Not documented, but what urllib and requests go by.
    bypass = request.proxy_bypass_environment(host, {"no": no_proxy})  # type: ignore[attr-defined]
    return bool(bypass)


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
