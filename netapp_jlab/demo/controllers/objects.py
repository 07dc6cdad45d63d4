"""Small things that every controller says about Kubernetes objects."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

__all__ = [
    "Object",
    "add_finalizer",
    "annotation",
    "annotations_of",
    "being_deleted",
    "claim_class",
    "claim_keys_of_pod",
    "finalizers",
    "key_of",
    "parse_time",
    "phase",
    "reference",
    "remove_finalizer",
    "same_reference",
    "set_annotation",
    "split_key",
    "status",
    "timestamp",
]

Object = dict[str, Any]

_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"


def key_of(obj: Object) -> str:
    """``namespace/name``, or the name of a cluster-scoped object."""
    meta = obj["metadata"]
    namespace = meta.get("namespace")
    return f"{namespace}/{meta['name']}" if namespace else str(meta["name"])


def split_key(key: str) -> tuple[str | None, str]:
    """Namespace (None for a cluster-scoped object) and name."""
    namespace, slash, name = key.rpartition("/")
    return (namespace if slash else None, name)


def status(obj: Object) -> Object:
    """Status of an object; empty where it has none yet."""
    return obj.get("status") or {}


def phase(obj: Object) -> str:
    """``status.phase``, empty where there is none yet."""
    return str(status(obj).get("phase", ""))


def annotations_of(obj: Object) -> dict[str, str]:
    """Return the annotations of an object, not to be changed."""
    return obj["metadata"].get("annotations") or {}


def annotation(obj: Object, name: str) -> str:
    """Return one annotation, empty where it is missing."""
    return annotations_of(obj).get(name, "")


def set_annotation(obj: Object, name: str, value: str) -> None:
    """Set one annotation."""
    obj["metadata"].setdefault("annotations", {})[name] = value


def being_deleted(obj: Object) -> bool:
    """Whether somebody has deleted the object and finalizers hold it."""
    return "deletionTimestamp" in obj["metadata"]


def finalizers(obj: Object) -> list[str]:
    """Return the finalizers of an object, not to be changed."""
    return obj["metadata"].get("finalizers") or []


def add_finalizer(obj: Object, name: str) -> None:
    """Add a finalizer unless it is there."""
    if name not in finalizers(obj):
        obj["metadata"]["finalizers"] = [*finalizers(obj), name]


def remove_finalizer(obj: Object, name: str) -> None:
    """Remove a finalizer if it is there."""
    kept = [finalizer for finalizer in finalizers(obj) if finalizer != name]
    if kept:
        obj["metadata"]["finalizers"] = kept
    else:
        obj["metadata"].pop("finalizers", None)


def claim_class(claim: Object) -> str | None:
    """Storage class of a claim: empty for "none", None where it is left to the default."""
    old = annotations_of(claim).get(_BETA_CLASS)
    name = claim["spec"].get("storageClassName")
    return old if old is not None else name


def claim_keys_of_pod(pod: Object) -> list[str]:
    """Keys of the claims that a pod mounts."""
    namespace = pod["metadata"]["namespace"]
    volumes = pod["spec"].get("volumes") or []
    sources = (volume.get("persistentVolumeClaim") for volume in volumes)
    return [f"{namespace}/{source['claimName']}" for source in sources if source]


def reference(obj: Object) -> Object:
    """Return a reference to an object, as ``claimRef`` and ``involvedObject`` hold it."""
    meta = obj["metadata"]
    found = {
        "kind": obj["kind"],
        "namespace": meta.get("namespace"),
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": obj["apiVersion"],
        "resourceVersion": meta["resourceVersion"],
    }
    return {name: value for name, value in found.items() if value is not None}


def same_reference(ref: Object | None, obj: Object) -> bool:
    """Whether `ref` means this very object, not one that had its name before."""
    if not ref:
        return False
    meta = obj["metadata"]
    wanted = (meta.get("namespace"), meta["name"], meta["uid"])
    return (ref.get("namespace"), ref.get("name"), ref.get("uid")) == wanted


def timestamp(when: datetime | None = None) -> str:
    """Write a time (now, unless given) as Kubernetes does."""
    return (when or datetime.now(timezone.utc)).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """Read a time that Kubernetes wrote."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
