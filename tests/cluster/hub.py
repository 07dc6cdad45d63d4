"""What a hub and administrators ask of the API server in a namespace of several users."""

from __future__ import annotations

from typing import Any

from .hostile import Request, Scene
from .hostile.scene import MERGE, OWNER, Json, claim, contained, pod, snapshot

TOKEN = "JUPYTERHUB_API_TOKEN"


def requests(namespace: str) -> list[tuple[str, Request]]:
    """Return requests that no policy on users may stand in the way of."""
    user = Scene(namespace, "u3", "u3", "")
    nobody = Scene(namespace, "nobody", "nobody", "")
    kept: Json = {"labels": {OWNER: "u3", "component": "singleuser-storage"}}
    trident: Json = {**kept, "annotations": {"trident.netapp.io/snapshotDirectory": "true"}}
    content = snapshot(nobody, "imported", "")
    content["spec"]["source"] = {"volumeSnapshotContentName": "snapcontent-1"}
    root: Json = {"volumes": [{"name": "v", "hostPath": {"path": "/"}}], "hostNetwork": True}
    return [
        ("a new user's claim", _post(user.claims, claim(user, "claim-u3", metadata=trident))),
        ("a claim bound by hand", _post(user.claims, claim(user, "u3-old", volumeName="pv-1"))),
        ("a claim of a project", _post(nobody.claims, claim(nobody, "results"))),
        ("a snapshot of a project", _post(nobody.snapshots, snapshot(nobody, "x", "results"))),
        ("a snapshot of a user's", _post(user.snapshots, snapshot(user, "u3-x", "claim-u3"))),
        ("an imported snapshot", _post(nobody.snapshots, content)),
        ("a user's server", server(namespace, [{"name": TOKEN, "value": "x"}])),
        ("a pod of the node", _post(nobody.pods, pod(nobody, "agent", **root))),
        ("a pod with secrets", _post(nobody.pods, pod(nobody, "job", container=_secrets()))),
        ("a privileged pod", _post(nobody.pods, pod(nobody, "probe", container=_privileged()))),
        ("a command in the hub", Request("POST", f"{nobody.pods}/hub/exec", query=_COMMAND)),
        ("settings", _post(nobody.of("v1", "configmaps"), {"metadata": {"name": "x"}})),
        ("grow a user's claim", _note(f"{user.claims}/claim-u1")),
    ]


def mistakes(namespace: str) -> list[tuple[str, Request]]:
    """Return requests of a hub that would give one user's data to another."""
    scene = Scene(namespace, "u7", "u7", "")
    unlabelled = claim(scene, "claim-u1234567")
    unlabelled["metadata"]["labels"] = {}
    foreign = snapshot(scene, "u2-daily", "claim-u7")
    return [
        ("a claim named like another user's", _post(scene.claims, claim(scene, "claim-u2--x"))),
        ("a claim named after a student's number", _post(scene.claims, unlabelled)),
        ("a snapshot named like another user's", _post(scene.snapshots, foreign)),
    ]


def servers() -> list[tuple[str, list[Json], bool]]:
    """Return variables of a user's server, and whether they give a secret away."""
    by_reference: Json = {"name": TOKEN, "valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}}
    found: list[tuple[str, list[Json], bool]] = [
        ("no variables", [], False),
        ("a token by reference", [by_reference], False),
        ("no secret", [{"name": "JUPYTERHUB_USER", "value": "x"}], False),
        ("an empty one", [{"name": "AWS_SECRET_ACCESS_KEY", "value": ""}], False),
        ("the hub's token", [{"name": TOKEN, "value": "x"}], True),
        ("the hub's token by its old name", [{"name": "JPY_API_TOKEN", "value": "x"}], True),
        ("another secret", [by_reference, {"name": "db_password", "value": "x"}], True),
    ]
    return found


def server(namespace: str, variables: list[Json]) -> Request:
    """Return the creation of a user's server, as a hub makes it."""
    scene = Scene(namespace, "u3", "u3", "")
    made = pod(scene, "jupyter-u3", claims=("claim-u3",), container={"env": variables})
    made["metadata"]["labels"] = {"component": "singleuser-server"}
    return _post(scene.pods, made)


_COMMAND = {"command": "cat", "container": "mover", "stdout": "true"}


def _post(path: str, body: Json) -> Request:
    return Request("POST", path, body)


def _note(path: str) -> Request:
    labels = {"metadata": {"labels": {"component": "singleuser-storage"}}}
    return Request("PATCH", path, labels, MERGE)


def _secrets() -> dict[str, Any]:
    return {"envFrom": [{"secretRef": {"name": "hub"}}]}


def _privileged() -> dict[str, Any]:
    return contained(securityContext={"privileged": True})
