"""Every error that netapp_jlab raises, as one tree.

Each class has a stable :attr:`~NetAppJLabError.reason` that programs may compare, a message that
names the thing, and a hint that says what to do next. The faces translate the tree once each: the
server into HTTP (:mod:`netapp_jlab.server.errors`), the command line into an exit code.

::

    NetAppJLabError
     ├── Invalid              malformed input: a name, a size, a body
     ├── Forbidden            the account may not do this (RBAC, admission policy)
     │    └── ReadOnly        switched off here by the administrator
     ├── NotFound             no such volume, snapshot, class or operation
     ├── Conflict             the state of things does not allow it now
     │    ├── AlreadyExists
     │    ├── NotReady        pending, not bound, not cut yet
     │    ├── InUse           pods mount it, or an operation works on it
     │    └── Changed         it is not what it was when you looked (uid, resourceVersion)
     ├── Refused              well-formed, but it can not work
     │    ├── QuotaExceeded
     │    ├── Unsupported     the driver or class can't do this
     │    ├── NoSpace         the file system is full
     │    └── NotMounted      the files are not reachable from here
     ├── Cancelled            somebody cancelled the operation
     └── Upstream             the Kubernetes API server
          ├── NoCluster       neither a pod's service account nor a kubeconfig
          ├── Unauthorized    the token is expired or wrong
          ├── Unreachable     refused, closed, or answered something that is no Kubernetes
          ├── Overloaded      429 or 503, also after the retries
          └── Timeout         no answer within the time limit
"""

from __future__ import annotations

from typing import ClassVar


class NetAppJLabError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message : str
        What happened, naming the thing it happened to.
    hint : str, optional
        What the user can do about it; the class's :attr:`default_hint` if empty.

    Attributes
    ----------
    reason : str
        Stable, CamelCase; part of the REST interface.
    """

    reason: ClassVar[str] = "Error"
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint


class Invalid(NetAppJLabError):
    """The input is malformed: a name, a size, a path, a body."""

    reason = "Invalid"


class Forbidden(NetAppJLabError):
    """The account may not do this."""

    reason = "Forbidden"
    default_hint = (
        "Ask your administrator for the right; `netapp-jlab doctor` names the file that grants it."
    )


class ReadOnly(Forbidden):
    """Changes are switched off here (``NetAppJLab.read_only``)."""

    reason = "ReadOnly"
    default_hint = "An administrator has switched changes off (NetAppJLab.read_only)."


class NotFound(NetAppJLabError):
    """There is no such thing in this namespace."""

    reason = "NotFound"


class Conflict(NetAppJLabError):
    """The present state of things does not allow it."""

    reason = "Conflict"


class AlreadyExists(Conflict):
    """The name is taken."""

    reason = "AlreadyExists"
    default_hint = "Choose another name."


class NotReady(Conflict):
    """Something is pending that has to be finished first."""

    reason = "NotReady"
    default_hint = "Wait until it is ready, then try again."


class InUse(Conflict):
    """Pods mount it, or an operation works on it."""

    reason = "InUse"


class Changed(Conflict):
    """It is not the object that was looked at: another uid or a newer version."""

    reason = "Changed"
    default_hint = "Look at the present state and try again."


class Refused(NetAppJLabError):
    """Well-formed, but it can not work."""

    reason = "Refused"


class QuotaExceeded(Refused):
    """A ResourceQuota of the namespace does not allow it."""

    reason = "QuotaExceeded"
    default_hint = "Delete volumes or snapshots that you no longer need, or ask for a larger quota."


class Unsupported(Refused):
    """The driver or the class can't do this."""

    reason = "Unsupported"


class NoSpace(Refused):
    """The file system is full."""

    reason = "NoSpace"
    default_hint = "Free some space or enlarge the volume, then try again: it goes on where it was."


class NotMounted(Refused):
    """The volume's files are not reachable from here."""

    reason = "NotMounted"


class Cancelled(NetAppJLabError):
    """Somebody cancelled the operation."""

    reason = "Cancelled"


class Upstream(NetAppJLabError):
    """The Kubernetes API server did not do its part."""

    reason = "Upstream"


class NoCluster(Upstream):
    """Neither a pod's service account nor a kubeconfig was found."""

    reason = "NoCluster"
    default_hint = (
        "Run inside a pod with a service account, or set KUBECONFIG or NetAppJLab.kubeconfig. "
        "To try it without Kubernetes: `netapp-jlab demo`."
    )


class Unauthorized(Upstream):
    """The API server does not know the token: expired, revoked or wrong."""

    reason = "Unauthorized"
    default_hint = "Renew the token in the kubeconfig, or restart the server to get a new one."


class Unreachable(Upstream):
    """The API server refused or closed the connection, or it is not one."""

    reason = "Unreachable"
    default_hint = (
        "Check that the API server is up and that a NetworkPolicy lets this pod reach it "
        "(`netapp-jlab doctor`)."
    )


class Overloaded(Upstream):
    """The API server asked to slow down (429, 503), also after the retries."""

    reason = "Overloaded"
    default_hint = "Wait a minute and try again."


class Timeout(Upstream):
    """No answer within the time limit (``NetAppJLab.request_timeout``)."""

    reason = "Timeout"
    default_hint = "The API server hangs or is far away; try again, or raise request_timeout."
