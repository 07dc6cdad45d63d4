"""Claims: made in another's name or from another's data, changed, deleted."""

from __future__ import annotations

from typing import Any

from .scene import (
    APPLY,
    JSON_PATCH,
    MERGE,
    OWNER,
    SHARED,
    STAMP,
    STRATEGIC,
    Case,
    Json,
    Make,
    Request,
    Scene,
    claim,
)

SNAPSHOT_GROUP = "snapshot.storage.k8s.io"
NOBODY = "nobody may, whoever's it is"


def _create(name: str, **spec: Any) -> Make:
    """Return a request for a claim; braces in `name` stand for ``me`` and ``whose``."""

    def make(scene: Scene) -> Request:
        body = claim(scene, name.format(me=scene.me, whose=scene.whose), **spec)
        return Request("POST", scene.claims, body)

    return make


def _source(field: str, kind: str, name: str, **more: str) -> Make:
    """Return a request for a claim with a source."""

    def make(scene: Scene) -> Request:
        names = {"me": scene.me, "whose": scene.whose}
        group = {"apiGroup": SNAPSHOT_GROUP} if kind == "VolumeSnapshot" else {}
        given = {key: value.format(elsewhere=scene.elsewhere) for key, value in more.items()}
        source = {**group, "kind": kind, "name": name.format(**names), **given}
        body = claim(scene, f"{scene.me}-made")
        body["spec"][field] = source
        return Request("POST", scene.claims, body)

    return make


def _both(scene: Scene) -> Request:
    source = {"kind": "PersistentVolumeClaim", "name": f"claim-{scene.whose}"}
    body = claim(scene, f"{scene.me}-made", dataSource=source, dataSourceRef=source)
    return Request("POST", scene.claims, body)


def _generated(scene: Scene) -> Request:
    body = claim(scene, "")
    body["metadata"] = {**body["metadata"], "generateName": f"claim-{scene.whose}--"}
    del body["metadata"]["name"]
    return Request("POST", scene.claims, body)


def _applied(scene: Scene) -> Request:
    name = f"claim-{scene.whose}--applied"
    query = {"fieldManager": "test", "force": "true"}
    return Request("PATCH", f"{scene.claims}/{name}", claim(scene, name), APPLY, query)


def _strict(scene: Scene) -> Request:
    body = claim(scene, f"claim-{scene.whose}--strict")
    return Request("POST", scene.claims, body, query={"fieldValidation": "Ignore"})


def _no_label(scene: Scene) -> Request:
    body = claim(scene, f"{scene.me}-new")
    body["metadata"]["labels"] = {}
    return Request("POST", scene.claims, body)


CREATED = (
    Case("create the claim that another's server will mount", _create("claim-{whose}--new")),
    Case("create a claim named as another's clone", _create("{whose}-new")),
    Case("create a claim named as another's mover's", _create("mover-{whose}-0a1b-1")),
    Case("create a claim with a dot after another's name", _create("claim-{whose}.new")),
    Case("let the API server end another's name", _generated),
    Case("create another's claim by server-side apply", _applied),
    Case("create another's claim with unknown fields ignored", _strict),
    Case("create a claim in capitals", _create("CLAIM-{whose}"), _create("claim-{whose}--new")),
    Case("create a claim with a full-width digit", _create("claim-u\uff12"), _create("u1-b")),
    Case("create a claim with a zero-width joiner", _create("claim-u\u200d2"), _create("u1-b")),
    Case("create a claim that nobody owns", _create("results"), "it has to name its user"),
    Case("create a claim without the owner's label", _no_label, _create("{me}-new")),
    Case(
        "label one's own claim as another's",
        lambda scene: Request(
            "POST", scene.claims, claim(scene, f"{scene.me}-new", owner=scene.whose)
        ),
    ),
    Case("bind to a volume of the storage", _create("{me}-new", volumeName="pv-1"), NOBODY),
    Case("select a volume of the storage", _create("{me}-new", selector={}), NOBODY),
    Case(
        "select a volume of the storage by label",
        _create("{me}-new", selector={"matchLabels": {"user": "u2"}}),
        NOBODY,
    ),
    Case(
        "use a class of others", _create("{me}-new", storageClassName="gold"), _create("{me}-new")
    ),
    Case("use the class of volumes that wait", _create("{me}-new", storageClassName=""), NOBODY),
    Case(
        "use the allowed class in capitals",
        _create("{me}-new", storageClassName="ISOLATION-ANY"),
        _create("{me}-new"),
    ),
    Case(
        "choose how fast the storage serves it",
        _create("{me}-new", volumeAttributesClassName="fast"),
        NOBODY,
    ),
)

_FIELDS = ("dataSource", "dataSourceRef")
_VOLUMES = {
    "claim": "claim-{whose}",
    "named server's claim": "claim-{whose}--work",
    "clone": "{whose}-copy",
    "mover's claim": "mover-{whose}-0a1b-0",
    "claim that ends in the user's name": "claim-{whose}--claim-{me}",
}
_SNAPSHOTS = {
    "snapshot": f"claim-{{whose}}-{STAMP}",
    "named snapshot": "{whose}-named",
    "safety snapshot": "claim-{whose}-undo-0001",
}
_ALIEN = {
    "backup-claim-{me}": "only ends like one's own",
    f"{SHARED}-{{whose}}": "begins like a shared one",
    f"{SHARED}.{{whose}}": "begins like a shared one with a dot",
    "claim": "is the beginning of one's own",
    "u": "is the beginning of all users",
}
SOURCES = (
    *(
        Case(f"clone another's {what} ({field})", _source(field, "PersistentVolumeClaim", name))
        for field in _FIELDS
        for what, name in _VOLUMES.items()
    ),
    *(
        Case(f"clone another's {what} ({field})", _source(field, "VolumeSnapshot", name))
        for field in _FIELDS
        for what, name in _SNAPSHOTS.items()
    ),
    *(
        Case(
            f"clone a claim whose name {what}",
            _source("dataSource", "PersistentVolumeClaim", name),
            _source("dataSource", "PersistentVolumeClaim", SHARED),
        )
        for name, what in _ALIEN.items()
    ),
    Case("clone another's claim in both fields", _both),
    Case(
        "clone a snapshot that begins like a shared volume's",
        _source("dataSource", "VolumeSnapshot", f"{SHARED}-{{whose}}-{STAMP}"),
        _source("dataSource", "VolumeSnapshot", f"{SHARED}-{STAMP}"),
    ),
    Case(
        "clone a snapshot that ends like a shared volume's",
        _source("dataSource", "VolumeSnapshot", f"my{SHARED}-{STAMP}"),
        _source("dataSource", "VolumeSnapshot", f"{SHARED}-for-clone-{STAMP}"),
    ),
    Case(
        "clone a claim of another namespace",
        _source("dataSourceRef", "PersistentVolumeClaim", "claim-{whose}", namespace="{elsewhere}"),
        "sources are of the same namespace",
        dropped=True,
    ),
    Case(
        "clone a snapshot of another namespace",
        _source("dataSourceRef", "VolumeSnapshot", "{whose}-named", namespace="{elsewhere}"),
        "sources are of the same namespace",
        dropped=True,
    ),
    Case(
        "clone one's namesake of another namespace",
        _source("dataSourceRef", "PersistentVolumeClaim", "claim-{me}", namespace="{elsewhere}"),
        "sources are of the same namespace",
        dropped=True,
    ),
    Case(
        "fill a claim by a populator",
        _source("dataSourceRef", "Restore", "claim-{me}", apiGroup="populator.example.com"),
        "nobody may: what it reads is unknown",
    ),
    Case(
        "fill a claim from a group of snapshots",
        _source(
            "dataSourceRef",
            "VolumeGroupSnapshot",
            "claim-{me}",
            apiGroup="groupsnapshot.storage.k8s.io",
        ),
        "nobody may: a group holds several volumes",
    ),
    Case(
        "clone a claim under another group's name",
        _source("dataSourceRef", "PersistentVolumeClaim", "claim-{me}", apiGroup="example.com"),
        "nobody may: what it reads is unknown",
    ),
)


def _patch(
    body: object, content_type: str = MERGE, name: str = "claim-{whose}", **query: str
) -> Make:
    def make(scene: Scene) -> Request:
        names = {"me": scene.me, "whose": scene.whose}
        path = f"{scene.claims}/{name.format(**names)}"
        filled = _filled(body, names)
        return Request("PATCH", path, filled, content_type, query)

    return make


def _filled(body: Any, names: dict[str, str]) -> Any:
    if isinstance(body, dict):
        return {key: _filled(value, names) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, names) for value in body]
    return body.format(**names) if isinstance(body, str) else body


def _apply(name: str, **labels: str) -> Make:
    def make(scene: Scene) -> Request:
        full = name.format(whose=scene.whose)
        metadata: Json = {"name": full, "labels": {OWNER: scene.me, **labels}}
        body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}
        query = {"fieldManager": "test", "force": "true"}
        return Request("PATCH", f"{scene.claims}/{full}", body, APPLY, query)

    return make


def _replace(scene: Scene) -> Request:
    name = f"claim-{scene.whose}"
    body = claim(
        scene, name, owner=scene.whose, metadata={"annotations": {"netapp-jlab.io/note": "x"}}
    )
    body["metadata"]["finalizers"] = ["kubernetes.io/pvc-protection"]
    return Request("PUT", f"{scene.claims}/{name}", body)


_GROW = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
_NOTE = {"metadata": {"annotations": {"netapp-jlab.io/note": "mine now"}}}
_MINE = {"metadata": {"labels": {OWNER: "{me}"}}}
_NO_LABEL: Json = {"metadata": {"labels": {OWNER: None}}}
_OWN_ONLY = "a volume stays its user's"
CHANGED = (
    Case("note on another's claim (merge)", _patch(_NOTE)),
    Case("note on another's claim (strategic)", _patch(_NOTE, STRATEGIC)),
    Case(
        "note on another's claim (JSON patch)",
        _patch(
            [{"op": "add", "path": "/metadata/annotations", "value": {"netapp-jlab.io/note": "x"}}],
            JSON_PATCH,
        ),
    ),
    Case("note on another's mover's claim", _patch(_NOTE, name="mover-{whose}-0a1b-0")),
    Case("note on another's clone", _patch(_NOTE, name="{whose}-copy")),
    Case(
        "note on a claim of another's that ends in one's own name",
        _patch(_NOTE, name="claim-{whose}--claim-{me}"),
    ),
    Case(
        "operation on another's claim",
        _patch({"metadata": {"annotations": {"netapp-jlab.io/operation": "{{}}"}}}),
    ),
    Case("take another's claim (merge)", _patch(_MINE)),
    Case("take another's claim (strategic)", _patch(_MINE, STRATEGIC)),
    Case("take another's claim (apply)", _apply("claim-{whose}")),
    Case("take what is only named like one's own", _patch(_MINE, name="{me}-lent"), _patch(_MINE)),
    Case(
        "note on what is only named like one's own", _patch(_NOTE, name="{me}-lent"), _patch(_NOTE)
    ),
    Case("take a shared claim", _patch(_MINE, name=SHARED), _patch(_MINE)),
    Case("note on a shared claim", _patch(_NOTE, name=SHARED), _patch(_NOTE)),
    Case("make nobody the owner of another's claim", _patch(_NO_LABEL), _OWN_ONLY),
    Case(
        "make nobody the owner of one's own claim", _patch(_NO_LABEL, name="claim-{me}"), _OWN_ONLY
    ),
    Case(
        "give one's own claim away, to have it deleted as another's",
        _patch({"metadata": {"labels": {OWNER: "{whose}"}}}, name="claim-{me}"),
    ),
    Case("replace another's claim", _replace, granted=False),
    Case(
        "bind one's own claim to a volume of the storage afterwards",
        _patch({"spec": {"volumeName": "pv-1"}}, name="claim-{me}"),
        NOBODY,
    ),
    Case(
        "bind another's claim to a volume of the storage",
        _patch({"spec": {"volumeName": "pv-1"}}),
        NOBODY,
    ),
    Case(
        "choose how fast the storage serves it afterwards",
        _patch({"spec": {"volumeAttributesClassName": "fast"}}, name="claim-{me}"),
        NOBODY,
    ),
    Case(
        "choose a class afterwards",
        _patch({"spec": {"storageClassName": "gold"}}, name="claim-{me}"),
        "its class was not chosen by the user",
    ),
    Case("grow another's claim", _patch(_GROW, STRATEGIC), _patch(_NOTE, STRATEGIC)),
)


def _delete(name: str, body: object = None, **query: str) -> Make:
    def make(scene: Scene) -> Request:
        full = name.format(me=scene.me, whose=scene.whose)
        return Request("DELETE", f"{scene.claims}/{full}", body, query=query)

    return make


def _sweep(query: dict[str, str]) -> Make:
    def make(scene: Scene) -> Request:
        filled = {key: value.format(whose=scene.whose) for key, value in query.items()}
        return Request("DELETE", scene.claims, query=filled)

    return make


_NOW: Json = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}
DELETED = (
    *(Case(f"delete another's {what}", _delete(name)) for what, name in _VOLUMES.items()),
    Case(
        "delete another's claim and what depends on it",
        _delete("claim-{whose}", propagationPolicy="Foreground"),
    ),
    Case("delete another's claim, orphaning", _delete("claim-{whose}", propagationPolicy="Orphan")),
    Case("delete another's claim at once", _delete("claim-{whose}", _NOW)),
    Case("delete what is only named like one's own", _delete("{me}-lent"), _delete("claim-{me}")),
    Case("delete a shared claim", _delete(SHARED), _delete("claim-{me}")),
    Case(
        "delete a claim that begins like a shared one",
        _delete(f"{SHARED}-{{whose}}"),
        _delete("claim-{me}"),
    ),
    Case(
        "sweep by another's label", _sweep({"labelSelector": f"{OWNER}={{whose}}"}), granted=False
    ),
    Case(
        "sweep by another's label in a set",
        _sweep({"labelSelector": f"{OWNER} in ({{whose}},x)"}),
        granted=False,
    ),
    Case(
        "sweep by another's name",
        _sweep({"fieldSelector": "metadata.name=claim-{whose}"}),
        granted=False,
    ),
    Case(
        "sweep what is shared",
        _sweep({"fieldSelector": f"metadata.name={SHARED}"}),
        _sweep({"fieldSelector": "metadata.name=claim-{whose}"}),
        granted=False,
    ),
)


def _status(method: str, content_type: str = "") -> Make:
    def make(scene: Scene) -> Request:
        body = claim(scene, f"claim-{scene.whose}", owner=scene.whose)
        body["status"] = {"phase": "Lost"}
        return Request(method, f"{scene.claims}/claim-{scene.whose}/status", body, content_type)

    return make


STATUS = (
    Case("declare another's claim lost (PUT)", _status("PUT"), "only controllers write status"),
    Case(
        "declare another's claim lost (merge)",
        _status("PATCH", MERGE),
        "only controllers write status",
    ),
    Case(
        "declare another's claim lost (strategic)",
        _status("PATCH", STRATEGIC),
        "only controllers write status",
    ),
)

CASES: tuple[Case, ...] = (*CREATED, *SOURCES, *CHANGED, *DELETED, *STATUS)
