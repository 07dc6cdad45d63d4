"""Labels, annotations, finalizers and owners: what drivers and controllers act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .scene import MERGE, STAMP, Case, Json, Make, Request, Scene, claim, pod, snapshot

NOBODY = "users write no such key, whoever's data it names"
_TRIDENT = {
    "cloneFromPVC": "claim-{whose}",
    "cloneFromSnapshot": f"claim-{{whose}}-{STAMP}",
    "cloneFromNamespace": "{elsewhere}",
    "cloneToNamespace": "*",
    "splitOnClone": "true",
    "readOnlyClone": "true",
    "importOriginalName": "trident_pvc_of_{whose}",
    "importBackendUUID": "0a1b2c3d",
    "notManaged": "true",
    "importNoRename": "true",
    "shareFromPVC": "{elsewhere}/claim-{whose}",
    "shareToNamespace": "*",
    "mirrorRelationship": "of-{whose}",
    "exportPolicy": "everybody",
    "snapshotPolicy": "none",
    "skipRecoveryQueue": "true",
}
_OTHERS = {
    "Trident.netapp.io/cloneFromPVC": "claim-{whose}",
    "volume.beta.kubernetes.io/storage-class": "gold",
    "volume.beta.kubernetes.io/storage-provisioner": "csi.example.com",
    "volume.kubernetes.io/storage-provisioner": "csi.example.com",
    "volume.kubernetes.io/selected-node": "node-of-{whose}",
    "pv.kubernetes.io/bind-completed": "yes",
    "pv.kubernetes.io/bound-by-controller": "yes",
    "cdi.kubevirt.io/storage.clone.token": "x",
    "k8s.io/CloneOf": "claim-{whose}",
    "hub.jupyter.org/username": "{whose}",
    "netapp-jlab.io.example.com/x": "1",
}
_LABELS = {
    "netapp-jlab.io/shared": "true",
    "hub.jupyter.org/username": "{whose}",
    "hub.jupyter.org/servername": "work",
    "component": "hub",
    "app": "jupyterhub",
    "release": "hub",
}

Build = Callable[[Scene, Json], tuple[str, Json]]
"""Returns the path of a collection and an object of one's own in it, with metadata added."""


def _claim(scene: Scene, metadata: Json) -> tuple[str, Json]:
    return scene.claims, claim(scene, f"{scene.me}-new", metadata=metadata)


def _snapshot(scene: Scene, metadata: Json) -> tuple[str, Json]:
    source = f"claim-{scene.me}"
    return scene.snapshots, snapshot(scene, f"{scene.me}-new", source, metadata=metadata)


def _pod(scene: Scene, metadata: Json) -> tuple[str, Json]:
    return scene.pods, pod(scene, f"mover-{scene.me}-new", metadata=metadata)


def _made(build: Build, metadata: Callable[[Scene], Json]) -> Make:
    """Return a request for an object whose metadata is `metadata`; labels are added to its own."""

    def make(scene: Scene) -> Request:
        given = metadata(scene)
        path, body = build(scene, {})
        labels = {**body["metadata"]["labels"], **given.pop("labels", {})}
        body["metadata"] = {**body["metadata"], **given, "labels": labels}
        return Request("POST", path, body)

    return make


def _said(scene: Scene, value: str) -> str:
    return value.format(me=scene.me, whose=scene.whose, elsewhere=scene.elsewhere)


def _with(section: str, key: str, value: str) -> Callable[[Scene], Json]:
    return lambda scene: {section: {key: _said(scene, value)}}


def _after(collection: str, name: str, metadata: Callable[[Scene], Json]) -> Make:
    """Return a request that changes one's own object in a second step."""

    def make(scene: Scene) -> Request:
        path = getattr(scene, collection)
        body = {"metadata": metadata(scene)}
        return Request("PATCH", f"{path}/{name.format(me=scene.me)}", body, MERGE)

    return make


def _plain(build: Build) -> Make:
    return _made(build, lambda scene: {"annotations": {"netapp-jlab.io/note": "mine"}})


def _owner(kind: str, name: str, **more: Any) -> Callable[[Scene], Json]:
    versions = {"ReplicaSet": "apps/v1", "VolumeSnapshot": "snapshot.storage.k8s.io/v1"}

    def metadata(scene: Scene) -> Json:
        reference = {
            "apiVersion": versions.get(kind, "v1"),
            "kind": kind,
            "name": _said(scene, name),
            "uid": "0a1b2c3d-0000-4000-8000-000000000000",
            **more,
        }
        return {"ownerReferences": [reference]}

    return metadata


_OWN_MOVER = _owner("Pod", "mover-{whose}-0a1b")
_KEEP = {"finalizers": ["example.com/keep"]}
_NO_FINALIZER = "users write no finalizers"

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"Trident's {key} on a new claim",
            _made(_claim, _with("annotations", f"trident.netapp.io/{key}", value)),
            NOBODY,
        )
        for key, value in _TRIDENT.items()
    ),
    *(
        Case(
            f"Trident's {key} on one's claim afterwards",
            _after("claims", "claim-{me}", _with("annotations", f"trident.netapp.io/{key}", value)),
            NOBODY,
        )
        for key, value in _TRIDENT.items()
    ),
    *(
        Case(f"{key} on a new claim", _made(_claim, _with("annotations", key, value)), NOBODY)
        for key, value in _OTHERS.items()
    ),
    *(
        Case(
            f"{key} on one's claim afterwards",
            _after("claims", "claim-{me}", _with("annotations", key, value)),
            NOBODY,
        )
        for key, value in _OTHERS.items()
    ),
    *(
        Case(f"label {key} on a new {what}", _made(build, _with("labels", key, value)), NOBODY)
        for key, value in _LABELS.items()
        for what, build in (("claim", _claim), ("snapshot", _snapshot), ("mover", _pod))
    ),
    *(
        Case(
            f"label {key} on one's claim afterwards",
            _after("claims", "claim-{me}", _with("labels", key, value)),
            NOBODY,
        )
        for key, value in _LABELS.items()
    ),
    Case(
        "a network for a mover",
        _made(_pod, _with("annotations", "k8s.v1.cni.cncf.io/networks", "storage")),
        _plain(_pod),
    ),
    Case(
        "no AppArmor for a mover",
        _made(
            _pod,
            _with(
                "annotations", "container.apparmor.security.beta.kubernetes.io/mover", "unconfined"
            ),
        ),
        _plain(_pod),
    ),
    Case(
        "a snapshot that changes a volume's mode",
        _made(
            _snapshot,
            _with("annotations", "snapshot.storage.kubernetes.io/allow-volume-mode-change", "true"),
        ),
        _plain(_snapshot),
    ),
    *(
        Case(f"a finalizer on a new {what}", _made(build, lambda _: dict(_KEEP)), _plain(build))
        for what, build in (("claim", _claim), ("snapshot", _snapshot), ("mover", _pod))
    ),
    Case(
        "the garbage collector's finalizer on a new claim",
        _made(_claim, lambda _: {"finalizers": ["foregroundDeletion"]}),
        _NO_FINALIZER,
    ),
    Case(
        "a finalizer on one's claim afterwards",
        _after("claims", "claim-{me}", lambda _: dict(_KEEP)),
        _NO_FINALIZER,
    ),
    Case(
        "no protection for one's claim while it is mounted",
        _after("claims", "claim-{me}", lambda _: {"finalizers": None}),
        _NO_FINALIZER,
    ),
    *(
        Case(f"a new {what} that depends on another's mover", _made(build, _OWN_MOVER))
        for what, build in (("claim", _claim), ("snapshot", _snapshot), ("mover", _pod))
    ),
    *(
        Case(f"a new claim that depends on {what}", _made(_claim, owner), _made(_claim, _OWN_MOVER))
        for what, owner in (
            ("another's server", _owner("Pod", "jupyter-{whose}")),
            ("another's claim", _owner("PersistentVolumeClaim", "claim-{whose}")),
            ("another's snapshot", _owner("VolumeSnapshot", "{whose}-named")),
            ("the proxy's replicas", _owner("ReplicaSet", "proxy")),
            ("a mover that it keeps", _owner("Pod", "mover-{me}-0a1b", blockOwnerDeletion=True)),
            ("a mover that controls it", _owner("Pod", "mover-{me}-0a1b", controller=True)),
        )
    ),
    Case(
        "a mover that counts as one of the proxy's replicas",
        _made(_pod, _owner("ReplicaSet", "proxy", controller=True)),
        _made(_pod, _OWN_MOVER),
    ),
    Case(
        "one's claim depends on another's server afterwards",
        _after("claims", "claim-{me}", _owner("Pod", "jupyter-{whose}")),
        _after("claims", "claim-{me}", _owner("Pod", "mover-{me}-0a1b")),
    ),
)
