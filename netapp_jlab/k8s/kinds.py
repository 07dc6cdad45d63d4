"""The kinds that are read or written, and where the API server serves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

from netapp_jlab.k8s import wire

T = TypeVar("T", bound=wire.Object, covariant=True)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of object.

    Attributes
    ----------
    group : str
        API group; empty for the core group.
    plural : str
        The resource's name in paths and RBAC rules.
    kind : str
        As in manifests: ``VolumeSnapshot``.
    wire : type[T]
        What it is decoded into.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    wire: type[T]

    @property
    def api_version(self) -> str:
        """``group/version`` as in manifests."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """``plural.group``, as kubectl and RBAC rules name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str, name: str = "") -> str:
        """Return the path of the collection, or of one object.

        Parameters
        ----------
        namespace : str
            Empty for all namespaces; ignored for cluster-scoped kinds.
        """
        parts = ["apis", self.group] if self.group else ["api"]
        parts.append(self.version)
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        if name:
            parts.append(name)
        return "".join(f"/{quote(part, safe='')}" for part in parts)


SNAPSHOT_GROUP = "snapshot.storage.k8s.io"

CLAIMS = Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, wire.Claim)
PERSISTENT_VOLUMES = Kind(
    "", "v1", "persistentvolumes", "PersistentVolume", False, wire.PersistentVolume
)
PODS = Kind("", "v1", "pods", "Pod", True, wire.Pod)
EVENTS = Kind("", "v1", "events", "Event", True, wire.Event)
QUOTAS = Kind("", "v1", "resourcequotas", "ResourceQuota", True, wire.Quota)
STORAGE_CLASSES = Kind(
    "storage.k8s.io", "v1", "storageclasses", "StorageClass", False, wire.StorageClass
)
SNAPSHOTS = Kind(
    SNAPSHOT_GROUP, "v1", "volumesnapshots", "VolumeSnapshot", True, wire.VolumeSnapshot
)
SNAPSHOT_CLASSES = Kind(
    SNAPSHOT_GROUP,
    "v1",
    "volumesnapshotclasses",
    "VolumeSnapshotClass",
    False,
    wire.SnapshotClass,
)
SNAPSHOT_CONTENTS = Kind(
    SNAPSHOT_GROUP,
    "v1",
    "volumesnapshotcontents",
    "VolumeSnapshotContent",
    False,
    wire.SnapshotContent,
)
