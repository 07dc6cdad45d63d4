"""Annotations, finalizers and driver names, as the real controllers spell them."""

from __future__ import annotations

__all__ = [
    "AS_SOURCE_FINALIZER",
    "BEING_CREATED",
    "BEING_DELETED",
    "BIND_COMPLETED",
    "BOUND_BY_CONTROLLER",
    "BOUND_FINALIZER",
    "CLAIM_PROTECTION",
    "CLAIM_SOURCE_FINALIZER",
    "CONTENT_FINALIZER",
    "DATA_SOURCE_KINDS",
    "DRIVERS",
    "HOSTPATH",
    "NODE",
    "PROVISIONED_BY",
    "PROVISIONER_FINALIZER",
    "SELECTED_NODE",
    "SNAPSHOT_GROUP",
    "STORAGE_PROVISIONERS",
    "TRIDENT",
    "VOLUME_PROTECTION",
]

# k8s.io/component-helpers/storage/volume/pv_helpers.go
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
STORAGE_PROVISIONERS = (
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
)
CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"
PROVISIONER_FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"

# external-snapshotter/pkg/utils/util.go
SNAPSHOT_GROUP = "snapshot.storage.k8s.io"
_SNAPSHOTTER = "snapshot.storage.kubernetes.io"
CONTENT_FINALIZER = f"{_SNAPSHOTTER}/volumesnapshotcontent-bound-protection"
BOUND_FINALIZER = f"{_SNAPSHOTTER}/volumesnapshot-bound-protection"
AS_SOURCE_FINALIZER = f"{_SNAPSHOTTER}/volumesnapshot-as-source-protection"
CLAIM_SOURCE_FINALIZER = f"{_SNAPSHOTTER}/pvc-as-source-protection"
BEING_CREATED = f"{_SNAPSHOTTER}/volumesnapshot-being-created"
BEING_DELETED = f"{_SNAPSHOTTER}/volumesnapshot-being-deleted"

DATA_SOURCE_KINDS = ("VolumeSnapshot", "PersistentVolumeClaim")

TRIDENT = "csi.trident.netapp.io"
HOSTPATH = "hostpath.csi.k8s.io"
DRIVERS = (TRIDENT, HOSTPATH)
"""The CSI drivers that the embedded array plays."""

NODE = "netapp-jlab-demo"
"""The one node of the embedded cluster."""
