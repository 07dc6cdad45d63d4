"""What a snapshot is cut from, and with which class: the snapshot-controller's checks.

After ``SetDefaultSnapshotClass`` and ``getCreateSnapshotInput`` in
``external-snapshotter/pkg/common-controller/snapshot_controller.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers.names import CLAIM_SOURCE_FINALIZER
from netapp_jlab.demo.controllers.objects import (
    add_finalizer,
    annotation,
    being_deleted,
    phase,
    same_reference,
)

if TYPE_CHECKING:
    from netapp_jlab.demo.controllers.cluster import Cluster
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["SnapshotSourceError", "SnapshotSources"]

_IS_DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"


class SnapshotSourceError(Exception):
    """A snapshot cannot be cut (yet); the message is the snapshot-controller's."""


class SnapshotSources:
    """Finds the volume and the class of a snapshot.

    Parameters
    ----------
    cluster : Cluster
        Where to look.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def default_class(self, snapshot: Object) -> str:
        """Name of the one default class for the driver of the snapshot's volume.

        Raises
        ------
        SnapshotSourceError
            There is none or there are several, or the claim has no volume yet.
        """
        volume = self._volume(snapshot)
        csi = volume["spec"].get("csi")
        if not csi:
            meta = snapshot["metadata"]
            raise SnapshotSourceError(
                "snapshotting non-CSI volumes is not supported, "
                f"snapshot:{meta['namespace']}/{meta['name']}"
            )
        defaults = [
            found["metadata"]["name"]
            for found in self._cluster.store.list("VolumeSnapshotClass").items
            if annotation(found, _IS_DEFAULT) == "true" and found["driver"] == csi["driver"]
        ]
        if not defaults:
            raise SnapshotSourceError("cannot find default snapshot class")
        if len(defaults) > 1:
            raise SnapshotSourceError(f"{len(defaults)} default snapshot classes were found")
        return str(defaults[0])

    def content_spec(self, snapshot: Object) -> Object:
        """Specification of the snapshot's content, but for the reference to the snapshot.

        Holds the claim until the snapshot is cut.

        Raises
        ------
        SnapshotSourceError
            The claim is missing, going or not bound.
        """
        self._hold(snapshot)
        name = snapshot["spec"]["volumeSnapshotClassName"]
        found = self._cluster.find("VolumeSnapshotClass", name)
        try:
            if found is None:
                raise SnapshotSourceError(
                    f'volumesnapshotclass.snapshot.storage.k8s.io "{name}" not found'
                )
            volume = self._volume(snapshot)
        except SnapshotSourceError as error:
            quoted = str(error).replace('"', '\\"')
            raise SnapshotSourceError(
                "failed to get input parameters to create snapshot "
                f'{snapshot["metadata"]["name"]}: "{quoted}"'
            ) from None
        csi = volume["spec"].get("csi")
        if not csi:
            raise SnapshotSourceError(
                f"cannot find CSI PersistentVolumeSource for volume {volume['metadata']['name']}"
            )
        return {
            "deletionPolicy": found["deletionPolicy"],
            "driver": found["driver"],
            "source": {"volumeHandle": csi["volumeHandle"]},
            "sourceVolumeMode": volume["spec"].get("volumeMode", "Filesystem"),
            "volumeSnapshotClassName": name,
        }

    def _claim(self, snapshot: Object) -> Object:
        name = snapshot["spec"]["source"]["persistentVolumeClaimName"]
        key = f"{snapshot['metadata']['namespace']}/{name}"
        claim = self._cluster.find("PersistentVolumeClaim", key)
        if claim is None:
            raise SnapshotSourceError(
                f"failed to retrieve PVC {name} from the lister: "
                f'"persistentvolumeclaim \\"{name}\\" not found"'
            )
        return claim

    def _volume(self, snapshot: Object) -> Object:
        claim = self._claim(snapshot)
        if phase(claim) != "Bound":
            raise SnapshotSourceError(
                f"the PVC {claim['metadata']['name']} is not yet bound to a PV, "
                "will not attempt to take a snapshot"
            )
        name = claim["spec"]["volumeName"]
        volume = self._cluster.find("PersistentVolume", name)
        if volume is None:
            raise SnapshotSourceError(
                f"failed to retrieve PV {name} from the API server: "
                f'"persistentvolumes \\"{name}\\" not found"'
            )
        if not same_reference(volume["spec"].get("claimRef"), claim):
            raise SnapshotSourceError("claim in dataSource not bound or invalid")
        return volume

    def _hold(self, snapshot: Object) -> None:
        claim = self._claim(snapshot)
        if being_deleted(claim):
            raise SnapshotSourceError(
                f"cannot add finalizer on claim [{claim['metadata']['name']}] for snapshot "
                f"[{snapshot['metadata']['namespace']}/{snapshot['metadata']['name']}]: "
                "claim is being deleted"
            )
        self._cluster.change(claim, lambda new: add_finalizer(new, CLAIM_SOURCE_FINALIZER))
