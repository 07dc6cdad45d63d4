"""What a new volume starts with: the checks of the external-provisioner, in its words.

After ``getSnapshotSource`` and ``getPVCSource`` in
``external-provisioner/pkg/controller/controller.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers import quantity
from netapp_jlab.demo.controllers.names import AS_SOURCE_FINALIZER, TRIDENT
from netapp_jlab.demo.controllers.objects import (
    annotation,
    being_deleted,
    finalizers,
    phase,
    same_reference,
    status,
)
from netapp_jlab.demo.storage import Source

if TYPE_CHECKING:
    from netapp_jlab.demo.controllers.cluster import Cluster
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["SourceError", "content_source"]

_CLONE_FROM = "trident.netapp.io/cloneFromPVC"
_CLONE_FROM_SNAPSHOT = "trident.netapp.io/cloneFromSnapshot"
_INVALID = "claim in dataSource not bound or invalid"


class SourceError(Exception):
    """The source of a claim cannot be used (yet); the message is the provisioner's."""


def content_source(cluster: Cluster, claim: Object, storage_class: Object) -> Source | None:
    """Return what the claim's volume is to be a copy of, None for an empty one.

    Raises
    ------
    SourceError
        The source is missing, not ready, too large, of another driver…
    """
    source = claim["spec"].get("dataSource") or claim["spec"].get("dataSourceRef")
    if source:
        find = {"VolumeSnapshot": _snapshot, "PersistentVolumeClaim": _claim}[source["kind"]]
        try:
            return find(cluster, claim, storage_class, source["name"])
        except SourceError as error:
            raise SourceError(
                f"error getting handle for DataSource Type {source['kind']} "
                f"by Name {source['name']}: {error}"
            ) from None
    if storage_class["provisioner"] == TRIDENT and annotation(claim, _CLONE_FROM):
        return _annotated(cluster, claim, storage_class)
    return None


def _requested(claim: Object) -> int:
    return quantity.parse(claim["spec"]["resources"]["requests"]["storage"])


def _snapshot(cluster: Cluster, claim: Object, storage_class: Object, name: str) -> Source:
    snapshot = cluster.find("VolumeSnapshot", f"{claim['metadata']['namespace']}/{name}")
    if snapshot is None:
        raise SourceError(
            f"error getting snapshot {name} from api server: "
            f'volumesnapshots.snapshot.storage.k8s.io "{name}" not found'
        )
    if being_deleted(snapshot) and AS_SOURCE_FINALIZER not in finalizers(snapshot):
        raise SourceError(f"snapshot {name} is being deleted")
    content = _content(cluster, snapshot, storage_class)
    if not status(snapshot).get("readyToUse"):
        raise SourceError(f"snapshot {name} is not Ready")
    handle = status(content).get("snapshotHandle")
    if not handle:
        raise SourceError(f"snapshot handle {name} is not available")
    needed = quantity.parse(status(snapshot).get("restoreSize", 0))
    if _requested(claim) < needed:
        raise SourceError(
            f"requested volume size {_requested(claim)} is less than the size {needed} "
            f"for the source snapshot {name}"
        )
    return Source(kind="snapshot", handle=handle)


def _content(cluster: Cluster, snapshot: Object, storage_class: Object) -> Object:
    name = snapshot["metadata"]["name"]
    bound = status(snapshot).get("boundVolumeSnapshotContentName")
    if not bound:
        raise SourceError(f"snapshot {name} not bound")
    content = cluster.find("VolumeSnapshotContent", bound)
    if content is None:
        raise SourceError(f"error getting snapshotcontent {bound} for snapshot {name}")
    if not same_reference(content["spec"]["volumeSnapshotRef"], snapshot):
        raise SourceError(
            f"snapshotcontent {bound} for snapshot {name} is bound to a different snapshot"
        )
    if content["spec"]["driver"] != storage_class["provisioner"]:
        raise SourceError(
            f"snapshotcontent {bound} for snapshot {name} is not handled by CSI driver of "
            f"StorageClass {storage_class['metadata']['name']}"
        )
    return content


def _claim(cluster: Cluster, claim: Object, storage_class: Object, name: str) -> Source:
    namespace = claim["metadata"]["namespace"]
    origin = cluster.find("PersistentVolumeClaim", f"{namespace}/{name}")
    if origin is None:
        raise SourceError(
            f'error getting PVC {name} (namespace "{namespace}") from api server: '
            f'persistentvolumeclaim "{name}" not found'
        )
    if phase(origin) != "Bound":
        found = status(origin) or "{}"
        raise SourceError(f"the PVC DataSource {name} must have a status of Bound.  Got {found}")
    if being_deleted(origin):
        raise SourceError(f"the PVC DataSource {name} is currently being deleted")
    if _requested(claim) < _requested(origin):
        raise SourceError(
            "error, new PVC request must be greater than or equal in size to the specified PVC "
            f"data source, requested {_requested(claim)} but source is {_requested(origin)}"
        )
    return Source(kind="volume", handle=_handle(cluster, origin, storage_class))


def _handle(cluster: Cluster, claim: Object, storage_class: Object) -> str:
    """Handle of the volume that a claim is bound to, if it is this driver's."""
    volume = cluster.find("PersistentVolume", claim["spec"].get("volumeName") or "-")
    csi = volume["spec"].get("csi") if volume else None
    if (
        volume is None
        or not csi
        or csi["driver"] != storage_class["provisioner"]
        or not same_reference(volume["spec"].get("claimRef"), claim)
        or phase(volume) != "Bound"
    ):
        raise SourceError(_INVALID)
    return str(csi["volumeHandle"])


def _annotated(cluster: Cluster, claim: Object, storage_class: Object) -> Source:
    """Trident's own way to ask for a clone: annotations that name the claim, and a snapshot of it.

    The snapshot is named as Trident knows it, so ``snapshot-<uid>``.
    """
    name = annotation(claim, _CLONE_FROM)
    origin = cluster.find("PersistentVolumeClaim", f"{claim['metadata']['namespace']}/{name}")
    if origin is None or phase(origin) != "Bound":
        raise SourceError(f"cloning from a PVC requires both PVCs be bound; source PVC: {name}")
    handle = _handle(cluster, origin, storage_class)
    snapshot = annotation(claim, _CLONE_FROM_SNAPSHOT)
    if snapshot:
        return Source(kind="snapshot", handle=f"{handle}/{snapshot}")
    return Source(kind="volume", handle=handle)
