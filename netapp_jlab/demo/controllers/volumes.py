"""What becomes of a volume: available, bound, released, and then kept or deleted.

After ``syncVolume`` of the persistent volume controller and, for the deletion, the
external-provisioner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers.controller import Controller, RetryError
from netapp_jlab.demo.controllers.csi import rpc_error
from netapp_jlab.demo.controllers.names import (
    BOUND_BY_CONTROLLER,
    DRIVERS,
    PROVISIONED_BY,
    PROVISIONER_FINALIZER,
    VOLUME_PROTECTION,
)
from netapp_jlab.demo.controllers.objects import (
    annotation,
    being_deleted,
    finalizers,
    key_of,
    phase,
    remove_finalizer,
    same_reference,
    status,
)
from netapp_jlab.demo.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["VolumeReclaimer"]


class VolumeReclaimer(Controller):
    """Releases volumes whose claim is gone and deletes those that are to be deleted."""

    component = "csi.trident.netapp.io_netapp-jlab-demo"
    watches = ("PersistentVolume", "PersistentVolumeClaim")
    workers = 2
    delays = (1.0, 300.0)

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the volumes that a change may concern."""
        if obj["kind"] == "PersistentVolume":
            return (key_of(obj),)
        name = obj["spec"].get("volumeName")
        return {*self.cluster.volumes_by_claim.get(key_of(obj)), *([name] if name else ())}

    def reconcile(self, key: str) -> None:
        """Bring one volume's phase up to date, and delete it when it is time."""
        volume = self.cluster.find("PersistentVolume", key)
        if volume is None:
            return
        wanted = self._phase(volume)
        if wanted and phase(volume) != wanted:
            volume = self._set_phase(volume, wanted)
        if volume is None:
            return
        if phase(volume) == "Released" and _reclaims(volume):
            self._delete(volume)
        elif being_deleted(volume) and phase(volume) != "Bound":
            self._let_go(volume)

    def _phase(self, volume: Object) -> str:
        ref = volume["spec"].get("claimRef")
        if not ref or not ref.get("uid"):
            return "Available"
        claim = self.cluster.find("PersistentVolumeClaim", f"{ref['namespace']}/{ref['name']}")
        if claim is None or not same_reference(ref, claim):
            return "Released"
        bound_to = claim["spec"].get("volumeName")
        if bound_to == volume["metadata"]["name"]:
            return "Bound"
        if bound_to and annotation(volume, PROVISIONED_BY) and _reclaims(volume):
            return "Released"  # made for the claim, which took another volume meanwhile
        if bound_to and annotation(volume, BOUND_BY_CONTROLLER):
            self.cluster.change(volume, _unbind)
            return "Available"
        return ""  # the binder is about to bind it

    def _set_phase(self, volume: Object, name: str) -> Object | None:
        def edit(new: Object) -> None:
            new["status"] = {**status(new), "phase": name}

        return self.cluster.change(volume, edit, subresource="status")

    def _delete(self, volume: Object) -> None:
        """Delete the volume on the array, then its object."""
        try:
            self.cluster.endure("delete")
            self.cluster.storage.delete_volume(volume["spec"]["csi"]["volumeHandle"])
        except StorageError as error:
            message = rpc_error(error)
            self.recorder.warning(volume, "VolumeFailedDelete", message)
            raise RetryError(message) from error
        self.cluster.delete(volume)
        self._let_go(volume)

    def _let_go(self, volume: Object) -> None:
        def edit(new: Object) -> None:
            remove_finalizer(new, VOLUME_PROTECTION)
            remove_finalizer(new, PROVISIONER_FINALIZER)

        if finalizers(volume):
            self.cluster.change(volume, edit)


def _reclaims(volume: Object) -> bool:
    """Whether the volume's driver is to delete it with its claim."""
    return (
        volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        and annotation(volume, PROVISIONED_BY) in DRIVERS
        and "csi" in volume["spec"]
    )


def _unbind(volume: Object) -> None:
    volume["spec"].pop("claimRef", None)
    volume["metadata"]["annotations"].pop(BOUND_BY_CONTROLLER, None)
