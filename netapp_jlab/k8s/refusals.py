"""What an answer that is an error means, in the words of :mod:`netapp_jlab.errors`.

Kubernetes explains itself in a ``Status`` (``k8s.io/apimachinery/pkg/api/errors``). Its sentences
name who, what and where; they are kept, and the hint says what to do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from netapp_jlab.errors import (
    AlreadyExists,
    Changed,
    Forbidden,
    Invalid,
    NetAppJLabError,
    NotFound,
    Overloaded,
    Refused,
    Timeout,
    Unauthorized,
    Unreachable,
    Unsupported,
    Upstream,
)
from netapp_jlab.k8s import quotas
from netapp_jlab.k8s.rights import RIGHTS
from netapp_jlab.k8s.status import Status, parse


class Expired(Upstream):
    """The resourceVersion or the continue token is too old (410): list anew."""


@dataclass(frozen=True)
class Subject:
    """What a request was about, for the message.

    Attributes
    ----------
    kind : str
        ``VolumeSnapshot``; empty for a review.
    name : str
        Empty for a list.
    identified : bool
        The request named a uid, which an answer may find fault with.
    """

    server: str
    kind: str = ""
    name: str = ""
    namespace: str = ""
    identified: bool = False

    def __str__(self) -> str:
        where = f" in the namespace “{self.namespace}”" if self.namespace else ""
        return f"{self.kind} “{self.name}”{where}" if self.name else f"{self.kind}s{where}"


def refusal(code: int, body: bytes, subject: Subject) -> NetAppJLabError:
    """Return the error for an answer that is one.

    Parameters
    ----------
    code : int
        The HTTP status.
    body : bytes
        A Status, or whatever a proxy sent.
    """
    status = parse(body)
    if status is None:
        return _foreign(code, body, subject)
    return explain(code, status, subject)


def explain(code: int, status: Status, subject: Subject) -> NetAppJLabError:
    """Return the error for a Status."""
    message = status.message or f"The API server answered {code} {status.reason}."
    # A policy's answer is 422 by default, a webhook's 403; either may choose another.
    if code in (400, 403, 422) and _BY_POLICY.search(message):
        return _policy(message)
    if code == 403:
        return _forbidden(message, status, subject)
    if code == 404:
        return _not_found(message, status, subject)
    if code == 409:
        if status.reason == "AlreadyExists":
            return AlreadyExists(f"There is a {subject} already.")
        return Changed(f"The {subject} has changed since you looked.")
    if code == 422:
        return _invalid(message, status, subject)
    return _by_code(code, message, status, subject)


def _by_code(code: int, message: str, status: Status, subject: Subject) -> NetAppJLabError:
    if code == 400:
        return Invalid(message)
    if code == 401:
        return unauthorized(subject.server)
    if code == 410:
        return Expired(message)
    if code == 413:
        return Refused(message)
    if code in (429, 503):
        return Overloaded(f"The API server {subject.server} asks to slow down: {message}")
    if code == 504 or status.reason in ("Timeout", "ServerTimeout"):
        return Timeout(f"The API server {subject.server} gave up: {message}")
    return Upstream(
        f"The API server {subject.server} failed: {message}",
        hint="Try again; if it goes on, tell your administrator.",
    )


def unauthorized(server: str) -> Unauthorized:
    """Return the error for a token that is expired, wrong or missing."""
    return Unauthorized(f"The API server {server} does not accept the token: expired or wrong.")


# --- 403 ------------------------------------------------------------------------------------------

_BY_POLICY = re.compile(r"ValidatingAdmissionPolicy|admission webhook")
_DENIED = re.compile(r"denied (?:the )?request: (?P<why>.+)", re.DOTALL)
_LACKING = re.compile(r'cannot (\S+) resource "([^"]+)" in API group "([^"]*)"')


def _forbidden(message: str, status: Status, subject: Subject) -> NetAppJLabError:
    if "exceeded quota" in message:
        return quotas.exceeded(message)
    if 'User "system:anonymous"' in message:
        text = f"The API server {subject.server} got no token, so it does not know who asks."
        return Unauthorized(text)
    if any(cause.reason == "NamespaceTerminating" for cause in status.causes):
        text = f"The namespace “{subject.namespace}” is being deleted: nothing new can be made."
        return Refused(text)
    if "failed quota" in message:  # the quota asks for something that the manifest leaves out
        return Refused(message)
    return Forbidden(message, hint=_granted_by(message))


def _granted_by(message: str) -> str:
    """Return what grants the right that RBAC finds missing; empty for one that is not ours."""
    lacking = _LACKING.search(message)
    asked = lacking.groups() if lacking else ()
    for right in RIGHTS:
        if (right.verb, right.resource, right.group) == asked:
            return (
                f"An administrator can grant it with {right.granted_by}; "
                "`netapp-jlab doctor` tells what else is missing."
            )
    return ""


def _policy(message: str) -> Forbidden:
    match = _DENIED.search(message)
    why = match["why"].strip() if match else message
    hint = f"Your administrator has set this rule. In full: {message}" if match else ""
    return Forbidden(why, hint=hint)


# --- 404, 422 -------------------------------------------------------------------------------------


def _not_found(message: str, status: Status, subject: Subject) -> NetAppJLabError:
    if status.details is not None and status.details.kind == "namespaces":
        return NotFound(
            f"There is no namespace “{status.details.name}”.",
            hint="Check NetAppJLab.namespace, or the namespace of the kubeconfig's context.",
        )
    if subject.name and (status.details is None or status.details.name in ("", subject.name)):
        return NotFound(f"There is no {subject}.")
    if status.details is None or not status.details.name:
        return _unserved(subject)
    return NotFound(message)


def _unserved(subject: Subject) -> Unsupported:
    return Unsupported(
        f"The cluster does not know {subject.kind}s.",
        hint="An administrator has to install the CSI snapshot CRDs and the snapshot controller."
        if "Snapshot" in subject.kind
        else "",
    )


def _invalid(message: str, status: Status, subject: Subject) -> NetAppJLabError:
    causes = status.causes
    if subject.identified and any(cause.field == "metadata.uid" for cause in causes):
        return Changed(f"The {subject} was deleted and made anew since you looked.")
    if causes and all(cause.reason == "FieldValueForbidden" for cause in causes):
        return Refused(message)
    return Invalid(message)


# --- Answers that are no Status -------------------------------------------------------------------


def _foreign(code: int, body: bytes, subject: Subject) -> NetAppJLabError:
    if code == 404 and body.startswith(b"404 page not found"):  # Go's own, for an unknown path
        return _unserved(subject)
    if code == 401:
        return unauthorized(subject.server)
    if code == 413:
        return Refused(f"It is too large for the API server {subject.server}.")
    what = f"{subject.server} answered {code} with {kind_of(body)}"
    if code in (429, 503):
        return Overloaded(f"The API server is busy or not up yet: {what}.")
    if b"HTTP request to an HTTPS server" in body[:200]:
        text = f"{subject.server} only speaks HTTPS."
        return Unreachable(text, hint="The address in the kubeconfig should begin with https://.")
    return no_kubernetes(what)


def no_kubernetes(what: str) -> Unreachable:
    """Return the error for something that answers, but not as an API server does."""
    return Unreachable(
        f"{what}: this is not the Kubernetes API.",
        hint="Check the server's address; a proxy or a login page may answer in its place.",
    )


def kind_of(body: bytes) -> str:
    """Say what a body is without showing it: it may hold secrets."""
    start = body[:200].lstrip().lower()
    if not start:
        return "nothing"
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if start.startswith(b"<"):
        return "XML or HTML"
    if start.startswith((b"{", b"[")):
        return "JSON of another kind"
    return "plain text" if start.isascii() and b"\0" not in start else "binary data"
