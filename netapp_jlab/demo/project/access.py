"""Who uses the demo, and what that account may do: RBAC as on a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.project.classes import ensure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netapp_jlab.demo.api.store import Store
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["ACCOUNT", "CLUSTER_WIDE", "IN_NAMESPACE", "NAMESPACE", "add_account"]

NAMESPACE = "jupyter"
ACCOUNT = "ada"
_RBAC = "rbac.authorization.k8s.io"


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> Object:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


_SNAPSHOT_GROUP = "snapshot.storage.k8s.io"
_READ, _WRITE = ("get", "list", "watch"), ("create", "patch", "delete")
IN_NAMESPACE = {
    "netapp-jlab-read": [
        _rule("", ["persistentvolumeclaims"], _READ),
        _rule(_SNAPSHOT_GROUP, ["volumesnapshots"], _READ),
        _rule("", ["pods"], ["get", "list"]),
        _rule("", ["events"], ["list"]),
    ],
    "netapp-jlab-snapshot": [_rule(_SNAPSHOT_GROUP, ["volumesnapshots"], _WRITE)],
    "netapp-jlab-full": [_rule("", ["persistentvolumeclaims"], _WRITE)],
}
"""The three tiers of ``rbac/``, all granted: for a namespace of one's own."""

CLUSTER_WIDE = {
    "netapp-jlab-classes": [
        _rule("storage.k8s.io", ["storageclasses"], ["get", "list"]),
        _rule(_SNAPSHOT_GROUP, ["volumesnapshotclasses"], ["get", "list"]),
        {
            "apiGroups": ["", _SNAPSHOT_GROUP],
            "resources": ["persistentvolumes", "volumesnapshotcontents"],
            "verbs": ["get", "list"],
        },
    ]
}
"""Reading classes and volumes, which no RoleBinding can grant."""


def add_account(store: Store) -> None:
    """Make the namespace, its user's service account, and what that account may do."""
    ensure(store, "Namespace", {"metadata": {"name": NAMESPACE}})
    ensure(store, "ServiceAccount", {"metadata": {"name": ACCOUNT, "namespace": NAMESPACE}})
    for name, rules in {**IN_NAMESPACE, **CLUSTER_WIDE}.items():
        ensure(store, "ClusterRole", {"metadata": {"name": name}, "rules": rules})
    for name in IN_NAMESPACE:
        ensure(store, "RoleBinding", _binding(name, NAMESPACE))
    for name in CLUSTER_WIDE:
        ensure(store, "ClusterRoleBinding", _binding(name, None))


def _binding(role: str, namespace: str | None) -> Object:
    return {
        "metadata": {"name": role, **({"namespace": namespace} if namespace else {})},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
    }
