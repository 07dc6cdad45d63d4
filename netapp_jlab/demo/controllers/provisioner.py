"""Volumes for claims that ask for one of the embedded array's drivers.

After ``sig-storage-lib-external-provisioner`` (``provisionClaimOperation``) and the
external-provisioner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.controllers import quantity
from netapp_jlab.demo.controllers.controller import Controller, RetryError
from netapp_jlab.demo.controllers.csi import rpc_error, volume_attributes
from netapp_jlab.demo.controllers.names import (
    DATA_SOURCE_KINDS,
    DRIVERS,
    PROVISIONED_BY,
    PROVISIONER_FINALIZER,
    SELECTED_NODE,
    STORAGE_PROVISIONERS,
    TRIDENT,
)
from netapp_jlab.demo.controllers.objects import (
    annotation,
    being_deleted,
    claim_class,
    key_of,
    reference,
)
from netapp_jlab.demo.controllers.sources import SourceError, content_source
from netapp_jlab.demo.storage import InvalidArgumentError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.controllers.objects import Object
    from netapp_jlab.demo.storage import Source, Volume

__all__ = ["Provisioner"]

_SHOW_SNAPSHOTS = "trident.netapp.io/snapshotDirectory"


class Provisioner(Controller):
    """Makes the volume of a claim, and the PersistentVolume that describes it."""

    component = "csi.trident.netapp.io_netapp-jlab-demo"
    watches = ("PersistentVolumeClaim", "VolumeSnapshot", "StorageClass")
    workers = 4
    delays = (1.0, 300.0)

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the claims that a change may bring forward: a source may be ready now."""
        if obj["kind"] == "StorageClass":
            return self.cluster.pending_claims_by_class.get(obj["metadata"]["name"])
        waiting = self.cluster.pending_claims_by_source.get(f"{obj['kind']}/{key_of(obj)}")
        return waiting if obj["kind"] == "VolumeSnapshot" else {key_of(obj), *waiting}

    def reconcile(self, key: str) -> None:
        """Provision one claim, if that is this driver's task and not done yet."""
        claim = self.cluster.find("PersistentVolumeClaim", key)
        if claim is None or being_deleted(claim) or claim["spec"].get("volumeName"):
            return
        driver = annotation(claim, STORAGE_PROVISIONERS[-1])
        name = f"pvc-{claim['metadata']['uid']}"
        if driver not in DRIVERS or self.cluster.find("PersistentVolume", name):
            return
        storage_class = self.cluster.find("StorageClass", claim_class(claim) or "-")
        if storage_class is None or storage_class["provisioner"] != driver:
            return
        waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        if waits and not annotation(claim, SELECTED_NODE):
            return
        self._provision(claim, storage_class, name)

    def _provision(self, claim: Object, storage_class: Object, name: str) -> None:
        source = claim["spec"].get("dataSource") or claim["spec"].get("dataSourceRef")
        self.recorder.normal(
            claim,
            "Provisioning",
            f'External provisioner is provisioning volume for claim "{key_of(claim)}"',
        )
        if source and source["kind"] not in DATA_SOURCE_KINDS:
            self.recorder.normal(
                claim, "Provisioning", "Assuming an external populator will provision the volume"
            )
            return
        try:
            if claim["spec"].get("selector"):
                raise SourceError("claim Selector is not supported")
            volume = self._make(claim, storage_class, name)
        except SourceError as error:
            self._fail(claim, str(error), error)
        except InvalidArgumentError as error:
            infeasible = (
                "Volume provisioning failed with infeasible error. Retries will be delayed. "
            )
            self._fail(claim, infeasible + rpc_error(error), error)
        except StorageError as error:
            self._fail(claim, rpc_error(error), error)
        else:
            self._publish(claim, storage_class, volume)

    def _fail(self, claim: Object, message: str, error: Exception) -> None:
        self.recorder.warning(claim, "ProvisioningFailed", message)
        raise RetryError(message) from error

    def _make(self, claim: Object, storage_class: Object, name: str) -> Volume:
        driver = storage_class["provisioner"]
        source = content_source(self.cluster, claim, storage_class)
        self.cluster.endure("provision")
        shown = driver == TRIDENT and annotation(claim, _SHOW_SNAPSHOTS) != "false"
        return self._create(claim, name, source, shown=shown)

    def _create(self, claim: Object, name: str, source: Source | None, *, shown: bool) -> Volume:
        size = quantity.parse(claim["spec"]["resources"]["requests"]["storage"])
        return self.cluster.storage.create_volume(name, size, source, show_snapshots=shown)

    def _publish(self, claim: Object, storage_class: Object, volume: Volume) -> None:
        """Store the PersistentVolume; the binder does the rest.

        A claim that was deleted meanwhile gets its volume all the same: it is released at once, and
        deleted like any other. So nothing is left on the array.
        """
        driver = storage_class["provisioner"]
        spec = claim["spec"]
        described: Object = {
            "metadata": {
                "name": volume.handle,
                "annotations": {
                    PROVISIONED_BY: driver,
                    "volume.kubernetes.io/provisioner-deletion-secret-name": "",
                    "volume.kubernetes.io/provisioner-deletion-secret-namespace": "",
                },
                "finalizers": [PROVISIONER_FINALIZER],
            },
            "spec": {
                "accessModes": spec["accessModes"],
                "capacity": {"storage": quantity.write_binary(volume.size)},
                "claimRef": reference(claim),
                "csi": {
                    "driver": driver,
                    "volumeHandle": volume.handle,
                    "volumeAttributes": volume_attributes(driver, volume),
                },
                "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
                "storageClassName": storage_class["metadata"]["name"],
                "volumeMode": spec.get("volumeMode", "Filesystem"),
            },
        }
        if storage_class.get("mountOptions"):
            described["spec"]["mountOptions"] = storage_class["mountOptions"]
        try:
            self.cluster.store.create("PersistentVolume", described)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
        self.recorder.normal(
            claim, "ProvisioningSucceeded", f"Successfully provisioned volume {volume.handle}"
        )
