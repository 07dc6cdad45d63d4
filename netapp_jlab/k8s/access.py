"""What the account may do, asked of the API server itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netapp_jlab.errors import Forbidden, NotFound, Unsupported, Upstream
from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.client import Cluster
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.outage import Outage
from netapp_jlab.k8s.rights import RIGHTS, NeededRight
from netapp_jlab.k8s.wire import Object, Wire

GROUP = "authorization.k8s.io"
KEPT = 60.0
"""Seconds for which an answer is kept."""

_CLUSTER_SCOPED: tuple[Kind[Object], ...] = (
    kinds.PERSISTENT_VOLUMES,
    kinds.STORAGE_CLASSES,
    kinds.SNAPSHOT_CLASSES,
    kinds.SNAPSHOT_CONTENTS,
)
_SCOPE = frozenset((kind.group, kind.plural) for kind in _CLUSTER_SCOPED)
_REFUSED = (Forbidden, NotFound, Unsupported)


class Rule(Wire, frozen=True):
    """One rule of RBAC; ``*`` stands for all."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()

    def grants(self, right: _Right) -> bool:
        """Whether this rule grants `right`.

        A rule with names does not grant what has none: to list, or to create.
        """
        return (
            _among(right.verb, self.verbs)
            and _among(right.group, self.api_groups)
            and _among(right.resource, self.resources)
            and (not self.resource_names or right.name in self.resource_names)
        )


class _RulesStatus(Wire, frozen=True):
    resource_rules: tuple[Rule, ...] = ()
    incomplete: bool = False


class _RulesReview(Wire, frozen=True):
    status: _RulesStatus


class _AccessStatus(Wire, frozen=True):
    allowed: bool = False


class _AccessReview(Wire, frozen=True):
    status: _AccessStatus


@dataclass(frozen=True)
class _Right:
    verb: str
    resource: str
    group: str
    name: str


@dataclass
class _Kept:
    value: Any
    until: float


class Access:
    """The account's rights in the cluster's namespace; for any number of threads.

    One SelfSubjectRulesReview answers for the whole namespace. It says nothing sure about kinds
    of the cluster (a RoleBinding's rules for them are listed, but do not count), nor where an
    authorizer can't list its rules (a webhook): then a SelfSubjectAccessReview is asked.

    Parameters
    ----------
    cluster : Cluster
        The API server; its namespace counts.
    outage : Outage, optional
        What others know of the API server's absence.
    """

    def __init__(self, cluster: Cluster, outage: Outage | None = None) -> None:
        self._cluster = cluster
        self._outage = outage or Outage()
        self._lock = threading.Lock()
        self._kept: dict[_Right | None, _Kept] = {}

    def allowed(self, verb: str, resource: str, group: str = "", name: str = "") -> bool:
        """Whether the account may do something.

        Parameters
        ----------
        verb, resource, group : str
            As in RBAC rules: ``create``, ``volumesnapshots``, ``snapshot.storage.k8s.io``.
        name : str
            One object; empty for any.

        Returns
        -------
        bool
            True also where nobody tells: the API server decides anyway.
        """
        right = _Right(verb, resource, group, name)
        with self._lock:
            if (group, resource) not in _SCOPE:
                rules = self._get(None, self._rules)
                if rules is not None and any(rule.grants(right) for rule in rules.resource_rules):
                    return True
                if rules is not None and not rules.incomplete:
                    return False
            return self._get(right, lambda: self._review(right)) is not False

    def missing(self) -> tuple[NeededRight, ...]:
        """Return those of :data:`RIGHTS` that the account lacks."""
        return tuple(
            right for right in RIGHTS if not self.allowed(right.verb, right.resource, right.group)
        )

    def forget(self) -> None:
        """Ask anew next time."""
        with self._lock:
            self._kept.clear()
            self._outage.end()

    def _get(self, key: _Right | None, ask: Callable[[], Any]) -> Any:
        """Return what is kept, or ask; None where the API server does not tell."""
        kept = self._kept.setdefault(key, _Kept(None, 0.0))
        if time.monotonic() >= kept.until and not self._outage.lasts:
            try:
                kept.value, kept.until = ask(), time.monotonic() + KEPT
            except _REFUSED:
                kept.value, kept.until = None, time.monotonic() + KEPT
            except Upstream:
                self._outage.begin()  # what was known counts on, and is shown with what is stale
        return kept.value

    def _rules(self) -> _RulesStatus:
        spec = {"namespace": self._cluster.namespace}
        return self._cluster.review(GROUP, "SelfSubjectRulesReview", spec, _RulesReview).status

    def _review(self, right: _Right) -> bool:
        attributes = {
            "verb": right.verb,
            "group": right.group,
            "resource": right.resource,
            "name": right.name,
        }
        if (right.group, right.resource) not in _SCOPE:
            attributes["namespace"] = self._cluster.namespace
        spec = {"resourceAttributes": {key: value for key, value in attributes.items() if value}}
        review = self._cluster.review(GROUP, "SelfSubjectAccessReview", spec, _AccessReview)
        return review.status.allowed


def _among(wanted: str, granted: tuple[str, ...]) -> bool:
    return wanted in granted or "*" in granted


__all__ = ["RIGHTS", "Access", "NeededRight"]
