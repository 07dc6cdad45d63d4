"""Storage of the embedded cluster: its drivers, classes and node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.controllers.names import HOSTPATH, NODE, TRIDENT

if TYPE_CHECKING:
    from netapp_jlab.demo.api.store import Store
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["LOCAL_CLASS", "NAS_CLASS", "SNAPSHOT_CLASS", "add_classes", "ensure"]

NAS_CLASS = "ontap-nas"
LOCAL_CLASS = "local-path"
SNAPSHOT_CLASS = "csi-trident"


def ensure(store: Store, kind: str, obj: Object) -> Object:
    """Create an object, or return the one of this name that is there already."""
    meta = obj["metadata"]
    try:
        return store.create(kind, obj)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise
        return store.get(kind, meta.get("namespace"), meta["name"])


def add_classes(store: Store) -> None:
    """Make what every embedded cluster has, unless it is there.

    The default class stands for ONTAP volumes with snapshots; the other one for a driver that has
    no snapshot class, so that this case can be seen too.
    """
    for driver in (TRIDENT, HOSTPATH):
        ensure(
            store,
            "CSIDriver",
            {
                "metadata": {"name": driver},
                "spec": {"attachRequired": False, "volumeLifecycleModes": ["Persistent"]},
            },
        )
    ensure(
        store,
        "StorageClass",
        {
            "metadata": {
                "name": NAS_CLASS,
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": TRIDENT,
            "parameters": {"backendType": "ontap-nas"},
            "reclaimPolicy": "Delete",
            "allowVolumeExpansion": True,
            "volumeBindingMode": "Immediate",
        },
    )
    ensure(
        store,
        "StorageClass",
        {
            "metadata": {"name": LOCAL_CLASS},
            "provisioner": HOSTPATH,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
    )
    ensure(
        store,
        "VolumeSnapshotClass",
        {
            "metadata": {
                "name": SNAPSHOT_CLASS,
                "annotations": {"snapshot.storage.kubernetes.io/is-default-class": "true"},
            },
            "driver": TRIDENT,
            "deletionPolicy": "Delete",
        },
    )
    _add_node(store)


def _add_node(store: Store) -> None:
    labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}
    node = ensure(store, "Node", {"metadata": {"name": NODE, "labels": labels}, "spec": {}})
    if not node.get("status"):
        node["status"] = {
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "KubeletReady",
                    "message": "runs no containers",
                }
            ],
            "nodeInfo": {"kubeletVersion": "v1.36.0", "operatingSystem": "linux"},
        }
        store.update("Node", node, subresource="status")
