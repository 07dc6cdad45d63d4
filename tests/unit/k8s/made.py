"""Objects as the API server sends them."""

from __future__ import annotations

from typing import Any


def claim(name: str = "data", *, version: int | str = 1, uid: str = "", **fields: Any) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name,
            "namespace": "lab",
            "uid": uid or f"uid-{name}",
            "resourceVersion": str(version),
            "creationTimestamp": "2026-01-02T03:04:05Z",
            **fields.pop("metadata", {}),
        },
        "spec": {"resources": {"requests": {"storage": "1Gi"}}},
        **fields,
    }


def listing(*items: Any, version: int | str = 10, token: str = "") -> Any:
    metadata = {"resourceVersion": str(version)}
    if token:
        metadata["continue"] = token
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaimList",
        "metadata": metadata,
        "items": list(items),
    }


def event(kind: str, item: Any) -> Any:
    return {"type": kind, "object": item}


def bookmark(version: int | str) -> Any:
    item = {"kind": "PersistentVolumeClaim", "metadata": {"resourceVersion": str(version)}}
    return event("BOOKMARK", item)


def expired() -> Any:
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    return event("ERROR", status)
