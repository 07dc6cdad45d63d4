"""What a failed connection means; :mod:`netapp_jlab.k8s.refusals` has what an answer means.

Messages name the server, never what it sent: that may hold a token or a password.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import urllib3.exceptions as http

from netapp_jlab.errors import NetAppJLabError, Timeout, Unreachable

_CERTIFICATE_HINT = (
    "Check certificate-authority-data in the kubeconfig, the server's name in it, and the clock "
    "of this machine."
)
_SLOW_HINT = (
    "A NetworkPolicy or a firewall may drop the packets; `netapp-jlab doctor` tries the connection."
)


def late(server: str) -> Timeout:
    """Return the error for an answer that was not complete in time."""
    return Timeout(f"The API server {server} did not answer in time.")


def too_large(server: str, limit: int) -> Unreachable:
    """Return the error for an answer that does not end."""
    return Unreachable(f"The API server {server} sent more than {limit // 1024**2} MiB.")


def broken(error: Exception, server: str) -> tuple[NetAppJLabError, bool]:
    """Tell what a failure of urllib3 means.

    Returns
    -------
    error : NetAppJLabError
        What to tell the user.
    sent : bool
        Whether the API server may have got the request.
    """
    causes = list(_causes(error))
    if certificate := _first(causes, (ssl.SSLError, ssl.CertificateError, http.SSLError)):
        return _tls(certificate, server), False
    if isinstance(error, http.ProxyError):
        return _proxy(server), False
    if isinstance(error, http.LocationValueError):
        return Unreachable(f"“{server}” is no address of an API server."), False
    if _first(causes, socket.gaierror) or "resolve" in str(error):
        return _unknown_host(server), False
    if isinstance(error, http.NewConnectionError):
        return Unreachable(f"The API server {server} refuses connections."), False
    if isinstance(error, http.ConnectTimeoutError):
        text = f"The API server {server} can not be reached: no connection in time."
        return Timeout(text, hint=_SLOW_HINT), False
    if isinstance(error, (http.ReadTimeoutError, TimeoutError)):
        return late(server), True
    if isinstance(error, http.DecodeError):
        return Unreachable(f"The API server {server} sent a broken compressed answer."), True
    return Unreachable(f"The API server {server} closed the connection."), True


def _tls(error: BaseException, server: str) -> Unreachable:
    why = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
    if "WRONG_VERSION_NUMBER" in str(error):
        text = f"{server} does not speak TLS."
        return Unreachable(text, hint="Should the address begin with http://?")
    if isinstance(error, ssl.SSLCertVerificationError) or "certificate" in str(why).lower():
        text = f"The certificate of the API server {server} is not trusted: {why}."
        return Unreachable(text, hint=_CERTIFICATE_HINT)
    return Unreachable(f"No secure connection to the API server {server}: {why}.")


def _proxy(server: str) -> Unreachable:
    return Unreachable(
        f"The proxy before the API server {server} can not be reached.",
        hint="Check HTTPS_PROXY and NO_PROXY, or proxy-url in the kubeconfig.",
    )


def _unknown_host(server: str) -> Unreachable:
    return Unreachable(
        f"The name of the API server {server} can not be resolved.",
        hint="Check the server's name in the kubeconfig, and DNS.",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it wraps: urllib3 keeps it as an argument, Python as the cause."""
    seen: set[int] = set()
    rest = [error]
    while rest:
        one = rest.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        around = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        rest.extend(inner for inner in around if isinstance(inner, BaseException))


def _first(
    causes: list[BaseException], kinds: type[BaseException] | tuple[type[BaseException], ...]
) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, kinds)), None)
