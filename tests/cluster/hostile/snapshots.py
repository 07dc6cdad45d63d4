"""Snapshots: of another's volume, of the storage's, changed, deleted."""

from __future__ import annotations

from .scene import (
    APPLY,
    JSON_PATCH,
    MERGE,
    OWNER,
    SHARED,
    STAMP,
    Case,
    Json,
    Make,
    Request,
    Scene,
    snapshot,
)

GROUP = "snapshot.storage.k8s.io"
_STATUS_ONLY = "only controllers write status"


def _cut(name: str, source: str, owner: str = "") -> Make:
    """Return a request for a snapshot; braces stand for ``me`` and ``whose``."""

    def make(scene: Scene) -> Request:
        names = {"me": scene.me, "whose": scene.whose}
        whose = owner.format(**names)
        body = snapshot(scene, name.format(**names), source.format(**names), owner=whose)
        return Request("POST", scene.snapshots, body)

    return make


def _content(**more: str) -> Make:
    def make(scene: Scene) -> Request:
        body = snapshot(scene, f"{scene.me}-new", "")
        content = f"snapcontent-of-{scene.whose}"
        body["spec"]["source"] = {"volumeSnapshotContentName": content, **more}
        return Request("POST", scene.snapshots, body)

    return make


def _generated(scene: Scene) -> Request:
    body = snapshot(scene, "", f"claim-{scene.me}")
    body["metadata"] = {**body["metadata"], "generateName": f"claim-{scene.whose}-"}
    del body["metadata"]["name"]
    return Request("POST", scene.snapshots, body)


def _applied(scene: Scene) -> Request:
    name = f"{scene.me}-applied"
    body = snapshot(scene, name, f"claim-{scene.whose}")
    query = {"fieldManager": "test", "force": "true"}
    return Request("PATCH", f"{scene.snapshots}/{name}", body, APPLY, query)


def _no_label(scene: Scene) -> Request:
    body = snapshot(scene, f"claim-{scene.me}-new", f"claim-{scene.me}")
    body["metadata"]["labels"] = {}
    return Request("POST", scene.snapshots, body)


_SOURCES = {
    "claim": "claim-{whose}",
    "named server's claim": "claim-{whose}--work",
    "clone": "{whose}-copy",
    "mover's claim": "mover-{whose}-0a1b-0",
    "claim that ends in one's own name": "claim-{whose}--claim-{me}",
    "future claim": "claim-{whose}--tomorrow",
}
_ALIEN = {
    "only ends like one's own": "backup-claim-{me}",
    "begins like a shared one": f"{SHARED}-{{whose}}",
    "is the beginning of a shared one": "data",
    "is a shared one in another case": "DATASETS",
}
_OWN = _cut("{me}-new", "claim-{me}")
CUT = (
    *(
        Case(f"snapshot of another's {what}", _cut("{me}-new", name))
        for what, name in _SOURCES.items()
    ),
    *(
        Case(f"snapshot of a claim that {what}", _cut("{me}-new", name), _cut("{me}-new", SHARED))
        for what, name in _ALIEN.items()
    ),
    Case("snapshot of one's volume in another's name", _cut("claim-{whose}-new", "claim-{me}")),
    Case(
        "snapshot in the name of another's restore", _cut("claim-{whose}-undo-0002", "claim-{me}")
    ),
    Case("snapshot of one's volume named as another's", _cut("{whose}-best", "claim-{me}")),
    Case("let the API server end another's name", _generated),
    Case("snapshot of another's claim by server-side apply", _applied),
    Case(
        "snapshot of one's volume as a shared one's",
        _cut(f"{SHARED}-{STAMP[:-1]}c", "claim-{me}"),
        _cut(f"{SHARED}-{STAMP[:-1]}c", SHARED),
    ),
    Case(
        "snapshot of a shared volume under a name that others may clone for ever",
        _cut(f"{SHARED}-latest", SHARED),
        _cut("{me}-latest", SHARED),
    ),
    Case("snapshot that nobody owns by name", _cut("before-cleaning", "claim-{me}"), _OWN),
    Case("snapshot without the owner's label", _no_label, _OWN),
    Case("snapshot labelled as another's", _cut("claim-{me}-new", "claim-{me}", "{whose}")),
    Case("snapshot of the storage, by content", _content(), "nobody may: a content says no volume"),
    Case(
        "snapshot with both sources",
        _content(persistentVolumeClaimName="claim-u1"),
        "a snapshot has one source",
    ),
)


def _patch(name: str, body: object, content_type: str = MERGE, sub: str = "") -> Make:
    def make(scene: Scene) -> Request:
        full = name.format(me=scene.me, whose=scene.whose)
        filled: object = body
        if isinstance(body, dict):
            labels = body.get("metadata", {}).get("labels")
            if labels:
                filled = {
                    "metadata": {
                        "labels": {
                            key: value and value.format(me=scene.me, whose=scene.whose)
                            for key, value in labels.items()
                        }
                    }
                }
        return Request("PATCH", f"{scene.snapshots}/{full}{sub}", filled, content_type)

    return make


def _replace(scene: Scene) -> Request:
    name = f"{scene.whose}-named"
    body = snapshot(scene, name, f"claim-{scene.whose}", owner=scene.whose)
    body["metadata"]["annotations"] = {"netapp-jlab.io/note": "x"}
    return Request("PUT", f"{scene.snapshots}/{name}", body)


_CUT_OF = f"claim-{{whose}}-{STAMP}"
_NOTE: Json = {"metadata": {"annotations": {"netapp-jlab.io/note": "mine now"}}}
_RECORD: Json = {"metadata": {"annotations": {"netapp-jlab.io/operation": "{}"}}}
_EXPIRED: Json = {
    "metadata": {"annotations": {"netapp-jlab.io/expires-at": "2001-01-01T00:00:00Z"}}
}
_MINE: Json = {"metadata": {"labels": {OWNER: "{me}"}}}
_BOUND: Json = {"status": {"boundVolumeSnapshotContentName": "snapcontent-1", "readyToUse": True}}
CHANGED = (
    Case("note on another's snapshot (merge)", _patch(_CUT_OF, _NOTE)),
    Case(
        "note on another's snapshot (JSON patch)",
        _patch(
            _CUT_OF,
            [{"op": "add", "path": "/metadata/annotations", "value": {"netapp-jlab.io/note": "x"}}],
            JSON_PATCH,
        ),
    ),
    Case("note on another's named snapshot", _patch("{whose}-named", _NOTE)),
    Case("operation on another's safety snapshot", _patch("claim-{whose}-undo-0001", _RECORD)),
    Case("let another's safety snapshot expire", _patch("claim-{whose}-undo-0001", _EXPIRED)),
    Case("take another's snapshot", _patch(_CUT_OF, _MINE)),
    Case(
        "take a shared volume's snapshot",
        _patch(f"{SHARED}-{STAMP}", _MINE),
        _patch(_CUT_OF, _MINE),
    ),
    Case(
        "take what is only named like one's own", _patch("{me}-lent", _MINE), _patch(_CUT_OF, _MINE)
    ),
    Case(
        "give one's own snapshot away",
        _patch("{me}-named", {"metadata": {"labels": {OWNER: "{whose}"}}}),
    ),
    Case(
        "point one's own snapshot to another's volume",
        _patch("{me}-named", {"spec": {"source": {"persistentVolumeClaimName": "claim-u2"}}}),
        _patch("{me}-named", {"spec": {"source": {"persistentVolumeClaimName": "claim-u1"}}}),
    ),
    Case(
        "point one's own snapshot to a content",
        _patch(
            "{me}-named",
            {
                "spec": {
                    "source": {
                        "volumeSnapshotContentName": "snapcontent-1",
                        "persistentVolumeClaimName": None,
                    }
                }
            },
        ),
        "nobody may: a content says no volume",
    ),
    Case("replace another's snapshot", _replace, "the honest form is a patch", granted=False),
    Case(
        "point another's snapshot to a content (status)",
        _patch(_CUT_OF, _BOUND, sub="/status"),
        _STATUS_ONLY,
    ),
    Case(
        "point one's own snapshot to a content (status)",
        _patch("{me}-named", _BOUND, sub="/status"),
        _STATUS_ONLY,
    ),
    Case(
        "no protection for another's snapshot",
        _patch(_CUT_OF, {"metadata": {"finalizers": None}}),
        "users write no finalizers",
    ),
)


def _delete(name: str, **query: str) -> Make:
    def make(scene: Scene) -> Request:
        full = name.format(me=scene.me, whose=scene.whose)
        return Request("DELETE", f"{scene.snapshots}/{full}", query=query)

    return make


def _sweep(query: dict[str, str]) -> Make:
    def make(scene: Scene) -> Request:
        filled = {key: value.format(whose=scene.whose) for key, value in query.items()}
        return Request("DELETE", scene.snapshots, query=filled)

    return make


def _version(scene: Scene) -> Request:
    path = f"/apis/{GROUP}/v1beta1/namespaces/{scene.namespace}/volumesnapshots/{scene.whose}-named"
    return Request("DELETE", path)


DELETED = (
    Case("delete another's snapshot", _delete(_CUT_OF)),
    Case("delete another's named snapshot", _delete("{whose}-named")),
    Case("delete another's safety snapshot", _delete("claim-{whose}-undo-0001")),
    Case("delete another's snapshot, orphaning", _delete(_CUT_OF, propagationPolicy="Orphan")),
    Case("delete what is only named like one's own", _delete("{me}-lent"), _delete(_CUT_OF)),
    Case("delete a shared volume's snapshot", _delete(f"{SHARED}-{STAMP}"), _delete(_CUT_OF)),
    Case("delete another's snapshot of an older version", _version, "the version is not served"),
    Case(
        "sweep snapshots by another's label",
        _sweep({"labelSelector": f"{OWNER}={{whose}}"}),
        granted=False,
    ),
    Case(
        "sweep snapshots by another's name",
        _sweep({"fieldSelector": "metadata.name={whose}-named"}),
        granted=False,
    ),
)

CASES: tuple[Case, ...] = (*CUT, *CHANGED, *DELETED)
