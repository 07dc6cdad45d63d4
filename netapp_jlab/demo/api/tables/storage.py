"""Tables of claims, volumes and classes, after ``k8s.io/kubernetes/pkg/printers``."""

from __future__ import annotations

from typing import Any

from .cells import AGE, NAME, Column, at, phase, wide

Object = dict[str, Any]

_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_DEFAULT = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_CLASS = "volume.beta.kubernetes.io/storage-class"


def _modes(modes: list[str] | None) -> str:
    given = modes or []
    return ",".join(short for mode, short in _MODES.items() if mode in given)


def _class(obj: Object) -> str:
    annotated = (obj["metadata"].get("annotations") or {}).get(_CLASS)
    return str(annotated or at("spec.storageClassName")(obj))


def _bound(obj: Object) -> bool:
    return bool(at("spec.volumeName")(obj))


def _claim_of(volume: Object) -> str:
    claim = at("spec.claimRef", None)(volume)
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


def _class_name(obj: Object) -> str:
    annotations = obj["metadata"].get("annotations") or {}
    default = any(annotations.get(name) == "true" for name in _DEFAULT)
    return f"{obj['metadata']['name']}{' (default)' if default else ''}"


def _audiences(driver: Object) -> str:
    requests = at("spec.tokenRequests", None)(driver)
    return "<unset>" if requests is None else ",".join(item["audience"] for item in requests)


_VOLUME_MODE = wide("VolumeMode", at("spec.volumeMode", "<unset>"))
_ATTRIBUTES = Column("VolumeAttributesClass", at("spec.volumeAttributesClassName", "<unset>"))

TABLES: dict[str, list[Column]] = {
    "PersistentVolumeClaim": [
        NAME,
        Column("Status", phase),
        Column("Volume", at("spec.volumeName")),
        Column("Capacity", lambda o: at("status.capacity.storage", "0")(o) if _bound(o) else ""),
        Column(
            "Access Modes",
            lambda o: _modes(at("status.accessModes", [])(o)) if _bound(o) else "",
        ),
        Column("StorageClass", _class),
        _ATTRIBUTES,
        AGE,
        _VOLUME_MODE,
    ],
    "PersistentVolume": [
        NAME,
        Column("Capacity", at("spec.capacity.storage", "0")),
        Column("Access Modes", lambda o: _modes(at("spec.accessModes", [])(o))),
        Column("Reclaim Policy", at("spec.persistentVolumeReclaimPolicy")),
        Column("Status", phase),
        Column("Claim", _claim_of),
        Column("StorageClass", _class),
        _ATTRIBUTES,
        Column("Reason", at("status.reason")),
        AGE,
        _VOLUME_MODE,
    ],
    "StorageClass": [
        Column("Name", _class_name, format="name"),
        Column("Provisioner", at("provisioner")),
        Column("ReclaimPolicy", at("reclaimPolicy", "Delete")),
        Column("VolumeBindingMode", at("volumeBindingMode", "Immediate")),
        Column("AllowVolumeExpansion", at("allowVolumeExpansion", default=False)),
        AGE,
    ],
    "CSIDriver": [
        NAME,
        Column("AttachRequired", at("spec.attachRequired", default=True), "boolean"),
        Column("PodInfoOnMount", at("spec.podInfoOnMount", default=False), "boolean"),
        Column("StorageCapacity", at("spec.storageCapacity", default=False), "boolean"),
        Column("TokenRequests", _audiences),
        Column("RequiresRepublish", at("spec.requiresRepublish", default=False), "boolean"),
        Column("Modes", lambda o: ",".join(at("spec.volumeLifecycleModes", [])(o)) or "<none>"),
        AGE,
    ],
    "VolumeAttachment": [
        NAME,
        Column("Attacher", at("spec.attacher"), format="name"),
        Column("PV", at("spec.source.persistentVolumeName")),
        Column("Node", at("spec.nodeName")),
        Column("Attached", at("status.attached", default=False), "boolean"),
        AGE,
    ],
}
