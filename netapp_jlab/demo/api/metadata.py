"""What is the same for every kind: the system fields of ``metadata`` and the rules for the rest.

After ``k8s.io/apiserver/pkg/registry/rest/{create,update}.go`` and
``k8s.io/apimachinery/pkg/api/validation/objectmeta.go``.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from . import errors, names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .errors import Cause
    from .kinds import Kind

Object = dict[str, Any]

#: Annotations of one object may not have more bytes than this, keys and values together.
MAX_ANNOTATIONS = 256 * 1024

#: Once there, they stay; before, nobody may set them.
_CHECKED = ("deletionTimestamp", "deletionGracePeriodSeconds")

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
_STANDARD_FINALIZERS = ("kubernetes", ORPHAN, FOREGROUND)

#: Set by the server alone: what a client sends in them counts for nothing.
_SYSTEM = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
)


def timestamp(after: float = 0.0) -> str:
    """Return the time `after` seconds from now, as Kubernetes writes it (whole seconds, UTC)."""
    when = datetime.now(timezone.utc) + timedelta(seconds=after)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def prepare_create(kind: Kind, obj: Object) -> None:
    """Fill in the system fields of a new object, and its name when only a prefix is given."""
    meta = obj["metadata"]
    for name in _SYSTEM:
        meta.pop(name, None)
    if meta.get("generateName") and not meta.get("name"):
        meta["name"] = names.generate(meta["generateName"])
    meta["uid"] = str(uuid.uuid4())
    meta["creationTimestamp"] = timestamp()
    if kind.generation:
        meta["generation"] = 1


def prepare_update(new: Object, old: Object) -> None:
    """Keep the system fields of `old`; a uid that is given stays, to be checked."""
    meta, before = new["metadata"], old["metadata"]
    given_uid = meta.get("uid")
    for name in _SYSTEM:
        if name in before:
            meta[name] = before[name]
        elif name not in _CHECKED:
            meta.pop(name, None)
    if given_uid:
        meta["uid"] = given_uid
    meta.setdefault("name", before["name"])
    if "namespace" in before:
        meta.setdefault("namespace", before["namespace"])
    if "generateName" in before:
        meta.setdefault("generateName", before["generateName"])


def count_generation(kind: Kind, new: Object, old: Object) -> None:
    """Raise ``metadata.generation`` when anything but metadata and status changed."""
    if kind.generation and _specification(new) != _specification(old):
        new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _specification(obj: Object) -> Object:
    return {name: value for name, value in obj.items() if name not in ("metadata", "status")}


def validate(kind: Kind, meta: Object) -> list[Cause]:
    """Return what is wrong with the metadata of a new object."""
    found: list[Cause] = []
    prefix, name = meta.get("generateName"), meta.get("name")
    if prefix:
        texts = names.broken_rules(prefix, kind.name_rule, prefix=True)
        found += [errors.invalid("metadata.generateName", prefix, text) for text in texts]
    if not name:
        found.append(errors.required("metadata.name", "name or generateName is required"))
    else:
        texts = names.broken_rules(name, kind.name_rule)
        found += [errors.invalid("metadata.name", name, text) for text in texts]
    found += _validate_namespace(kind, meta)
    found += _validate_common(meta)
    return found + _validate_finalizers(kind, meta)


def _validate_namespace(kind: Kind, meta: Object) -> list[Cause]:
    namespace = meta.get("namespace")
    if not kind.namespaced:
        if not namespace:
            return []
        return [errors.forbidden_field("metadata.namespace", "not allowed on this type")]
    if not namespace:
        return [errors.required("metadata.namespace")]
    return [errors.invalid("metadata.namespace", namespace, t) for t in names.label(namespace)]


def _validate_common(meta: Object) -> list[Cause]:
    found: list[Cause] = []
    for key, value in (meta.get("labels") or {}).items():
        found += [errors.invalid("metadata.labels", key, text) for text in names.qualified(key)]
        found += [errors.invalid("metadata.labels", value, t) for t in names.label_value(value)]
    return (
        found
        + _validate_annotations(meta.get("annotations") or {})
        + _validate_owners(meta.get("ownerReferences") or [])
    )


def _validate_annotations(annotations: Mapping[str, str]) -> list[Cause]:
    found: list[Cause] = []
    for key in annotations:
        texts = names.qualified(key.lower())
        found += [errors.invalid("metadata.annotations", key, text) for text in texts]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > MAX_ANNOTATIONS:
        found.append(errors.too_long("metadata.annotations", MAX_ANNOTATIONS))
    return found


def _validate_owners(owners: list[Object]) -> list[Cause]:
    found: list[Cause] = []
    field = "metadata.ownerReferences"
    controller = ""
    for owner in owners:
        if not owner.get("apiVersion"):
            found.append(errors.invalid(f"{field}.apiVersion", "", "version must not be empty"))
        found += [
            errors.invalid(f"{field}.{name}", "", "must not be empty")
            for name in ("kind", "name", "uid")
            if not owner.get(name)
        ]
        if not owner.get("controller"):
            continue
        this = f"{owner.get('kind')}/{owner.get('name')}"
        if controller:
            detail = (
                "Only one reference can have Controller set to true. "
                f'Found "true" in references for {controller} and {this}'
            )
            found.append(errors.invalid(field, owners, detail))
        controller = controller or this
    return found


def _validate_finalizers(kind: Kind, meta: Object) -> list[Cause]:
    found: list[Cause] = []
    field = "metadata.finalizers"
    finalizers = meta.get("finalizers") or []
    for index, finalizer in enumerate(finalizers):
        found += [errors.invalid(field, finalizer, text) for text in names.qualified(finalizer)]
        if kind.builtin and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            found.append(errors.invalid(f"{field}[{index}]", finalizer, detail))
    if ORPHAN in finalizers and FOREGROUND in finalizers:
        detail = f"finalizer {ORPHAN} and {FOREGROUND} cannot be both set"
        found.append(errors.invalid(field, finalizers, detail))
    return found


def warnings(kind: Kind, meta: Object) -> list[str]:
    """Return what the author of an object should know about its metadata."""
    if kind.builtin:
        return []
    return [
        f'metadata.finalizers: "{name}": prefer a domain-qualified finalizer name to avoid '
        "accidental conflicts with other finalizer writers"
        for name in meta.get("finalizers") or ()
        if "/" not in name and name not in _STANDARD_FINALIZERS
    ]


def validate_update(kind: Kind, meta: Object, before: Object) -> list[Cause]:
    """Return what is wrong with the metadata of a changed object."""
    found = validate(kind, meta)
    if before.get("deletionTimestamp"):
        known = before.get("finalizers") or []
        extra = sorted(set(meta.get("finalizers") or []) - set(known))
        if extra:
            shown = "[]string{" + ", ".join(f'"{name}"' for name in extra) + "}"
            detail = (
                "no new finalizers can be added if the object is being deleted, "
                f"found new finalizers {shown}"
            )
            found.append(errors.forbidden_field("metadata.finalizers", detail))
    found += [
        errors.invalid(f"metadata.{name}", meta.get(name), "field is immutable")
        for name in ("name", "namespace", "uid", *_CHECKED)
        if meta.get(name) != before.get(name)
    ]
    return found
