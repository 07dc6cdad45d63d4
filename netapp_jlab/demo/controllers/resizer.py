"""Claims that ask for more than they have.

After the external-resizer (``expand_and_recover.go``) and the expand controller of Kubernetes. The
array's volumes are directories, so as with NFS no node has to grow a file system afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers import quantity
from netapp_jlab.demo.controllers.controller import Controller, RetryError
from netapp_jlab.demo.controllers.csi import rpc_error
from netapp_jlab.demo.controllers.names import DRIVERS
from netapp_jlab.demo.controllers.objects import (
    annotation,
    being_deleted,
    phase,
    same_reference,
    set_annotation,
    status,
    timestamp,
)
from netapp_jlab.demo.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["Resizer"]

_RESIZER = "volume.kubernetes.io/storage-resizer"
_CONDITIONS = ("Resizing", "FileSystemResizePending", "ControllerResizeError", "NodeResizeError")


class Resizer(Controller):
    """Grows volumes to what their claims request."""

    component = "external-resizer csi.trident.netapp.io"
    watches = ("PersistentVolumeClaim",)
    workers = 2
    delays = (1.0, 300.0)

    def reconcile(self, key: str) -> None:
        """Grow the volume of one claim."""
        claim = self.cluster.find("PersistentVolumeClaim", key)
        if claim is None or being_deleted(claim) or phase(claim) != "Bound":
            return
        requested = quantity.parse(claim["spec"]["resources"]["requests"]["storage"])
        if requested <= quantity.parse(status(claim)["capacity"]["storage"]):
            return
        volume = self.cluster.find("PersistentVolume", claim["spec"]["volumeName"])
        if volume is None or not same_reference(volume["spec"].get("claimRef"), claim):
            return
        csi = volume["spec"].get("csi")
        if csi and csi["driver"] in DRIVERS:
            self._expand(claim, volume, requested)

    def _expand(self, claim: Object, volume: Object, size: int) -> None:
        driver, name = volume["spec"]["csi"]["driver"], volume["metadata"]["name"]
        if annotation(claim, _RESIZER) != driver:
            self.cluster.change(claim, lambda new: set_annotation(new, _RESIZER, driver))
            self.recorder.normal(
                claim,
                "ExternalExpanding",
                "waiting for an external controller to expand this PVC",
            )
        wanted = quantity.write_binary(size)
        self._set_status(claim, lambda new: _begin(new, wanted))
        self.recorder.normal(claim, "Resizing", f"External resizer is resizing volume {name}")
        try:
            self.cluster.endure("resize")
            grown = self.cluster.storage.expand_volume(volume["spec"]["csi"]["volumeHandle"], size)
        except StorageError as error:
            message = f'resize volume "{name}" by resizer "{driver}" failed: {rpc_error(error)}'
            self.recorder.warning(claim, "VolumeResizeFailed", message)
            failed = _condition("ControllerResizeError", f"failed to expand pvc with {message}")
            self._set_status(claim, lambda new: _add_condition(new, failed))
            raise RetryError(message) from error
        capacity = {"storage": quantity.write_binary(grown.size)}
        self.cluster.change(volume, lambda new: new["spec"].update(capacity=capacity))
        self._set_status(claim, lambda new: _finish(new, capacity))
        self.recorder.normal(claim, "VolumeResizeSuccessful", "Resize volume succeeded")

    def _set_status(self, claim: Object, edit: Callable[[Object], None]) -> None:
        self.cluster.change(claim, lambda new: edit(new["status"]), subresource="status")


def _condition(kind: str, message: str = "") -> Object:
    found = {"type": kind, "status": "True", "lastTransitionTime": timestamp()}
    return {**found, "message": message} if message else {**found, "lastProbeTime": None}


def _add_condition(new: Object, condition: Object) -> None:
    others = [one for one in new.get("conditions") or [] if one["type"] != condition["type"]]
    new["conditions"] = [*others, condition]


def _begin(new: Object, wanted: str) -> None:
    if any(one["type"] == "Resizing" for one in new.get("conditions") or []):
        return
    _add_condition(new, _condition("Resizing"))
    new["allocatedResources"] = {"storage": wanted}
    new["allocatedResourceStatuses"] = {"storage": "ControllerResizeInProgress"}


def _finish(new: Object, capacity: dict[str, str]) -> None:
    new["capacity"] = capacity
    new["allocatedResources"] = capacity
    new.pop("allocatedResourceStatuses", None)
    kept = [one for one in new.get("conditions") or [] if one["type"] not in _CONDITIONS]
    if kept:
        new["conditions"] = kept
    else:
        new.pop("conditions", None)
