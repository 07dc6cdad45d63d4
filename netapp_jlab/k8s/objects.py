"""Manifests of what is created."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netapp_jlab.k8s import naming
from netapp_jlab.k8s.kinds import CLAIMS, SNAPSHOT_GROUP, SNAPSHOTS, Kind
from netapp_jlab.k8s.wire import Object

Manifest = dict[str, Any]


def snapshot(
    name: str,
    *,
    claim: str,
    claim_uid: str,
    snapshot_class: str = "",
    purpose: str = "user",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Return a VolumeSnapshot of a claim.

    Parameters
    ----------
    claim_uid : str
        Written on it as a label, so that it is never taken for a snapshot of a later namesake.
    snapshot_class : str
        Empty for the default one of the claim's driver.
    labels, annotations : Mapping[str, str] | None
        Besides those every snapshot of ours has; empty values are left out.
    """
    own = {naming.VOLUME_UID: claim_uid, naming.PURPOSE: purpose}
    spec: Manifest = {"source": {"persistentVolumeClaimName": claim}}
    if snapshot_class:
        spec["volumeSnapshotClassName"] = snapshot_class
    return _manifest(SNAPSHOTS, name, spec, {**(labels or {}), **own}, annotations)


def claim(
    name: str,
    *,
    size: int,
    storage_class: str = "",
    access_modes: Sequence[str] = ("ReadWriteOnce",),
    from_snapshot: str = "",
    from_claim: str = "",
    volume_mode: str = "Filesystem",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Return a PersistentVolumeClaim, empty or filled from a snapshot or another claim.

    Parameters
    ----------
    size : int
        Bytes.
    storage_class : str
        Empty for the cluster's default one.
    from_snapshot, from_claim : str
        At most one of them: what it is filled with.
    volume_mode : str
        ``Filesystem`` or ``Block``; a clone has to have its source's.
    """
    spec: Manifest = {
        "accessModes": list(access_modes),
        "resources": {"requests": {"storage": naming.format_quantity(size)}},
    }
    if storage_class:
        spec["storageClassName"] = storage_class
    if volume_mode == "Block":
        spec["volumeMode"] = volume_mode
    if from_snapshot:
        source = {"apiGroup": SNAPSHOT_GROUP, "kind": SNAPSHOTS.kind, "name": from_snapshot}
        spec["dataSource"] = source
    elif from_claim:
        spec["dataSource"] = {"kind": CLAIMS.kind, "name": from_claim}
    return _manifest(CLAIMS, name, spec, labels, annotations)


def _manifest(
    kind: Kind[Object],
    name: str,
    spec: Manifest,
    labels: Mapping[str, str] | None,
    annotations: Mapping[str, str] | None,
) -> Manifest:
    metadata: Manifest = {
        "name": name,
        "labels": {**_filled(labels), naming.MANAGED_BY: naming.MANAGER},
    }
    if written := _filled(annotations):
        metadata["annotations"] = written
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": metadata,
        "spec": spec,
    }


def _filled(values: Mapping[str, str] | None) -> dict[str, str]:
    return {key: value for key, value in (values or {}).items() if value}
