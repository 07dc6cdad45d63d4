"""Roles and their bindings.

After ``k8s.io/kubernetes/pkg/apis/rbac/{v1/defaults.go,validation}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors

from .base import Rules

if TYPE_CHECKING:
    from netapp_jlab.demo.api.errors import Cause

Object = dict[str, Any]

_GROUP = "rbac.authorization.k8s.io"


class RoleRules(Rules):
    """Role and ClusterRole."""

    def __init__(self, *, cluster: bool) -> None:
        self._cluster = cluster

    def default(self, obj: Object) -> None:
        """Have a list of rules, be it empty."""
        obj.setdefault("rules", None if obj.get("aggregationRule") else [])

    def validate(self, obj: Object) -> list[Cause]:
        """Check that every rule says what it allows, and on what."""
        found: list[Cause] = []
        for index, rule in enumerate(obj.get("rules") or []):
            path = f"rules[{index}]"
            if not rule.get("verbs"):
                detail = "verbs must contain at least one value"
                found.append(errors.required(f"{path}.verbs", detail))
            if rule.get("nonResourceURLs"):
                found += self._validate_urls(rule, path)
                continue
            if not rule.get("apiGroups"):
                detail = "resource rules must supply at least one api group"
                found.append(errors.required(f"{path}.apiGroups", detail))
            if not rule.get("resources"):
                detail = "resource rules must supply at least one resource"
                found.append(errors.required(f"{path}.resources", detail))
        return found

    def _validate_urls(self, rule: Object, path: str) -> list[Cause]:
        urls = rule["nonResourceURLs"]
        if not self._cluster:
            detail = "namespaced rules cannot apply to non-resource URLs"
            return [errors.invalid(f"{path}.nonResourceURLs", urls, detail)]
        if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
            detail = "rules cannot apply to both regular resources and non-resource URLs"
            return [errors.invalid(f"{path}.nonResourceURLs", urls, detail)]
        return []


class BindingRules(Rules):
    """RoleBinding and ClusterRoleBinding."""

    def __init__(self, *, cluster: bool) -> None:
        self._cluster = cluster
        self._kinds = ("ClusterRole",) if cluster else ("Role", "ClusterRole")

    def default(self, obj: Object) -> None:
        """Fill in the API groups of role and subjects."""
        obj.setdefault("roleRef", {}).setdefault("apiGroup", _GROUP)
        for subject in obj.get("subjects") or []:
            if subject.get("kind") in ("User", "Group"):
                subject.setdefault("apiGroup", _GROUP)

    def validate(self, obj: Object) -> list[Cause]:
        """Check role and subjects."""
        reference = obj["roleRef"]
        found: list[Cause] = []
        if reference.get("apiGroup") != _GROUP:
            given = reference.get("apiGroup")
            found.append(errors.not_supported("roleRef.apiGroup", given, [_GROUP]))
        if reference.get("kind") not in self._kinds:
            given = reference.get("kind") or ""
            found.append(errors.not_supported("roleRef.kind", given, self._kinds))
        if not reference.get("name"):
            found.append(errors.required("roleRef.name"))
        for index, subject in enumerate(obj.get("subjects") or []):
            path = f"subjects[{index}]"
            found += _validate_subject(subject, path)
            account = subject.get("kind") == "ServiceAccount"
            if account and self._cluster and not subject.get("namespace"):
                found.append(errors.required(f"{path}.namespace"))
        return found

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Keep the role: another role is another binding."""
        found = self.validate(new)
        if new["roleRef"] != old["roleRef"]:
            reference = new["roleRef"]
            shown = {
                "APIGroup": reference.get("apiGroup"),
                "Kind": reference.get("kind"),
                "Name": reference.get("name"),
            }
            found.append(errors.invalid("roleRef", shown, "cannot change roleRef"))
        return found


def _validate_subject(subject: Object, path: str) -> list[Cause]:
    found = [] if subject.get("name") else [errors.required(f"{path}.name")]
    kind = subject.get("kind") or ""
    if kind not in ("ServiceAccount", "User", "Group"):
        known = ["ServiceAccount", "User", "Group"]
        found.append(errors.not_supported(f"{path}.kind", kind, known))
    return found
