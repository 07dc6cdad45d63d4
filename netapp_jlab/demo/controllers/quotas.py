"""What a namespace uses of its quotas, and whether it may have more.

After ``k8s.io/kubernetes/pkg/quota/v1`` and the resource quota admission plugin. Counted afresh
from the store each time: nothing can drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.api import errors
from netapp_jlab.demo.api.kinds import KINDS, Kind, stored
from netapp_jlab.demo.controllers import quantity
from netapp_jlab.demo.controllers.controller import Controller
from netapp_jlab.demo.controllers.objects import claim_class, status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.api.store import Store
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["QuotaController", "check_quotas", "usage_of"]

_OF_CLASS = ".storageclass.storage.k8s.io/"
_STORAGE = "requests.storage"
_CLAIMS = "persistentvolumeclaims"
_OLD_COUNTS = {
    "ConfigMap": "configmaps",
    "PersistentVolumeClaim": _CLAIMS,
    "Pod": "pods",
    "ResourceQuota": "resourcequotas",
    "Secret": "secrets",
    "Service": "services",
}
"""Kinds that can also be counted without ``count/``."""


class QuotaController(Controller):
    """Writes what is used into the status of the quotas."""

    component = "resourcequota-controller"
    watches = ("*",)

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the namespace of the object, if it has a quota."""
        namespace = obj["metadata"].get("namespace")
        if not namespace or obj["kind"] == "Event":
            return ()
        return (namespace,) if self.cluster.quotas_by_namespace.get(namespace) else ()

    def reconcile(self, key: str) -> None:
        """Count what one namespace uses."""
        for name in self.cluster.quotas_by_namespace.get(key):
            quota = self.cluster.find("ResourceQuota", name)
            if quota is None:
                continue
            hard = quota["spec"].get("hard") or {}
            used = usage_of(self.cluster.store, key, list(hard))
            shown = {"hard": hard, "used": {name: _show(name, used[name]) for name in used}}

            def edit(new: Object, shown: Object = shown) -> None:
                new["status"] = {**status(new), **shown}

            self.cluster.change(quota, edit, subresource="status")


def usage_of(store: Store, namespace: str, resources: Iterable[str]) -> dict[str, int]:
    """Count what a namespace uses of the named resources; unknown names are left out."""
    used: dict[str, int] = {}
    for kind in stored():
        charged = [name for name in resources if _charges(kind, name)]
        if not charged:
            continue
        objects = store.list(kind.kind, namespace).items
        for name in charged:
            used[name] = sum(_usage(kind, obj).get(name, 0) for obj in objects)
    return used


def check_quotas(
    store: Store, operation: str, kind: Kind, new: Object | None, old: Object | None
) -> None:
    """Refuse an object that would exceed a quota of its namespace.

    Parameters
    ----------
    store : Store
        Where to count; its lock is held.
    operation, kind, new, old
        As the store tells its admission.

    Raises
    ------
    ApiError
        403, in the words of Kubernetes.
    """
    if operation == "DELETE" or new is None:
        return
    namespace = new["metadata"].get("namespace")
    if not namespace or kind.kind == "Event":
        return
    before = _usage(kind, old) if old else {}
    more = {name: amount - before.get(name, 0) for name, amount in _usage(kind, new).items()}
    more = {name: amount for name, amount in more.items() if amount > 0}
    if not more:
        return
    for quota in store.list("ResourceQuota", namespace).items:
        if not (quota["spec"].get("scopes") or quota["spec"].get("scopeSelector")):
            _check(store, quota, kind, new, more)


def _check(store: Store, quota: Object, kind: Kind, new: Object, more: dict[str, int]) -> None:
    """Refuse `new` if one quota (without scopes: none matches claims or snapshots) has no room."""
    hard = quota["spec"].get("hard") or {}
    meta = quota["metadata"]
    used = usage_of(store, meta["namespace"], [name for name in more if name in hard])
    over = sorted(name for name in used if used[name] + more[name] > quantity.parse(hard[name]))
    if not over:
        return
    requested = ",".join(f"{name}={_show(name, more[name])}" for name in over)
    in_use = ",".join(f"{name}={_show(name, used[name])}" for name in over)
    limited = ",".join(f"{name}={hard[name]}" for name in over)
    raise errors.forbidden(
        kind,
        new["metadata"]["name"],
        f"exceeded quota: {meta['name']}, requested: {requested}, used: {in_use}, "
        f"limited: {limited}",
    )


def _usage(kind: Kind, obj: Object) -> dict[str, int]:
    """Return what one object is charged with."""
    charged = {f"count/{kind.resource}": 1}
    if kind.kind in _OLD_COUNTS:
        charged[_OLD_COUNTS[kind.kind]] = 1
    if kind.kind == "PersistentVolumeClaim":
        size = quantity.parse(obj["spec"]["resources"]["requests"]["storage"])
        charged[_STORAGE] = size
        name = claim_class(obj)
        if name:
            charged[f"{name}{_OF_CLASS}{_STORAGE}"] = size
            charged[f"{name}{_OF_CLASS}{_CLAIMS}"] = 1
    return charged


def _charges(kind: Kind, name: str) -> bool:
    if name in (f"count/{kind.resource}", _OLD_COUNTS.get(kind.kind)):
        return True
    ours = kind is KINDS["PersistentVolumeClaim"]
    return ours and (name == _STORAGE or name.endswith((_OF_CLASS + _STORAGE, _OF_CLASS + _CLAIMS)))


def _show(name: str, amount: int) -> str:
    if name.endswith(_STORAGE):
        return quantity.write_binary(amount)
    return quantity.write_decimal(amount)
