"""Volumes in pods beyond the usual: shared ones, those for one pod, and those bound late."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netapp_jlab import Client
from netapp_jlab.models import CloneOrder, SnapshotOrder

from .api import CLAIMS, PODS, Api, eventually
from .layout import DRIVER
from .moving import MOVERS, Volume, cut, nothing_left, settings
from .workspace import HOME, IMAGE, UID, Workspace, grant, start

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


@pytest.fixture(scope="module")
def shared(admin: Api) -> Iterator[str]:
    """A namespace for the tests of this module, each with volumes of its own."""
    name = f"pods-{uuid.uuid4().hex[:8]}"
    admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    try:
        grant(admin, name, "ada", "read")
        yield name
    finally:
        admin.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def late(admin: Api) -> Iterator[str]:
    """A storage class whose volumes are made when a pod needs them."""
    made = admin.create(
        CLASSES,
        {
            "metadata": {"name": f"csi-late-{uuid.uuid4().hex[:8]}"},
            "provisioner": DRIVER,
            "parameters": {"showSnapshots": "false"},
            "volumeBindingMode": "WaitForFirstConsumer",
        },
    )
    yield made["metadata"]["name"]
    admin.request("DELETE", f"{CLASSES}/{made['metadata']['name']}")


def make_claim(admin: Api, namespace: str, name: str, mode: str) -> None:
    """Make a claim of the class that hides snapshots."""
    spec = {
        "accessModes": [mode],
        "storageClassName": "csi-hidden",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    admin.create(CLAIMS.format(namespace), {"metadata": {"name": name}, "spec": spec})


def make_pod(admin: Api, namespace: str, name: str, claim: str) -> str:
    """Make a pod that mounts a claim at :data:`HOME`, and return its path in the API."""
    spec = {
        "serviceAccountName": "ada",
        "securityContext": {"runAsUser": UID, "runAsGroup": 100},
        "terminationGracePeriodSeconds": 0,
        "containers": [
            {
                "name": "main",
                "image": IMAGE,
                "imagePullPolicy": "Never",
                "command": ["sleep", "infinity"],
                "workingDir": HOME,
                "volumeMounts": [{"name": "home", "mountPath": HOME}],
            }
        ],
        "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": claim}}],
    }
    admin.create(PODS.format(namespace), {"metadata": {"name": name}, "spec": spec})
    return f"{PODS.format(namespace)}/{name}"


def runs(admin: Api, pod: str) -> bool:
    """Whether a pod runs."""
    return bool(admin.get(pod)["status"]["phase"] == "Running")


def scheduling(admin: Api, pod: str) -> dict[str, str]:
    """Return what the scheduler says of a pod."""
    conditions = admin.get(pod)["status"].get("conditions", [])
    return next((one for one in conditions if one["type"] == "PodScheduled"), {})


def helpers_claim(admin: Api, namespace: str) -> dict[str, Any]:
    """Return the one claim of a helper pod."""
    found = admin.ask("GET", CLAIMS.format(namespace), labelSelector=MOVERS)["items"]
    (claim,) = found
    assert isinstance(claim, dict)
    return claim


def started(admin: Api, kubeconfig: Path, namespace: str, name: str, claim: str) -> Workspace:
    """Start a pod; returns once it runs."""
    pod = make_pod(admin, namespace, name, claim)
    eventually(lambda: runs(admin, pod))
    return Workspace(admin, kubeconfig, namespace, name, claim)


@pytest.fixture(scope="module")
def common(admin: Api, kubeconfig: Path, shared: str) -> tuple[Workspace, Workspace]:
    """Two pods with the same volume."""
    make_claim(admin, shared, "common", "ReadWriteMany")
    one = started(admin, kubeconfig, shared, "one", "common")
    return one, started(admin, kubeconfig, shared, "two", "common")


def test_pods_share_a_volume_for_many_writers(common: tuple[Workspace, Workspace]) -> None:
    one, two = common
    one.ok("sh", "-c", "echo from one > note")
    two.ok("sh", "-c", "cat note > answer; echo and two >> answer; echo changed > note")
    assert one.ok("cat", "answer") == b"from one\nand two\n"
    assert one.ok("cat", "note") == b"changed\n"


def test_a_shared_volume_can_be_looked_into_and_cloned_for_readers(
    common: tuple[Workspace, Workspace], admin: Api, kubeconfig: Path, shared: str
) -> None:
    one, _ = common
    one.ok("sh", "-c", "echo good > plan")
    with Client(**settings(kubeconfig, shared)) as client:
        client.snapshots.create("common", SnapshotOrder(name="common-good"))
        client.snapshots.wait("common-good", timeout=60)
        one.ok("sh", "-c", "echo spoilt > plan")
        assert client.files.read("common-good", "plan") == b"good\n"
        assert helpers_claim(admin, shared)["spec"]["accessModes"] == ["ReadWriteMany"]
        order = CloneOrder(name="to-read", access_modes=("ReadOnlyMany",))
        begun = client.clones.from_snapshot("common-good", order)
        done = client.operations.wait(begun.id, timeout=60)
        assert done.state == "done", done
    reader = started(admin, kubeconfig, shared, "reader", "to-read")
    assert reader.ok("cat", "plan") == b"good\n"
    assert "Read-only" in reader.run("touch", "plan").err
    nothing_left(admin, shared)


def test_a_volume_for_one_pod_is_refused_to_a_second(
    admin: Api, kubeconfig: Path, shared: str
) -> None:
    make_claim(admin, shared, "single", "ReadWriteOncePod")
    first = started(admin, kubeconfig, shared, "first", "single")
    first.ok("sh", "-c", "echo mine > note")
    second = make_pod(admin, shared, "second", "single")
    eventually(lambda: scheduling(admin, second).get("reason") == "Unschedulable")
    assert "ReadWriteOncePod" in scheduling(admin, second)["message"]
    assert admin.get(second)["status"]["phase"] == "Pending"
    admin.request("DELETE", f"{PODS.format(shared)}/first")
    eventually(lambda: runs(admin, second))
    found = Workspace(admin, kubeconfig, shared, "second", "single").ok("cat", "note")
    assert found == b"mine\n"


def test_snapshots_of_volumes_bound_late_can_be_looked_into_and_cloned(
    admin: Api, kubeconfig: Path, shared: str, late: str
) -> None:
    workspace = start(admin, kubeconfig, shared, account="ada", storage_class=late)
    volume = Volume(workspace)
    volume.write("work/plan.txt", "good\n")
    with Client(**settings(kubeconfig, shared)) as client:
        cut(client, "good")
        volume.write("work/plan.txt", "spoilt\n")
        assert [one.name for one in client.files.list("good", "work").items] == ["plan.txt"]
        assert client.files.read("good", "work/plan.txt") == b"good\n"
        copy = helpers_claim(admin, shared)
        assert copy["spec"]["storageClassName"] == late
        assert copy["spec"]["dataSource"]["name"] == "good"
        chosen = copy["metadata"]["annotations"]["volume.kubernetes.io/selected-node"]
        assert chosen, "it was made for the node that the scheduler chose"

        begun = client.clones.from_snapshot("good", CloneOrder(name="copy"))
        done = client.operations.wait(begun.id, timeout=60)
        assert done.state == "done", done
        assert "when it is first mounted" in done.step
        claim = f"{CLAIMS.format(shared)}/copy"
        assert admin.get(claim)["status"]["phase"] == "Pending"
        cloned = started(admin, kubeconfig, shared, "mounts-copy", "copy")
        assert admin.get(claim)["status"]["phase"] == "Bound"
        assert cloned.ok("cat", "work/plan.txt") == b"good\n"
    nothing_left(admin, shared)
