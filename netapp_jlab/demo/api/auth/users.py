"""Who is calling."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Members may do anything; RBAC does not even look.
MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
SERVICE_ACCOUNTS = "system:serviceaccounts"


@dataclass(frozen=True)
class User:
    """An authenticated caller (``UserInfo`` of ``authentication.k8s.io``).

    Attributes
    ----------
    name : str
        ``system:serviceaccount:<namespace>:<name>`` for a service account.
    groups : tuple[str, ...]
        The groups, ``system:authenticated`` among them.
    uid : str
        A stable identifier; may be empty.
    extra : dict[str, list[str]]
        What the token says beyond that, such as the pod it was issued for.
    """

    name: str
    groups: tuple[str, ...] = (AUTHENTICATED,)
    uid: str = ""
    extra: dict[str, list[str]] = field(default_factory=dict)


ANONYMOUS = User("system:anonymous", (UNAUTHENTICATED,))
ADMIN = User("kubernetes-admin", (MASTERS, AUTHENTICATED))


def service_account(namespace: str, name: str, uid: str = "", **extra: list[str]) -> User:
    """Return the user that a service account is."""
    groups = (SERVICE_ACCOUNTS, f"{SERVICE_ACCOUNTS}:{namespace}", AUTHENTICATED)
    return User(f"system:serviceaccount:{namespace}:{name}", groups, uid, dict(extra))
