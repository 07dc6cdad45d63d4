"""From the headers of a request to the user who sent it."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from netapp_jlab.demo.api import errors

from .rbac import Attributes, forbidden
from .tokens import InvalidTokenError, TokenIssuer
from .users import (
    ADMIN,
    ANONYMOUS,
    AUTHENTICATED,
    SERVICE_ACCOUNTS,
    UNAUTHENTICATED,
    User,
    service_account,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netapp_jlab.demo.api.store import Store

    from .rbac import Authorizer

_IMPERSONATE = "Impersonate-"
_EXTRA = "Impersonate-Extra-"


class Authenticator:
    """Knows the static tokens and the issued ones.

    Parameters
    ----------
    store : Store
        Where accounts, and the administrator's token, are kept.
    users : dict[str, User] | None
        Further static tokens.

    Attributes
    ----------
    issuer : TokenIssuer
        Makes tokens for service accounts.
    admin_token : str
        The token of the cluster's administrator; the same each time the store is opened.
    """

    def __init__(self, store: Store, users: Mapping[str, User] | None = None) -> None:
        self.issuer = TokenIssuer(store)
        self.admin_token = store.setting("admin-token", secrets.token_urlsafe(24))
        self._static = {**(users or {}), self.admin_token: ADMIN}

    def authenticate(self, authorization: str | None) -> User:
        """Return the user of an ``Authorization`` header; nobody in particular without one.

        Raises
        ------
        ApiError
            401 for a token that is not, or no longer, valid.
        """
        if not authorization:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return ANONYMOUS
        try:
            return self.identify(token.strip())
        except InvalidTokenError as error:
            raise errors.unauthorized() from error

    def identify(self, token: str, audiences: list[str] | None = None) -> User:
        """Return whose token it is.

        Raises
        ------
        InvalidTokenError
            When it is nobody's (any more).
        """
        for known, user in self._static.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                return user
        return self.issuer.check(token, audiences)


def impersonate(user: User, headers: Mapping[str, str], authorizer: Authorizer) -> User:
    """Return whom `user` wants to act as (``kubectl --as``).

    Parameters
    ----------
    headers : Mapping
        The headers of the request; several values of one are joined by commas.

    Raises
    ------
    ApiError
        403 when `user` may not act as them, 500 for a group without a user.
    """
    asked = {name.title(): value for name, value in headers.items()}
    asked = {name: value for name, value in asked.items() if name.startswith(_IMPERSONATE)}
    if not asked:
        return user
    name = asked.get("Impersonate-User", "")
    if not name:
        raise errors.internal(f"requested {asked} without impersonating a user")
    groups = [group for group in asked.get("Impersonate-Group", "").split(",") if group]
    uid = asked.get("Impersonate-Uid", "")
    extra = {
        key.removeprefix(_EXTRA).lower(): value.split(",")
        for key, value in asked.items()
        if key.startswith(_EXTRA)
    }
    for attributes in _needed(name, groups, uid, extra):
        decision = authorizer.decide(user, attributes)
        if not decision.allowed:
            raise forbidden(user, attributes, decision.reason)
    return User(name, _groups(name, groups), uid, extra)


def _needed(
    name: str, groups: list[str], uid: str, extra: dict[str, list[str]]
) -> list[Attributes]:
    account = _account(name)
    if account:
        namespace, plain = account
        needed = [_may("serviceaccounts", plain, namespace=namespace)]
    else:
        needed = [_may("users", name)]
    needed += [_may("groups", group) for group in groups]
    group = "authentication.k8s.io"
    if uid:
        needed.append(_may("uids", uid, group=group))
    for key, values in extra.items():
        needed += [_may("userextras", value, group=group, subresource=key) for value in values]
    return needed


def _may(resource: str, name: str, **more: str) -> Attributes:
    return Attributes(verb="impersonate", resource=resource, name=name, **more)


def _account(name: str) -> tuple[str, str] | None:
    parts = name.split(":")
    if len(parts) == 4 and name.startswith("system:serviceaccount:"):
        return parts[2], parts[3]
    return None


def _groups(name: str, asked: list[str]) -> tuple[str, ...]:
    groups = tuple(asked)
    account = _account(name)
    if account and not groups:
        groups = service_account(*account).groups
    if name == ANONYMOUS.name:
        return groups if UNAUTHENTICATED in groups else (*groups, UNAUTHENTICATED)
    if AUTHENTICATED in groups or UNAUTHENTICATED in groups:
        return groups
    return (*groups, AUTHENTICATED)


__all__ = ["SERVICE_ACCOUNTS", "Authenticator", "impersonate"]
