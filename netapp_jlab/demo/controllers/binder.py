"""Claims find their volumes.

After ``k8s.io/kubernetes/pkg/controller/volume/persistentvolume`` (``syncClaim``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers import quantity
from netapp_jlab.demo.controllers.controller import Controller
from netapp_jlab.demo.controllers.matching import mismatch, smallest_match
from netapp_jlab.demo.controllers.names import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    SELECTED_NODE,
    STORAGE_PROVISIONERS,
)
from netapp_jlab.demo.controllers.objects import (
    annotation,
    being_deleted,
    claim_class,
    key_of,
    phase,
    same_reference,
    set_annotation,
    status,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["ClaimBinder", "default_class"]


class ClaimBinder(Controller):
    """Binds claims to volumes that exist, and asks the provisioner for those that don't."""

    component = "persistentvolume-controller"
    watches = ("PersistentVolumeClaim", "PersistentVolume", "StorageClass", "Pod")
    workers = 2

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the claims that a change may bring forward."""
        indexes = self.cluster
        if obj["kind"] == "PersistentVolumeClaim":
            return (key_of(obj),)
        if obj["kind"] == "Pod":
            return indexes.pods_by_claim.values_of(obj)
        if obj["kind"] == "StorageClass":
            names = (obj["metadata"]["name"], "")
        else:
            names = (obj["spec"].get("storageClassName") or "", "")
        waiting = [key for name in names for key in indexes.pending_claims_by_class.get(name)]
        if obj["kind"] == "StorageClass":
            return waiting
        mine = indexes.claims_by_volume.get(obj["metadata"]["name"])
        return {*waiting, *mine, *indexes.volumes_by_claim.values_of(obj)}

    def reconcile(self, key: str) -> None:
        """Bind one claim, or find out what it waits for."""
        claim = self.cluster.find("PersistentVolumeClaim", key)
        if claim is None or being_deleted(claim):
            return
        if annotation(claim, BIND_COMPLETED):
            self._keep_bound(claim)
        elif claim["spec"].get("volumeName"):
            self._bind_to_named(claim)
        else:
            self._bind_to_any(claim)

    def _bind_to_any(self, claim: Object) -> None:
        volume = self._reserved(claim) or smallest_match(claim, self._free(claim))
        if volume is not None:
            self._bind(claim, volume)
            return
        if phase(claim) != "Pending":
            self._set_phase(claim, "Pending")
        name = claim_class(claim)
        if name is None:
            name = self._assign_default(claim)
        if not name:
            self.recorder.normal(
                claim,
                "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set",
            )
            return
        self._ask_provisioner(claim, name)

    def _ask_provisioner(self, claim: Object, class_name: str) -> None:
        storage_class = self.cluster.find("StorageClass", class_name)
        if storage_class is None:
            message = f'storageclass.storage.k8s.io "{class_name}" not found'
            self.recorder.warning(claim, "ProvisioningFailed", message)
            return
        waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        if waits and not annotation(claim, SELECTED_NODE):
            if not self.cluster.pods_by_claim.get(key_of(claim)):
                self.recorder.normal(
                    claim,
                    "WaitForFirstConsumer",
                    "waiting for first consumer to be created before binding",
                )
            return
        provisioner = storage_class["provisioner"]
        if any(annotation(claim, name) != provisioner for name in STORAGE_PROVISIONERS):

            def ask(new: Object) -> None:
                for name in STORAGE_PROVISIONERS:
                    set_annotation(new, name, provisioner)

            self.cluster.change(claim, ask)
            self.recorder.normal(
                claim,
                "ExternalProvisioning",
                "Waiting for a volume to be created either by the external provisioner "
                f"'{provisioner}' or manually by the system administrator. If volume creation is "
                "delayed, please verify that the provisioner is running and correctly registered.",
            )

    def _assign_default(self, claim: Object) -> str:
        """Give a claim that was made before there was a default class the default of now."""
        found = default_class(self.cluster.store.list("StorageClass").items)
        if found:
            self.cluster.change(
                claim, lambda new: new["spec"].setdefault("storageClassName", found)
            )
        return found

    def _bind_to_named(self, claim: Object) -> None:
        volume = self.cluster.find("PersistentVolume", claim["spec"]["volumeName"])
        if volume is None:
            if phase(claim) != "Pending":
                self._set_phase(claim, "Pending")
            return
        ref = volume["spec"].get("claimRef")
        if not ref:
            problem = mismatch(claim, volume)
            if problem:
                message = f'Cannot bind to requested volume "{volume["metadata"]["name"]}": '
                self.recorder.warning(claim, "VolumeMismatch", message + problem)
                self._set_phase(claim, "Pending")
                return
            self._bind(claim, volume)
        elif _reserves(ref, claim):
            self._bind(claim, volume)
        else:
            name = volume["metadata"]["name"]
            message = f'volume "{name}" already bound to a different claim.'
            self.recorder.warning(claim, "FailedBinding", message)
            self._set_phase(claim, "Pending")

    def _keep_bound(self, claim: Object) -> None:
        name = claim["spec"].get("volumeName")
        if not name:
            self._lose(
                claim,
                "ClaimLost",
                "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
            )
            return
        volume = self.cluster.find("PersistentVolume", name)
        if volume is None:
            self._lose(
                claim,
                "ClaimLost",
                "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
            )
        elif _reserves(volume["spec"].get("claimRef") or {}, claim) or not volume["spec"].get(
            "claimRef"
        ):
            self._bind(claim, volume)
        else:
            self._lose(
                claim,
                "ClaimMisbound",
                "Two claims are bound to the same volume, this one is bound incorrectly",
            )

    def _bind(self, claim: Object, volume: Object) -> None:
        """Point volume and claim to each other: four writes, each of which may be the last.

        A binding that was interrupted is completed from whatever of it exists.
        """
        if self.cluster.change(volume, lambda new: _point_to_claim(new, claim)) is None:
            return
        self.cluster.change(volume, _mark_bound, subresource="status")
        bound = self.cluster.change(claim, lambda new: _point_to_volume(new, volume))
        if bound is not None:
            self.cluster.change(bound, lambda new: _report(new, volume), subresource="status")

    def _reserved(self, claim: Object) -> Object | None:
        """Return the volume that was made for this claim, if it is there already."""
        for name in self.cluster.volumes_by_claim.get(key_of(claim)):
            volume = self.cluster.find("PersistentVolume", name)
            if volume and _reserves(volume["spec"].get("claimRef") or {}, claim):
                return volume
        return None

    def _free(self, claim: Object) -> list[Object]:
        names = self.cluster.free_volumes.get(claim_class(claim) or "")
        volumes = (self.cluster.find("PersistentVolume", name) for name in names)
        return [volume for volume in volumes if volume and not being_deleted(volume)]

    def _set_phase(self, claim: Object, name: str) -> None:
        def edit(new: Object) -> None:
            new["status"] = {**status(new), "phase": name}

        self.cluster.change(claim, edit, subresource="status")

    def _lose(self, claim: Object, reason: str, message: str) -> None:
        if phase(claim) != "Lost":
            self._set_phase(claim, "Lost")
            self.recorder.warning(claim, reason, message)


def default_class(classes: list[Object]) -> str:
    """Name of the default storage class: the newest of those marked, empty without any.

    After ``k8s.io/kubernetes/pkg/volume/util.GetDefaultClass``.
    """
    marked = [obj for obj in classes if is_default_class(obj)]
    marked.sort(key=lambda obj: obj["metadata"]["name"])
    marked.sort(key=lambda obj: obj["metadata"]["creationTimestamp"], reverse=True)
    return marked[0]["metadata"]["name"] if marked else ""


def is_default_class(obj: Object) -> bool:
    """Whether a storage class is marked as default, by the present or the older annotation."""
    return "true" in (
        annotation(obj, "storageclass.kubernetes.io/is-default-class"),
        annotation(obj, "storageclass.beta.kubernetes.io/is-default-class"),
    )


def _reserves(ref: Object, claim: Object) -> bool:
    """Whether a ``claimRef`` means this claim; one without uid means any claim of the name."""
    if ref.get("uid"):
        return same_reference(ref, claim)
    meta = claim["metadata"]
    return (ref.get("namespace"), ref.get("name")) == (meta["namespace"], meta["name"])


def _point_to_claim(volume: Object, claim: Object) -> None:
    ref = volume["spec"].get("claimRef")
    if same_reference(ref, claim):
        return
    if not ref:
        set_annotation(volume, BOUND_BY_CONTROLLER, "yes")
    meta = claim["metadata"]
    volume["spec"]["claimRef"] = {
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "resourceVersion": meta["resourceVersion"],
    }


def _mark_bound(volume: Object) -> None:
    if phase(volume) != "Bound":
        volume["status"] = {**status(volume), "phase": "Bound"}


def _point_to_volume(claim: Object, volume: Object) -> None:
    if not claim["spec"].get("volumeName"):
        claim["spec"]["volumeName"] = volume["metadata"]["name"]
        set_annotation(claim, BOUND_BY_CONTROLLER, "yes")
    set_annotation(claim, BIND_COMPLETED, "yes")


def _report(claim: Object, volume: Object) -> None:
    """Write what the claim got; the capacity of a bound claim is the resizer's business."""
    before = status(claim)
    if before.get("phase") == "Bound" and before.get("capacity"):
        return
    size = quantity.parse(volume["spec"]["capacity"]["storage"])
    claim["status"] = {
        **before,
        "phase": "Bound",
        "accessModes": volume["spec"]["accessModes"],
        "capacity": {"storage": quantity.write_binary(size)},
    }
