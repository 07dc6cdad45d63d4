"""Who uses the demo, and what that account may do: RBAC as on a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.project.classes import ensure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netapp_jlab.demo.api.store import Store
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["ACCOUNT", "NAMESPACE", "add_account"]

NAMESPACE = "jupyter"
ACCOUNT = "ada"
_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_ALL = (*_READ, "create", "update", "patch", "delete")


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> Object:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


_IN_NAMESPACE = [
    _rule("", ["persistentvolumeclaims"], _ALL),
    _rule("snapshot.storage.k8s.io", ["volumesnapshots"], _ALL),
    _rule("", ["events", "pods", "resourcequotas"], _READ),
]
"""The full tier: for a namespace of one's own."""

_CLUSTER_WIDE = [
    _rule("storage.k8s.io", ["storageclasses"], _READ),
    _rule("snapshot.storage.k8s.io", ["volumesnapshotclasses", "volumesnapshotcontents"], _READ),
    _rule("", ["persistentvolumes"], _READ),
]
"""Reading classes and volumes, which no RoleBinding can grant."""


def add_account(store: Store) -> None:
    """Make the namespace, its user's service account, and what that account may do."""
    ensure(store, "Namespace", {"metadata": {"name": NAMESPACE}})
    ensure(store, "ServiceAccount", {"metadata": {"name": ACCOUNT, "namespace": NAMESPACE}})
    _grant(store, "netapp-jlab-full", _IN_NAMESPACE, NAMESPACE)
    _grant(store, "netapp-jlab-read-classes", _CLUSTER_WIDE, None)


def _grant(store: Store, name: str, rules: list[Object], namespace: str | None) -> None:
    prefix = "" if namespace else "Cluster"
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    ensure(store, f"{prefix}Role", {"metadata": dict(meta), "rules": rules})
    ensure(
        store,
        f"{prefix}RoleBinding",
        {
            "metadata": dict(meta),
            "roleRef": {"apiGroup": _RBAC, "kind": f"{prefix}Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
        },
    )
