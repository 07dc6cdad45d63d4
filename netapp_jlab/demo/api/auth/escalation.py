"""Nobody may give away more than they have.

After ``k8s.io/kubernetes/pkg/registry/rbac/{role,rolebinding}/policybased`` and
``k8s.io/component-helpers/auth/rbac/validation``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors

from .rbac import Attributes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netapp_jlab.demo.api.kinds import Kind

    from .rbac import Authorizer
    from .users import User

Object = dict[str, Any]
Rule = dict[str, Any]

_GROUP = "rbac.authorization.k8s.io"


class EscalationCheck:
    """An admission hook (see `Store`) over roles and bindings."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def __call__(
        self, operation: str, kind: Kind, new: Object | None, old: Object | None, user: User | None
    ) -> None:
        """Refuse a role or binding that grants what its author does not have."""
        if user is None or new is None or operation == "DELETE" or kind.group != _GROUP:
            return
        meta = new["metadata"]
        namespace, name = meta.get("namespace") or "", meta["name"]
        if kind.kind in ("Role", "ClusterRole"):
            granted = new.get("rules") or []
            if old is not None and granted == (old.get("rules") or []):
                return
            exempt = Attributes(verb="escalate", group=_GROUP, resource=kind.plural, name=name)
        else:
            reference = new["roleRef"]
            granted = self._authorizer.rules_of(reference, namespace) or []
            plural = f"{str(reference['kind']).lower()}s"
            exempt = Attributes(
                verb="bind",
                group=_GROUP,
                resource=plural,
                namespace=namespace,
                name=reference["name"],
            )
        if self._authorizer.decide(user, exempt).allowed:
            return
        self._confirm(kind, name, namespace, granted, user)

    def _confirm(
        self, kind: Kind, name: str, namespace: str, granted: list[Rule], user: User
    ) -> None:
        held = self._authorizer.rules_for(user, namespace)
        missing = [
            part
            for rule in granted
            for part in _break_down(rule)
            if not any(_covers(owned, part) for owned in held)
        ]
        if not missing:
            return
        groups = " ".join(json.dumps(group) for group in user.groups)
        lines = "\n".join(sorted({_shown(part) for part in _compact(missing)}))
        why = (
            f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not '
            f"currently held:\n{lines}"
        )
        raise errors.forbidden(kind, name, why)


def _break_down(rule: Rule) -> Iterator[Rule]:
    """Yield rules that each have one verb, one resource and at most one name."""
    for verb in rule.get("verbs") or []:
        for url in rule.get("nonResourceURLs") or []:
            yield {"nonResourceURLs": [url], "verbs": [verb]}
        for group in rule.get("apiGroups") or []:
            for resource in rule.get("resources") or []:
                for name in rule.get("resourceNames") or [None]:
                    part: Rule = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                    yield part if name is None else {**part, "resourceNames": [name]}


def _covers(owned: Rule, part: Rule) -> bool:
    if not _has(owned, part, "verbs"):
        return False
    if "nonResourceURLs" in part:
        url = part["nonResourceURLs"][0]
        return any(
            own == url or (own.endswith("*") and url.startswith(own.rstrip("*")))
            for own in owned.get("nonResourceURLs") or []
        )
    names = owned.get("resourceNames") or []
    return (
        _has(owned, part, "apiGroups")
        and _has_resource(owned, part["resources"][0])
        and (not names or part.get("resourceNames", [None])[0] in names)
    )


def _has(owned: Rule, part: Rule, field: str) -> bool:
    values = owned.get(field) or []
    return "*" in values or part[field][0] in values


def _has_resource(owned: Rule, resource: str) -> bool:
    values = owned.get("resources") or []
    _, slash, subresource = resource.partition("/")
    return "*" in values or resource in values or (bool(slash) and f"*/{subresource}" in values)


def _compact(parts: list[Rule]) -> list[Rule]:
    """Join the rules that differ in nothing but the verb."""
    joined: dict[str, Rule] = {}
    for part in parts:
        key = json.dumps({name: value for name, value in part.items() if name != "verbs"})
        joined.setdefault(key, {**part, "verbs": []})["verbs"] += part["verbs"]
    return list(joined.values())


def _shown(rule: Rule) -> str:
    fields = (
        ("APIGroups", "apiGroups"),
        ("Resources", "resources"),
        ("NonResourceURLs", "nonResourceURLs"),
        ("ResourceNames", "resourceNames"),
        ("Verbs", "verbs"),
    )
    shown = [
        f"{title}:[{' '.join(json.dumps(value) for value in rule[name])}]"
        for title, name in fields
        if rule.get(name)
    ]
    return "{" + ", ".join(shown) + "}"
