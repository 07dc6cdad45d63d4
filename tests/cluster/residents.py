"""What users and a hub have in a namespace before anybody tries anything."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from .api import ACCOUNTS, Api, eventually
from .hostile import Scene
from .hostile.scene import IMAGE, SHARED, STAMP, Json, claim, pod, snapshot

USERS = ("u1", "u2", "u12")


def fill(admin: Api, namespace: str, users: Sequence[str]) -> None:
    """Make the users' data as a hub and administrators do, and what users may not touch."""
    eventually(lambda: admin.request("GET", f"{ACCOUNTS.format(namespace)}/default").status == 200)
    for user in users:
        scene = Scene(namespace, user, user, "")
        for body in _claims(scene):
            admin.create(scene.claims, body)
        for body in _snapshots(scene):
            admin.create(scene.snapshots, body)
        for body in _pods(scene):
            admin.create(scene.pods, body)
    nobody = Scene(namespace, "nobody", "nobody", "")
    admin.create(nobody.claims, claim(nobody, SHARED))
    admin.create(nobody.snapshots, snapshot(nobody, f"{SHARED}-{STAMP}", SHARED))
    admin.create(nobody.pods, _gated(pod(nobody, "hub")))
    for path, body in _surroundings(namespace):
        admin.create(path, body)


def _claims(scene: Scene) -> list[Json]:
    user = scene.me
    own = [f"claim-{user}", f"claim-{user}--work", f"{user}-copy", f"mover-{user}-0a1b-0"]
    own += [f"claim-{user}--claim-{other}" for other in USERS]
    others = [f"{user}-lent", f"backup-claim-{user}", f"{SHARED}-{user}"]
    made = [claim(scene, name) for name in own]
    return made + [claim(scene, name, owner="archive") for name in others]


def _snapshots(scene: Scene) -> list[Json]:
    user = scene.me
    own = [f"claim-{user}-{STAMP}", f"claim-{user}-undo-0001", f"{user}-named"]
    made = [snapshot(scene, name, f"claim-{user}") for name in own]
    made.append(snapshot(scene, f"{user}-lent", f"{user}-lent", owner="archive"))
    made.append(snapshot(scene, f"{SHARED}-{user}-{STAMP}", f"{SHARED}-{user}", owner="archive"))
    return made


def _pods(scene: Scene) -> list[Json]:
    user = scene.me
    token = {"env": [{"name": "JUPYTERHUB_API_TOKEN", "value": f"secret-of-{user}"}]}
    return [
        _gated(pod(scene, f"mover-{user}-0a1b", claims=(f"mover-{user}-0a1b-0",))),
        _gated(pod(scene, f"jupyter-{user}", claims=(f"claim-{user}",), container=token)),
        _gated(
            pod(scene, f"jupyter-{user}--work", claims=(f"claim-{user}--work",), container=token)
        ),
    ]


def _gated(body: Json) -> Json:
    """Keep a pod from being scheduled: the requests are about the API server."""
    gated = copy.deepcopy(body)
    gated["spec"]["schedulingGates"] = [{"name": "example.com/test"}]
    if gated["metadata"]["name"].startswith(("jupyter", "hub")):
        gated["metadata"]["labels"]["netapp-jlab.io/purpose"] = "server"
    return gated


def _surroundings(namespace: str) -> list[tuple[str, Json]]:
    labels = {"component": "proxy"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "x", "image": IMAGE}]},
    }
    deployment = {
        "metadata": {"name": "proxy"},
        "spec": {
            "replicas": 1,
            "paused": True,
            "selector": {"matchLabels": labels},
            "template": template,
        },
    }
    core = f"/api/v1/namespaces/{namespace}"
    ports = [{"port": 8081}]
    return [
        (f"{core}/serviceaccounts", {"metadata": {"name": "hub"}}),
        (f"{core}/secrets", {"metadata": {"name": "hub"}, "stringData": {"token": "secret"}}),
        (f"{core}/configmaps", {"metadata": {"name": "hub"}, "data": {"x": "y"}}),
        (
            f"{core}/services",
            {
                "metadata": {"name": "hub"},
                "spec": {"selector": {"component": "hub"}, "ports": ports},
            },
        ),
        (f"/apis/apps/v1/namespaces/{namespace}/deployments", deployment),
    ]
