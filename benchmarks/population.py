"""Many volumes and snapshots for the embedded cluster: copies of those its sample project has.

They are written straight into the stopped cluster's database. Each is whole (claim, volume,
snapshot, content), so the controllers find nothing to do; only the array has no data for them.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from itertools import cycle
from pathlib import Path
from typing import Any

import common
import msgspec

from netapp_jlab.demo.api.database import Database, Row

SNAPSHOT = "nightly"
"""The one of the sample project that is copied."""

Templates = dict[str, bytes]


def fill(home: Path, claims: int, snapshots: int) -> None:
    """Add objects to a demo that was started once and is stopped.

    Parameters
    ----------
    claims, snapshots : int
        How many there are to be, the sample project's own included; snapshots are spread evenly.
    """
    database = Database(str(home / "cluster.sqlite"))
    templates = _templates(database)
    present = Counter(kind for kind, *_ in database.objects())
    volumes = {
        f"data-{number:04d}": str(uuid.uuid4())
        for number in range(claims - present["PersistentVolumeClaim"])
    }
    made = [one for name, uid in volumes.items() for one in _volume(templates, name, uid)]
    names = cycle(volumes)
    for number in range(snapshots - present["VolumeSnapshot"]):
        name = next(names)
        made += _snapshot(templates, name, volumes[name], f"{name}-{number:05d}", number)
    newest = max(row.version for row in database.changes())
    for version, (kind, key, text) in enumerate(made, newest + 1):
        database.write(Row(version, "ADDED", kind, key, _versioned(text, version), None, 0))
    database.forget(newest + len(made))
    database.close()


def _templates(database: Database) -> Templates:
    """Return the sample project's workspace and one of its snapshots, by kind."""
    found = {(kind, key): raw for kind, key, _, raw in database.objects()}
    claim = found["PersistentVolumeClaim", f"{common.NAMESPACE}/{common.WORKSPACE}"]
    snapshot = found["VolumeSnapshot", f"{common.NAMESPACE}/{SNAPSHOT}"]
    volume = json.loads(claim)["spec"]["volumeName"]
    content = json.loads(snapshot)["status"]["boundVolumeSnapshotContentName"]
    return {
        "PersistentVolumeClaim": claim,
        "PersistentVolume": found["PersistentVolume", volume],
        "VolumeSnapshot": snapshot,
        "VolumeSnapshotContent": found["VolumeSnapshotContent", content],
    }


def _uid(raw: bytes) -> str:
    uid: str = json.loads(raw)["metadata"]["uid"]
    return uid


def _size(snapshot: bytes) -> str:
    size: str = json.loads(snapshot)["status"]["restoreSize"]
    return size


def _volume(templates: Templates, name: str, uid: str) -> list[tuple[str, str, str]]:
    claim, volume = templates["PersistentVolumeClaim"], templates["PersistentVolume"]
    was = _uid(claim)
    changes = {
        was: uid,
        was.replace("-", "_"): uid.replace("-", "_"),
        common.WORKSPACE: name,
        _uid(volume): str(uuid.uuid4()),
    }
    return [
        ("PersistentVolumeClaim", f"{common.NAMESPACE}/{name}", _changed(claim, changes)),
        ("PersistentVolume", f"pvc-{uid}", _changed(volume, changes)),
    ]


def _snapshot(
    templates: Templates, claim: str, claim_uid: str, name: str, number: int
) -> list[tuple[str, str, str]]:
    snapshot, content = templates["VolumeSnapshot"], templates["VolumeSnapshotContent"]
    uid = str(uuid.uuid4())
    changes = {
        _uid(templates["PersistentVolumeClaim"]): claim_uid,
        common.WORKSPACE: claim,
        _uid(snapshot): uid,
        f'"{SNAPSHOT}"': f'"{name}"',
        _uid(content): str(uuid.uuid4()),
        _size(snapshot): f"{number + 1}Ki",  # no two the same, as an array that reports used bytes
    }
    return [
        ("VolumeSnapshot", f"{common.NAMESPACE}/{name}", _changed(snapshot, changes)),
        ("VolumeSnapshotContent", f"snapcontent-{uid}", _changed(content, changes)),
    ]


def _changed(raw: bytes, changes: dict[str, str]) -> str:
    text = raw.decode()
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def _versioned(text: str, version: int) -> bytes:
    made: dict[str, Any] = json.loads(text)
    made["metadata"]["resourceVersion"] = str(version)
    return msgspec.json.encode(made)
