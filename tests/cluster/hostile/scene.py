"""A request, who makes it, and whose data it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.api import ACCOUNTS, CLAIMS, PODS, SNAPSHOTS

Json = dict[str, Any]

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"

CLASS = "isolation-any"
"""The storage class users may use: there is none of this name, so nothing is provisioned."""
RUNTIME = "isolation-unconfined"
"""A runtime class that exists while the tests run: pods that name another are refused anyway."""
IMAGE = "registry.example.com/user:1"
STAMP = "20260102-030405-0a0b"
SHARED = "datasets"
OWNER = "netapp-jlab.io/owner"


@dataclass(frozen=True)
class Request:
    """What is sent to the API server."""

    method: str
    path: str
    body: Any = None
    content_type: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """Who asks in which namespace, and whose data it is about.

    Attributes
    ----------
    me, whose : str
        Users: ``u1``.
    elsewhere : str
        Another namespace, in which `whose` has the same objects.
    """

    namespace: str
    me: str
    whose: str
    elsewhere: str

    @property
    def claims(self) -> str:
        """Path of the claims."""
        return CLAIMS.format(self.namespace)

    @property
    def snapshots(self) -> str:
        """Path of the snapshots."""
        return SNAPSHOTS.format(self.namespace)

    @property
    def pods(self) -> str:
        """Path of the pods."""
        return PODS.format(self.namespace)

    @property
    def accounts(self) -> str:
        """Path of the service accounts."""
        return ACCOUNTS.format(self.namespace)

    def of(self, group: str, resource: str) -> str:
        """Return the path of another kind: ``apps/v1``, ``deployments``."""
        root = f"/api/{group}" if group == "v1" else f"/apis/{group}"
        return f"{root}/namespaces/{self.namespace}/{resource}"


Make = Callable[[Scene], Request]


@dataclass(frozen=True)
class Case:
    """One request.

    Attributes
    ----------
    name : str
        Says what is tried.
    make : callable
        Makes the request; `scene.whose` is whose data is tried for.
    honest : callable or str, optional
        The honest form of it, or why there is none; by default the same about one's own data.
    granted : bool
        The shipped role grants the verb; else the honest form passes only under a wider one.
    by_role : bool
        No policy sees it (it reads, or is about a kind of the cluster): the role alone refuses it.
    dropped : bool
        An API server without the feature that it needs ignores the field: then what is made holds
        nothing of anybody's.
    """

    name: str
    make: Make
    honest: Make | str | None = None
    granted: bool = True
    by_role: bool = False
    dropped: bool = False

    def honestly(self, scene: Scene) -> Request | None:
        """Return the honest form for the same user, or None."""
        own = Scene(scene.namespace, scene.me, scene.me, scene.elsewhere)
        if isinstance(self.honest, str):
            return None
        return (self.honest or self.make)(own)


def claim(
    scene: Scene, name: str, *, owner: str = "", metadata: Json | None = None, **spec: Any
) -> Json:
    """Return a claim as a user may make it, but for what is given."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "labels": {OWNER: owner or scene.me}, **(metadata or {})},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": CLASS,
            "resources": {"requests": {"storage": "1Gi"}},
            **spec,
        },
    }


def snapshot(
    scene: Scene, name: str, source: str, *, owner: str = "", metadata: Json | None = None
) -> Json:
    """Return a snapshot of a claim as a user may make it, but for what is given."""
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {"name": name, "labels": {OWNER: owner or scene.me}, **(metadata or {})},
        "spec": {
            "volumeSnapshotClassName": CLASS,
            "source": {"persistentVolumeClaimName": source},
        },
    }


def pod(
    scene: Scene,
    name: str,
    *,
    claims: tuple[str, ...] = (),
    owner: str = "",
    metadata: Json | None = None,
    container: Json | None = None,
    **spec: Any,
) -> Json:
    """Return a mover as a user may make it, but for what is given."""
    labels = {OWNER: owner or scene.me, "netapp-jlab.io/purpose": "mover"}
    volumes = [
        {"name": f"v{index}", "persistentVolumeClaim": {"claimName": name}}
        for index, name in enumerate(claims)
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels, **(metadata or {})},
        "spec": {
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "containers": [contained(**(container or {}))],
            "volumes": volumes,
            **spec,
        },
    }


def contained(**more: Any) -> Json:
    """Return a mover's container."""
    confined = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {"name": "mover", "image": IMAGE, "securityContext": confined, **more}
