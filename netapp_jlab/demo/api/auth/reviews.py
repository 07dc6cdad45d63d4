"""Questions about access: the reviews that are answered and never stored.

After ``k8s.io/kubernetes/pkg/registry/{authorization,authentication}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors
from netapp_jlab.demo.api.metadata import timestamp

from .rbac import Attributes
from .tokens import ISSUER, InvalidTokenError
from .users import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from netapp_jlab.demo.api.kinds import Kind

    from .authenticator import Authenticator
    from .rbac import Authorizer

Object = dict[str, Any]


class Reviews:
    """Answers each kind of review.

    Parameters
    ----------
    authenticator, authorizer
        The same that every request goes through.
    """

    def __init__(self, authenticator: Authenticator, authorizer: Authorizer) -> None:
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._answers: dict[str, Callable[[Kind, Object, User], Object]] = {
            "SelfSubjectAccessReview": self._own_access,
            "SubjectAccessReview": self._access,
            "LocalSubjectAccessReview": self._local_access,
            "SelfSubjectRulesReview": self._own_rules,
            "SelfSubjectReview": self._own_identity,
            "TokenReview": self._token,
        }

    def answer(self, kind: Kind, review: Object, user: User) -> Object:
        """Return a review with its status filled in.

        Raises
        ------
        ApiError
            422 for a review that asks for nothing, or for too much.
        """
        status = self._answers[kind.kind](kind, review, user)
        return {**review, "status": status}

    def _own_access(self, kind: Kind, review: Object, user: User) -> Object:
        return self._decide(kind, review.get("spec") or {}, user)

    def _access(self, kind: Kind, review: Object, user: User) -> Object:  # noqa: ARG002
        spec = review.get("spec") or {}
        if not spec.get("user") and not spec.get("groups"):
            detail = "at least one of user or group must be specified"
            raise _refused(kind, errors.invalid("spec.user", "", detail))
        groups, extra = tuple(spec.get("groups") or ()), spec.get("extra") or {}
        subject = User(spec.get("user") or "", groups, spec.get("uid") or "", extra)
        return self._decide(kind, spec, subject)

    def _local_access(self, kind: Kind, review: Object, user: User) -> Object:
        namespace = review["metadata"].get("namespace")
        resource = (review.get("spec") or {}).get("resourceAttributes")
        if resource is not None and resource.get("namespace") != namespace:
            detail = "must match metadata.namespace"
            field = "spec.resourceAttributes.namespace"
            cause = errors.invalid(field, resource.get("namespace") or "", detail)
            raise _refused(kind, cause)
        return self._access(kind, review, user)

    def _decide(self, kind: Kind, spec: Object, user: User) -> Object:
        resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
        if (resource is None) == (other is None):
            detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            if resource is None:
                cause = errors.invalid("spec.resourceAttributes", None, detail)
            else:
                detail = "cannot be specified in combination with resourceAttributes"
                cause = errors.invalid("spec.nonResourceAttributes", other, detail)
            raise _refused(kind, cause)
        decision = self._authorizer.decide(user, _attributes(resource, other))
        status: Object = {"allowed": decision.allowed}
        if decision.reason:
            status["reason"] = decision.reason
        return status

    def _own_rules(self, kind: Kind, review: Object, user: User) -> Object:  # noqa: ARG002
        namespace = (review.get("spec") or {}).get("namespace")
        if not namespace:
            raise errors.bad_request("no namespace on request")
        review["spec"] = {}
        rules = self._authorizer.rules_for(user, namespace)
        fields = ("verbs", "apiGroups", "resources", "resourceNames")
        return {
            "resourceRules": [
                {name: rule[name] for name in fields if rule.get(name)}
                for rule in rules
                if rule.get("resources")
            ],
            "nonResourceRules": [
                {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}
                for rule in rules
                if rule.get("nonResourceURLs")
            ],
            "incomplete": False,
        }

    def _own_identity(self, kind: Kind, review: Object, user: User) -> Object:  # noqa: ARG002
        review["metadata"] = {"creationTimestamp": timestamp()}
        return {"userInfo": _user_info(user)}

    def _token(self, kind: Kind, review: Object, user: User) -> Object:  # noqa: ARG002
        spec = review.get("spec") or {}
        if not spec.get("token"):
            detail = "token is required for TokenReview in authentication"
            raise errors.bad_request(detail)
        audiences = spec.get("audiences") or [ISSUER]
        try:
            found = self._authenticator.identify(spec["token"], audiences)
        except InvalidTokenError as error:
            return {"user": {}, "error": str(error)}
        return {"authenticated": True, "user": _user_info(found), "audiences": audiences}


def _refused(kind: Kind, cause: errors.Cause) -> errors.ApiError:
    """Return 422; a real server forgets to say of which kind."""
    error = errors.ApiError(
        422, "Invalid", f'.{kind.group} "" is invalid: {cause}', {"group": kind.group}
    )
    error.add_cause(*cause)
    return error


def _attributes(resource: Object | None, other: Object | None) -> Attributes:
    if resource is None:
        asked = other or {}
        return Attributes(verb=asked.get("verb") or "", path=asked.get("path") or "")
    fields = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(**{name: resource.get(name) or "" for name in fields})


def _user_info(user: User) -> Object:
    info: Object = {"username": user.name, "uid": user.uid, "groups": list(user.groups)}
    if user.extra:
        info["extra"] = user.extra
    return {name: value for name, value in info.items() if value}
