"""Who may do what: Roles, ClusterRoles and their bindings.

After ``k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac`` and ``pkg/registry/rbac/validation``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from netapp_jlab.demo.api.errors import ApiError

from .users import MASTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netapp_jlab.demo.api.store import Store

    from .users import User

Object = dict[str, Any]
Rule = dict[str, Any]

_ALL = "*"
_KINDS = ("ClusterRoleBinding", "RoleBinding", "ClusterRole", "Role")


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What is asked for.

    Attributes
    ----------
    verb : str
        ``get``, ``list``, …; for a path that is no resource the HTTP method in lower case.
    group, resource, subresource, namespace, name : str
        Which resource; empty where it does not apply.
    path : str
        The path, for anything that is no resource.
    """

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def combined(self) -> str:
        """``pods/log``: the resource with its subresource, as rules name it."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


class Decision(NamedTuple):
    """Whether something is allowed, and by which binding (or what could not be looked up)."""

    allowed: bool
    reason: str = ""


class Authorizer:
    """Answers from the roles and bindings in the store.

    Parameters
    ----------
    store : Store
        Read anew after each change of a role or binding.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._versions: tuple[int, ...] = ()
        self._bindings: list[Object] = []
        self._roles: dict[tuple[str, str], list[Rule]] = {}

    def decide(self, user: User, asked: Attributes) -> Decision:
        """Say whether `user` may do what is asked."""
        if MASTERS in user.groups:
            return Decision(allowed=True)
        problems = []
        for source, rule, problem in self._visit(user, asked.namespace):
            if rule is not None and allows(rule, asked):
                return Decision(allowed=True, reason=f"RBAC: allowed by {source}")
            if problem:
                problems.append(problem)
        return Decision(allowed=False, reason=_aggregate(problems))

    def rules_for(self, user: User, namespace: str) -> list[Rule]:
        """Return every rule that applies to `user` in a namespace (or cluster-wide only)."""
        found = [rule for _, rule, _ in self._visit(user, namespace) if rule is not None]
        if MASTERS in user.groups:
            everything: list[Rule] = [
                {"apiGroups": [_ALL], "resources": [_ALL], "verbs": [_ALL]},
                {"nonResourceURLs": [_ALL], "verbs": [_ALL]},
            ]
            found = everything + [rule for rule in found if rule not in everything]
        return found

    def rules_of(self, reference: Object, namespace: str) -> list[Rule] | None:
        """Return the rules of the role that a binding refers to; None when it is not there."""
        self._refresh()
        scope = namespace if reference.get("kind") == "Role" else ""
        return self._roles.get((scope, str(reference.get("name"))))

    def _visit(self, user: User, namespace: str) -> Iterator[tuple[str, Rule | None, str]]:
        self._refresh()
        for binding in self._bindings:
            where = binding["metadata"].get("namespace") or ""
            if where and where != namespace:
                continue
            subject = _applies(user, binding.get("subjects") or [], where)
            if subject is None:
                continue
            rules = self.rules_of(binding["roleRef"], where)
            if rules is None:
                yield "", None, _missing(binding["roleRef"])
                continue
            source = _describe(binding, subject, where)
            for rule in rules:
                yield source, rule, ""

    def _refresh(self) -> None:
        versions = tuple(self._store.last_change(kind) for kind in _KINDS)
        if versions == self._versions:
            return
        cluster, local, cluster_roles, roles = (self._store.list(kind).items for kind in _KINDS)
        self._bindings = cluster + local
        self._roles = {
            (role["metadata"].get("namespace") or "", role["metadata"]["name"]): _rules(
                role, cluster_roles
            )
            for role in cluster_roles + roles
        }
        self._versions = versions


def _rules(role: Object, cluster_roles: list[Object], seen: tuple[str, ...] = ()) -> list[Rule]:
    """Return the rules of a role, with those of the roles that it aggregates."""
    found = list(role.get("rules") or [])
    seen = (*seen, role["metadata"]["name"])
    for selector in (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or []:
        wanted = selector.get("matchLabels") or {}
        for other in cluster_roles:
            labels = other["metadata"].get("labels") or {}
            matches = wanted and all(labels.get(key) == value for key, value in wanted.items())
            if matches and other["metadata"]["name"] not in seen:
                new = _rules(other, cluster_roles, seen)
                found += [rule for rule in new if rule not in found]
    return found


def allows(rule: Rule, asked: Attributes) -> bool:
    """Say whether one rule allows what is asked."""
    if not _has(rule, "verbs", asked.verb):
        return False
    if asked.path:
        return any(_covers_path(url, asked.path) for url in rule.get("nonResourceURLs") or [])
    names = rule.get("resourceNames") or []
    return (
        _has(rule, "apiGroups", asked.group)
        and _matches_resource(rule.get("resources") or [], asked)
        and (not names or asked.name in names)
    )


def _has(rule: Rule, field: str, value: str) -> bool:
    values = rule.get(field) or []
    return _ALL in values or value in values


def _matches_resource(resources: list[str], asked: Attributes) -> bool:
    if _ALL in resources or asked.combined in resources:
        return True
    return bool(asked.subresource) and f"{_ALL}/{asked.subresource}" in resources


def _covers_path(url: str, path: str) -> bool:
    return url in (_ALL, path) or (url.endswith(_ALL) and path.startswith(url.rstrip(_ALL)))


def _applies(user: User, subjects: list[Object], namespace: str) -> Object | None:
    """Return the first subject that `user` is."""
    for subject in subjects:
        kind, name = subject.get("kind"), subject.get("name")
        if kind == "User" and name == user.name:
            return subject
        if kind == "Group" and name in user.groups:
            return subject
        where = subject.get("namespace") or namespace
        if kind == "ServiceAccount" and user.name == f"system:serviceaccount:{where}:{name}":
            return subject
    return None


def _describe(binding: Object, subject: Object, namespace: str) -> str:
    name, reference = binding["metadata"]["name"], binding["roleRef"]
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    shown = f"{name}/{namespace}" if namespace else name
    who = subject["name"]
    if subject["kind"] == "ServiceAccount":
        who = f"{who}/{subject.get('namespace') or namespace}"
    role = f'{reference["kind"]} "{reference["name"]}"'
    return f'{kind} "{shown}" of {role} to {subject["kind"]} "{who}"'


def _missing(reference: Object) -> str:
    kind = str(reference.get("kind")).lower()
    return f'{kind}.rbac.authorization.k8s.io "{reference.get("name")}" not found'


def _aggregate(problems: list[str]) -> str:
    unique = list(dict.fromkeys(problems))
    if not unique:
        return ""
    return f"RBAC: {unique[0]}" if len(unique) == 1 else f"RBAC: [{', '.join(unique)}]"


def forbidden(user: User, asked: Attributes, reason: str) -> ApiError:
    """Return 403 with the words of a real server.

    After ``k8s.io/apiserver/pkg/endpoints/handlers/responsewriters``.
    """
    if asked.path:
        why = f'User "{user.name}" cannot {asked.verb} path "{asked.path}"'
        return ApiError(403, "Forbidden", f"forbidden: {_with_reason(why, reason)}", {})
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    why = (
        f'User "{user.name}" cannot {asked.verb} resource "{asked.combined}" '
        f'in API group "{asked.group}" {where}'
    )
    resource = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    subject = f'{resource} "{asked.name}"' if asked.name else resource
    details = {"name": asked.name, "group": asked.group, "kind": asked.resource}
    return ApiError(
        403,
        "Forbidden",
        f"{subject} is forbidden: {_with_reason(why, reason)}",
        {key: value for key, value in details.items() if value},
    )


def _with_reason(why: str, reason: str) -> str:
    return f"{why}: {reason}" if reason else why
