"""The error tree in HTTP: one table, for the answers and for the OpenAPI document.

Needs no web framework; what Tornado and Jupyter raise themselves is translated in
:mod:`netapp_jlab.server.base`.
"""

from __future__ import annotations

from netapp_jlab import errors
from netapp_jlab.errors import NetAppJLabError
from netapp_jlab.models import ErrorBody


class LoginRequired(errors.Forbidden):
    """No token, no cookie, or one that the Jupyter server does not know."""

    reason = "LoginRequired"
    default_hint = "Log in again: reload the page, or send the server's token."


class Denied(errors.Forbidden):
    """The Jupyter server itself refused: its authorizer, or its guard against foreign pages."""

    reason = "Denied"
    default_hint = "Reload the page; if that does not help, ask whoever runs this Jupyter server."


class Guest(errors.Forbidden):
    """A guest on somebody else's server asked for a change."""

    reason = "Guest"
    default_hint = "Ask the owner of this server to do it."


class MethodNotAllowed(errors.Invalid):
    """There is such a path, but not with this method."""

    reason = "MethodNotAllowed"


class TooLarge(errors.Invalid):
    """The body is larger than ``NetAppJLab.max_body_bytes``."""

    reason = "TooLarge"
    default_hint = "Send less, for example fewer paths."


class OutOfRange(errors.Invalid):
    """The ``Range`` asked for begins after the end of the file."""

    reason = "OutOfRange"
    default_hint = "The answer's `Content-Range` says how long the file is."


class NotJson(errors.Invalid):
    """The body is of another media type."""

    reason = "NotJson"
    default_hint = "Send JSON with `Content-Type: application/json`."


class Busy(errors.Overloaded):
    """More is waiting to be done here than may wait."""

    reason = "Overloaded"
    default_hint = "Wait a moment and try again."


class Misconfigured(errors.Upstream):
    """A ``NetAppJLab`` setting is nonsense, so the extension does nothing at all.

    It would be wrong to go on with defaults: ``read_only`` may be among what was not read.
    """

    reason = "Misconfigured"
    default_hint = "Mend the setting (`python -m netapp_jlab.server --help-all`) and restart."


STATUS: dict[type[NetAppJLabError], int] = {
    errors.Invalid: 400,
    MethodNotAllowed: 405,
    TooLarge: 413,
    NotJson: 415,
    OutOfRange: 416,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Cancelled: 409,
    errors.Refused: 422,
    errors.Upstream: 502,
    errors.NoCluster: 503,
    errors.Overloaded: 503,
    Misconfigured: 503,
    errors.Timeout: 504,
}
"""HTTP status of each class and of those below it that are not named themselves."""

NAMES: dict[int, str] = {
    400: "Invalid",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    413: "TooLarge",
    415: "NotJson",
    416: "OutOfRange",
    422: "Refused",
    502: "Upstream",
    503: "Unavailable",
    504: "Timeout",
}
"""Names of the error answers in the OpenAPI document."""

RETRY_AFTER = 10
"""Seconds that a client should wait after a 503."""


def status_of(kind: type[NetAppJLabError]) -> int:
    """Return the HTTP status of an error class: its own, else its nearest ancestor's."""
    return next((STATUS[cls] for cls in kind.__mro__ if cls in STATUS), 500)


def body_of(error: NetAppJLabError) -> ErrorBody:
    """Return the body that tells of `error`."""
    return ErrorBody(message=error.message, reason=error.reason, hint=error.hint)


def reasons(status: int) -> list[str]:
    """Return the reasons that an answer with `status` may give, sorted."""
    found = {kind.reason for kind in _all(NetAppJLabError) if status_of(kind) == status}
    return sorted(found)


def _all(kind: type[NetAppJLabError]) -> list[type[NetAppJLabError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in _all(child))]
