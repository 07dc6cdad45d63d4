"""What a failed connection means; :mod:`netapp_jlab.k8s.refusals` has what an answer means.

Messages name the server, never what it sent: that may hold a token or a password.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import NamedTuple

import urllib3.exceptions as http

from netapp_jlab.errors import NetAppJLabError, Timeout, Unreachable

_CERTIFICATE_HINT = (
    "Check certificate-authority-data in the kubeconfig, the server's name in it, and the clock "
    "of this machine."
)
_SLOW_HINT = (
    "A NetworkPolicy or a firewall may drop the packets; `netapp-jlab doctor` tries the connection."
)


class Broken(NamedTuple):
    """What a failure of urllib3 means.

    Attributes
    ----------
    error : NetAppJLabError
        What to tell the user.
    sent : bool
        Whether the API server may have got the request.
    lasting : bool
        Trying again is of no use.
    """

    error: NetAppJLabError
    sent: bool = False
    lasting: bool = False


def late(server: str) -> Timeout:
    """Return the error for an answer that was not complete in time."""
    return Timeout(f"The API server {server} did not answer in time.")


def too_large(server: str, limit: int) -> Unreachable:
    """Return the error for an answer that does not end."""
    return Unreachable(f"The API server {server} sent more than {limit // 1024**2} MiB.")


def broken(error: Exception, server: str) -> Broken:
    """Tell what a failure of urllib3 means."""
    causes = list(_causes(error))
    if tls := _first(causes, ssl.SSLError) or _first(causes, http.SSLError):
        return _tls(tls, server)
    if isinstance(error, http.ProxyError):
        return Broken(_proxy(server))
    if isinstance(error, http.LocationValueError):
        return Broken(Unreachable(f"“{server}” is no address of an API server."), lasting=True)
    if _first(causes, socket.gaierror) or "resolve" in str(error):
        return Broken(_unknown_host(server))
    if isinstance(error, http.NewConnectionError):
        return Broken(Unreachable(f"The API server {server} refuses connections."))
    if isinstance(error, http.ConnectTimeoutError):
        text = f"The API server {server} can not be reached: no connection in time."
        return Broken(Timeout(text, hint=_SLOW_HINT))
    if isinstance(error, (http.ReadTimeoutError, TimeoutError)):
        return Broken(late(server), sent=True)
    if isinstance(error, http.DecodeError):
        text = f"The API server {server} sent a broken compressed answer."
        return Broken(Unreachable(text), sent=True)
    return Broken(Unreachable(f"The API server {server} closed the connection."), sent=True)


def _tls(error: BaseException, server: str) -> Broken:
    reason = str(getattr(error, "reason", "") or error)
    if "WRONG_VERSION_NUMBER" in reason:
        text, hint = f"{server} does not speak TLS.", "Should the address begin with http://?"
        return Broken(Unreachable(text, hint=hint), lasting=True)
    # urllib3 1.26 compares the host's name itself.
    if isinstance(error, ssl.SSLCertVerificationError) or "doesn't match" in reason:
        why = getattr(error, "verify_message", reason)
        text = f"The certificate of the API server {server} is not trusted: {why}."
        return Broken(Unreachable(text, hint=_CERTIFICATE_HINT), lasting=True)
    why = reason.replace("_", " ").lower()
    return Broken(Unreachable(f"No secure connection to the API server {server}: {why}."))


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


def _first(causes: list[BaseException], kind: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, kind)), None)
