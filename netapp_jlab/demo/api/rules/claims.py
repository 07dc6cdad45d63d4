"""Claims, volumes and storage classes.

After ``ValidatePersistentVolumeClaim*`` in ``k8s.io/kubernetes/pkg/apis/core/validation`` and
``pkg/api/persistentvolumeclaim``.
"""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors, names, quantity

from .base import Rules

if TYPE_CHECKING:
    from netapp_jlab.demo.api.errors import Cause
    from netapp_jlab.demo.api.kinds import Kind

Object = dict[str, Any]

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES = ("Block", "Filesystem")
_IMMUTABLE = "field is immutable"
_SPEC_IMMUTABLE = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName "
    "for bound claims"
)
_NOT_POSITIVE = "must be greater than zero"


def requested(claim: Object) -> str | None:
    """Return the size that a claim asks for, as it is written."""
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    size = requests.get("storage")
    return None if size is None else str(size)


class ClaimRules(Rules):
    """PersistentVolumeClaim."""

    def default(self, obj: Object) -> None:
        """Fill in the volume mode; mirror ``dataSource`` and ``dataSourceRef``."""
        spec = obj.setdefault("spec", {})
        spec.setdefault("volumeMode", "Filesystem")
        spec.setdefault("resources", {})

    def prepare_create(self, kind: Kind, obj: Object) -> None:
        """Begin as pending."""
        super().prepare_create(kind, obj)
        if (obj["spec"].get("dataSourceRef") or {}).get("namespace"):
            del obj["spec"]["dataSourceRef"]  # the feature CrossNamespaceVolumeDataSource is off
        _mirror_source(obj["spec"], None)
        obj["status"] = {"phase": "Pending"}

    def prepare_update(self, kind: Kind, new: Object, old: Object) -> None:
        """Keep the status, and mirror the data source for clients that know only one of both."""
        super().prepare_update(kind, new, old)
        _mirror_source(new["spec"], old["spec"])

    def validate(self, obj: Object) -> list[Cause]:
        """Check modes, size, class and source."""
        spec = obj["spec"]
        found = _validate_modes(spec.get("accessModes") or [], "at least 1 access mode is required")
        found += _validate_size(requested(obj))
        class_name = spec.get("storageClassName")
        if class_name:
            texts = names.subdomain(class_name)
            found += [errors.invalid("spec.storageClassName", class_name, text) for text in texts]
        mode = spec.get("volumeMode")
        if mode not in _VOLUME_MODES:
            found.append(errors.not_supported("spec.volumeMode", mode, _VOLUME_MODES))
        return found + _validate_sources(spec)

    def warnings(self, obj: Object) -> list[str]:
        """Tell of sizes that are no whole number of bytes."""
        size = requested(obj)
        if size is None or quantity.value(size).denominator == 1:
            return []
        field = "spec.resources.requests[storage]"
        return [f'{field}: fractional byte value "{size}" is invalid, must be an integer']

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Keep the specification, except for growth and the one-time choice of volume and class."""
        found = self.validate(new)
        change = _forbidden_change(new, old)
        if change:
            found.append(errors.forbidden_field("spec", f"{_SPEC_IMMUTABLE}\n{change}"))
        found += _validate_growth(new, old)
        mode = new["spec"].get("volumeMode")
        if mode != old["spec"].get("volumeMode"):
            found.append(errors.invalid("volumeMode", mode, _IMMUTABLE))
        return found

    def validate_status(self, new: Object, old: Object) -> list[Cause]:  # noqa: ARG002
        """Check the capacity."""
        capacity = (new.get("status") or {}).get("capacity") or {}
        return [
            errors.invalid(
                f"status.capacity[{name}]",
                quantity.whole(size),
                "must be a valid resource quantity",
            )
            for name, size in capacity.items()
            if quantity.value(size) < 0
        ]


def _mirror_source(spec: Object, old: Object | None) -> None:
    """Copy ``dataSource`` to ``dataSourceRef`` or back; drop sources that were never supported."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    had_source = old is not None and ("dataSource" in old or "dataSourceRef" in old)
    if source and not reference and not had_source and not _known_source(source):
        spec.pop("dataSource")
        return
    if source and not reference:
        spec["dataSourceRef"] = dict(source)
    elif reference and not source and not reference.get("namespace"):
        spec["dataSource"] = dict(reference)


def _known_source(source: Object) -> bool:
    group = source.get("apiGroup") or ""
    return (source.get("kind"), group) in (
        ("PersistentVolumeClaim", ""),
        ("VolumeSnapshot", "snapshot.storage.k8s.io"),
    )


def _validate_modes(modes: list[str], missing: str = "") -> list[Cause]:
    field = "spec.accessModes"
    if not modes:
        return [errors.required(field, missing)]
    unknown = [mode for mode in modes if mode not in ACCESS_MODES]
    found = [errors.not_supported(field, mode, ACCESS_MODES) for mode in unknown]
    known = set(modes) & set(ACCESS_MODES)
    if "ReadWriteOncePod" in known and len(known) > 1:
        detail = "may not use ReadWriteOncePod with other access modes"
        found.append(errors.forbidden_field(field, detail))
    return found


def _validate_size(size: str | None) -> list[Cause]:
    field = "spec.resources[storage]"
    if size is None:
        return [errors.required(field)]
    if quantity.value(size) <= 0:
        return [errors.invalid(field, size, _NOT_POSITIVE)]
    return []


def _validate_sources(spec: Object) -> list[Cause]:
    found: list[Cause] = []
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is not None:
        found += _validate_source("spec.dataSource", source)
    if reference is not None:
        found += _validate_source("spec.dataSourceRef", reference)
    if not source or not reference:
        return found
    if reference.get("namespace"):
        detail = "may not be specified when dataSourceRef.namespace is specified"
        found.append(errors.invalid("spec", {}, detail))
    elif any(source.get(name) != reference.get(name) for name in ("apiGroup", "kind", "name")):
        found.append(errors.invalid("spec", {}, "must match dataSourceRef"))
    return found


def _validate_source(field: str, source: Object) -> list[Cause]:
    found = [
        errors.required(f"{field}.{name}") for name in ("name", "kind") if not source.get(name)
    ]
    group, kind = source.get("apiGroup") or "", source.get("kind") or ""
    if not group and kind != "PersistentVolumeClaim":
        detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        found.append(errors.invalid(field, kind, detail))
    if group:
        texts = names.subdomain(group)
        found += [errors.invalid(f"{field}.apiGroup", group, text) for text in texts]
    return found


def _forbidden_change(new: Object, old: Object) -> str:
    """Return what changed that may not, as lines of a diff; empty when nothing did."""
    wanted, was = _internal(new["spec"]), _internal(old["spec"])
    if not was["VolumeName"]:
        was["VolumeName"] = wanted["VolumeName"]
    if was["StorageClassName"] is None:
        was["StorageClassName"] = wanted["StorageClassName"]
    if (new.get("status") or {}).get("phase") == "Bound":
        wanted["Resources"]["Requests"] = was["Resources"]["Requests"]
        wanted["VolumeAttributesClassName"] = was["VolumeAttributesClassName"]
    if wanted == was:
        return ""
    before, after = (json.dumps(spec, indent=1).splitlines() for spec in (was, wanted))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=3))[2:]
    return "\n".join(lines) + "\n"


def _internal(spec: Object) -> Object:
    """Return a specification as a real server prints it in a diff: its Go fields, all of them."""
    resources = spec.get("resources") or {}
    reference = spec.get("dataSourceRef")
    return {
        "AccessModes": spec.get("accessModes"),
        "Selector": spec.get("selector"),
        "Resources": {"Limits": resources.get("limits"), "Requests": resources.get("requests")},
        "VolumeName": spec.get("volumeName") or "",
        "StorageClassName": spec.get("storageClassName"),
        "VolumeMode": spec.get("volumeMode"),
        "DataSource": _internal_source(spec.get("dataSource")),
        "DataSourceRef": reference
        and {**(_internal_source(reference) or {}), "Namespace": reference.get("namespace")},
        "VolumeAttributesClassName": spec.get("volumeAttributesClassName"),
    }


def _internal_source(source: Object | None) -> Object | None:
    if source is None:
        return None
    return {
        "APIGroup": source.get("apiGroup"),
        "Kind": source.get("kind"),
        "Name": source.get("name"),
    }


def _validate_growth(new: Object, old: Object) -> list[Cause]:
    size, before = requested(new), requested(old)
    if size is None or before is None or quantity.value(size) >= quantity.value(before):
        return []
    capacity = ((old.get("status") or {}).get("capacity") or {}).get("storage", "0")
    if quantity.value(size) > quantity.value(capacity):
        return []  # undoes a growth that has not happened
    detail = "field can not be less than status.capacity"
    return [errors.forbidden_field("spec.resources.requests.storage", detail)]


class VolumeRules(Rules):
    """PersistentVolume."""

    def default(self, obj: Object) -> None:
        """Fill in mode and reclaim policy."""
        spec = obj.setdefault("spec", {})
        spec.setdefault("volumeMode", "Filesystem")
        spec.setdefault("persistentVolumeReclaimPolicy", "Retain")

    def prepare_create(self, kind: Kind, obj: Object) -> None:
        """Begin as pending."""
        super().prepare_create(kind, obj)
        obj["status"] = {"phase": "Pending"}

    def validate(self, obj: Object) -> list[Cause]:
        """Check modes, capacity and that it has exactly one source."""
        spec = obj["spec"]
        found = _validate_modes(spec.get("accessModes") or [])
        capacity = spec.get("capacity") or {}
        size = capacity.get("storage")
        if not capacity:
            found.append(errors.required("spec.capacity"))
        if size is None:
            found.append(errors.not_supported("spec.capacity", capacity or None, ["storage"]))
        elif quantity.value(size) <= 0:
            found.append(errors.invalid("spec.capacity[storage]", size, _NOT_POSITIVE))
        sources = [name for name in _VOLUME_SOURCES if name in spec]
        if not sources:
            found.append(errors.required("spec", "must specify a volume type"))
        found += [
            errors.forbidden_field(f"spec.{name}", "may not specify more than 1 volume type")
            for name in sources[1:]
        ]
        return found

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Keep the source once it is chosen."""
        found = self.validate(new)
        if any(new["spec"].get(name) != old["spec"].get(name) for name in _VOLUME_SOURCES):
            detail = "spec.persistentvolumesource is immutable after creation"
            found.append(errors.forbidden_field("spec.persistentvolumesource", detail))
        mode = new["spec"].get("volumeMode")
        if mode != old["spec"].get("volumeMode"):
            found.append(errors.invalid("volumeMode", mode, _IMMUTABLE))
        return found


_VOLUME_SOURCES = ("hostPath", "nfs", "iscsi", "rbd", "cephfs", "fc", "local", "csi")


class StorageClassRules(Rules):
    """StorageClass."""

    def default(self, obj: Object) -> None:
        """Fill in reclaim policy and binding mode."""
        obj.setdefault("reclaimPolicy", "Delete")
        obj.setdefault("volumeBindingMode", "Immediate")

    def validate(self, obj: Object) -> list[Cause]:
        """Check provisioner and policies."""
        found = []
        if not obj.get("provisioner"):
            found.append(errors.required("provisioner"))
        for field, known in (
            ("reclaimPolicy", ("Delete", "Retain")),
            ("volumeBindingMode", ("Immediate", "WaitForFirstConsumer")),
        ):
            if obj.get(field) not in known:
                found.append(errors.not_supported(field, obj.get(field), known))
        return found

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Keep everything that volumes were made by."""
        return self.validate(new) + [
            errors.invalid(field, new.get(field), _IMMUTABLE)
            for field in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
            if new.get(field) != old.get(field)
        ]
