"""The product in a namespace of several users: it works on one's own, and says why not otherwise.

Everything is asked under a real token of the user's account, with the shipped policies in force.
"""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from netapp_jlab import Client
from netapp_jlab.errors import NetAppJLabError
from netapp_jlab.models import (
    CloneOrder,
    RestoreOrder,
    SnapshotChange,
    SnapshotOrder,
    VolumeChange,
    VolumeOrder,
)
from tests.contract.tools import find_kubectl

from . import isolation
from .api import ACCOUNTS, CLAIMS, PODS, SNAPSHOTS, Api, eventually
from .hostile.scene import OWNER, Json, contained
from .isolation import SWITCH, Shipped
from .workspace import IMAGE

CLASS = "csi-hidden"
FOREIGN = "claim-u2-20260102-030405-0a0b"
PATIENCE = 60.0
# Of several policies that refuse a request, any may be the first to say so.
NAMED = "has to begin with “u1-” or “claim-u1”"
OF_OWN = "only of your own volumes and of shared ones, not of “claim-u2”"


@dataclass(frozen=True)
class Shared:
    """A namespace with u1's, u2's and shared data.

    Attributes
    ----------
    kubeconfigs : dict
        By user: a file with a real token.
    """

    admin: Api
    kubeconfig: Path
    namespace: str
    kubeconfigs: dict[str, Path]

    def client(self, user: str) -> Client:
        """Return the product as a user runs it."""
        return Client(
            kubeconfig=str(self.kubeconfigs[user]),
            namespace=self.namespace,
            user=user,
            mover_owner=user,
            mover_image=IMAGE,
        )

    def run(self, pod: str, command: str) -> str:
        """Run a command in a pod, as administrators may."""
        words = [find_kubectl(), "--kubeconfig", str(self.kubeconfig), "-n", self.namespace]
        words += ["exec", pod, "--", "sh", "-c", command]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def shared(
    admin: Api, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shared]:
    shipped = Shipped.rendered(kubeconfig)
    namespace, roles = f"isolation-{uuid.uuid4().hex[:8]}", [shipped.role, shipped.movers]
    admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    canary, binding = isolation.canary(shipped.tag, {"matchLabels": {SWITCH: shipped.tag}})
    policies = [*shipped.policies.values(), canary]
    bindings = [*shipped.bindings.values(), binding]
    try:
        for role in roles:
            admin.create(isolation.ROLES, role)
        kubeconfigs = {}
        for user in ("u1", "u2"):
            account = isolation.account(admin, namespace, user, roles)
            file = tmp_path_factory.mktemp(user) / "kubeconfig"
            kubeconfigs[user] = file
            file.write_text(_kubeconfig(account, namespace))
        _fill(admin, namespace)
        settings = {
            "netapp-jlab.io/storage-classes": CLASS,
            "netapp-jlab.io/shared-volumes": "datasets",
            "netapp-jlab.io/mover-images": IMAGE,
        }
        metadata = {"labels": {SWITCH: shipped.tag}, "annotations": settings}
        admin.ask("PATCH", f"/api/v1/namespaces/{namespace}", {"metadata": metadata})
        with isolation.installed(admin, policies, bindings):
            isolation.await_canary(admin, namespace)
            yield Shared(admin, kubeconfig, namespace, kubeconfigs)
    finally:
        admin.request("DELETE", f"/api/v1/namespaces/{namespace}")
        for role in roles:
            admin.request("DELETE", f"{isolation.ROLES}/{role['metadata']['name']}")


def _kubeconfig(account: Api, namespace: str) -> str:
    cluster = {"server": account.server, "certificate-authority": account.authority}
    context = {"cluster": "c", "user": "u", "namespace": namespace}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": account.token}}],
            "contexts": [{"name": "c", "context": context}],
            "current-context": "c",
        }
    )


def _fill(admin: Api, namespace: str) -> None:
    """Make what a hub makes: a claim and a server for each user; and a shared claim."""
    default = f"{ACCOUNTS.format(namespace)}/default"
    eventually(lambda: admin.request("GET", default).status == 200)
    for name, owner in (("claim-u1", "u1"), ("claim-u2", "u2"), ("datasets", "")):
        labels = {OWNER: owner} if owner else {}
        spec = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": CLASS,
            "resources": {"requests": {"storage": "1Gi"}},
        }
        body = {"metadata": {"name": name, "labels": labels}, "spec": spec}
        admin.create(CLAIMS.format(namespace), body)
    for user in ("u1", "u2"):
        admin.create(PODS.format(namespace), _server(user))
    for user in ("u1", "u2"):
        server = f"{PODS.format(namespace)}/jupyter-{user}"
        eventually(partial(_runs, admin, server))
    source = {"persistentVolumeClaimName": "claim-u2"}
    metadata = {"name": FOREIGN, "labels": {OWNER: "u2"}}
    path = SNAPSHOTS.format(namespace)
    admin.create(
        path,
        {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshot",
            "metadata": metadata,
            "spec": {"source": source},
        },
    )
    eventually(lambda: admin.get(f"{path}/{FOREIGN}").get("status", {}).get("readyToUse"))


def _runs(admin: Api, pod: str) -> bool:
    return bool(admin.get(pod)["status"]["phase"] == "Running")


def _server(user: str) -> Json:
    container = contained(
        image=IMAGE,
        imagePullPolicy="Never",
        command=["sh", "-c", "echo first > /home/jovyan/notes.txt; sleep infinity"],
        volumeMounts=[{"name": "home", "mountPath": "/home/jovyan"}],
    )
    home = {"name": "home", "persistentVolumeClaim": {"claimName": f"claim-{user}"}}
    identity = {"runAsUser": 1000, "runAsGroup": 100, "fsGroup": 100}
    spec = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": identity,
        "containers": [container],
        "volumes": [home],
    }
    return {"metadata": {"name": f"jupyter-{user}"}, "spec": spec}


@pytest.fixture
def mine(shared: Shared) -> Iterator[Client]:
    with shared.client("u1") as client:
        yield client


def _cut(client: Client, volume: str, note: str = "") -> str:
    made = client.snapshots.create(volume, SnapshotOrder(note=note))
    return client.snapshots.wait(made.name, timeout=PATIENCE).name


def test_snapshots_and_clones_of_ones_own_work(shared: Shared, mine: Client) -> None:
    cut = _cut(mine, "claim-u1", note="before cleaning")
    assert mine.snapshots.change(cut, SnapshotChange(note="after")).note == "after"
    begun = mine.clones.from_snapshot(cut, CloneOrder(name="u1-copy"))
    assert mine.operations.wait(begun.id, timeout=PATIENCE).state == "done"
    copy = f"{CLAIMS.format(shared.namespace)}/u1-copy"
    assert shared.admin.get(copy)["metadata"]["labels"][OWNER] == "u1"
    mine.volumes.delete("u1-copy", confirm="u1-copy")
    eventually(lambda: shared.admin.request("GET", copy).status == 404)
    mine.snapshots.delete(cut)


def test_a_name_that_is_not_ones_own_is_refused_with_the_rule(mine: Client) -> None:
    with pytest.raises(NetAppJLabError, match=NAMED) as told:
        mine.snapshots.create("claim-u1", SnapshotOrder(name="before-cleaning"))
    assert told.value.reason == "Forbidden"
    with pytest.raises(NetAppJLabError, match=NAMED):
        mine.volumes.create(VolumeOrder(name="results", size="1Gi", storage_class=CLASS))


def test_a_restore_through_a_mover_works_on_ones_own(shared: Shared, mine: Client) -> None:
    shared.run("jupyter-u1", "echo first > /home/jovyan/notes.txt")
    cut = _cut(mine, "claim-u1")
    shared.run("jupyter-u1", "echo longer than before > /home/jovyan/notes.txt")
    plan = mine.restores.plan(cut, RestoreOrder())
    assert [(one.path, one.action) for one in plan.examples] == [("notes.txt", "replace")]
    pods = shared.admin.get(PODS.format(shared.namespace))["items"]
    movers = [pod["metadata"] for pod in pods if pod["metadata"]["name"].startswith("mover-u1-")]
    assert [one["labels"][OWNER] for one in movers] == ["u1"]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("snapshot", OF_OWN),
        ("clone a snapshot", "only from your own volumes and snapshots and from shared ones"),
        ("clone a volume", f"{NAMED}|{OF_OWN}"),
        ("note", f"{NAMED}|{OF_OWN}"),
        ("delete a snapshot", NAMED),
        ("grow", NAMED),
        ("look into", "A mover may only mount your own volumes, not “claim-u2”"),
    ],
)
def test_anothers_is_refused_in_plain_words(what: str, words: str, mine: Client) -> None:
    tries: dict[str, Callable[[], object]] = {
        "snapshot": lambda: mine.snapshots.create("claim-u2", SnapshotOrder(name="u1-x")),
        "clone a snapshot": lambda: mine.clones.from_snapshot(FOREIGN, CloneOrder(name="u1-x")),
        "clone a volume": lambda: mine.clones.from_volume("claim-u2", CloneOrder(name="u1-x")),
        "note": lambda: mine.snapshots.change(FOREIGN, SnapshotChange(note="mine")),
        "delete a snapshot": lambda: mine.snapshots.delete(FOREIGN),
        "grow": lambda: mine.volumes.resize("claim-u2", VolumeChange(size="2Gi")),
        "look into": lambda: mine.restores.plan(FOREIGN, RestoreOrder()),
    }
    with pytest.raises(NetAppJLabError) as told:
        tries[what]()
    assert re.search(words, told.value.message)
    assert "ValidatingAdmissionPolicy" not in told.value.message


def test_shared_volumes_can_be_snapshotted_and_cloned_but_not_deleted(mine: Client) -> None:
    cut = _cut(mine, "datasets")
    begun = mine.clones.from_snapshot(cut, CloneOrder(name="u1-datasets"))
    assert mine.operations.wait(begun.id, timeout=PATIENCE).state == "done"
    with pytest.raises(NetAppJLabError, match="“datasets” does not"):
        mine.volumes.delete("datasets", confirm="datasets")


def test_nothing_of_anothers_has_changed(shared: Shared, mine: Client) -> None:
    with shared.client("u2") as theirs:
        assert theirs.snapshots.get(FOREIGN).note == ""
        assert theirs.volumes.get("claim-u2").capacity == 1024**3
    assert shared.run("jupyter-u2", "cat /home/jovyan/notes.txt") == "first\n"
