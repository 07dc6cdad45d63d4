"""Namespaces: what each has from the start, and how it goes with everything in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.kinds import stored
from netapp_jlab.demo.controllers.controller import Controller, RetryError
from netapp_jlab.demo.controllers.objects import being_deleted, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["NamespaceCleaner", "ServiceAccounts"]


class ServiceAccounts(Controller):
    """Gives each namespace its ``default`` service account.

    After ``k8s.io/kubernetes/pkg/controller/serviceaccount``.
    """

    component = "serviceaccount-controller"
    watches = ("Namespace", "ServiceAccount")

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the namespace."""
        return (obj["metadata"].get("namespace") or obj["metadata"]["name"],)

    def reconcile(self, key: str) -> None:
        """Make one namespace's default account, if it is missing."""
        namespace = self.cluster.find("Namespace", key)
        if namespace is None or being_deleted(namespace):
            return
        if self.cluster.find("ServiceAccount", f"{key}/default") is None:
            account = {"metadata": {"name": "default", "namespace": key}}
            try:
                self.cluster.store.create("ServiceAccount", account)
            except ApiError as error:
                if error.reason != "AlreadyExists":
                    raise


class NamespaceCleaner(Controller):
    """Empties namespaces that are deleted, then lets them go.

    After ``k8s.io/kubernetes/pkg/controller/namespace/deletion``.
    """

    component = "namespace-controller"
    watches = ("*",)
    delays = (0.05, 5.0)

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the namespace itself, or that of something that is going or gone."""
        if obj["kind"] == "Namespace":
            return (key_of(obj),)
        namespace = obj["metadata"].get("namespace")
        return (namespace,) if namespace in self._going else ()

    @property
    def _going(self) -> list[str]:
        return self.cluster.going_namespaces.mentioning()

    def reconcile(self, key: str) -> None:
        """Delete what one namespace holds, and the namespace once it is empty."""
        namespace = self.cluster.find("Namespace", key)
        if namespace is None or not being_deleted(namespace):
            return
        left = [
            obj for kind in stored() if kind.namespaced for obj in self._content(kind.kind, key)
        ]
        for obj in left:
            if not being_deleted(obj):
                self.cluster.delete(obj)
        if any(self.cluster.find(obj["kind"], key_of(obj)) for obj in left):
            raise RetryError(f"{len(left)} objects are going")
        self._finalize(namespace)

    def _content(self, kind: str, namespace: str) -> list[Object]:
        return self.cluster.store.list(kind, namespace).items

    def _finalize(self, namespace: Object) -> None:
        def edit(new: Object) -> None:
            new["spec"] = {**new.get("spec", {}), "finalizers": []}

        self.cluster.change(namespace, edit, subresource="finalize")
