"""The node fails under volumes in use: its kubelet is killed, and so is a helper's program.

A user's pod holds the volume, whose driver shows no snapshots: restores go through a helper.
"""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netapp_jlab import Client
from netapp_jlab.models import CloneOrder, Operation, RestoreOrder, SnapshotOrder

from . import processes
from .api import PODS, Api, eventually
from .cluster import Cluster
from .csi.orders import Orders
from .faults.scene import HIDDEN
from .moving import (
    FILL_MANY,
    MANY,
    Volume,
    cut,
    movers,
    nothing_left,
    running,
    settings,
)
from .workspace import grant, start

pytestmark = [pytest.mark.disturbing]
PATIENCE = 100.0
SERVES = b"netapp_jlab.mover\0serve"


@pytest.fixture(scope="module")
def volume(admin: Api, kubeconfig: Path) -> Iterator[Volume]:
    """A volume in use, with a snapshot “many” of many files."""
    namespace = f"node-{uuid.uuid4().hex[:8]}"
    admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    try:
        grant(admin, namespace, "ada", "read")
        made = Volume(start(admin, kubeconfig, namespace, account="ada", storage_class=HIDDEN))
        made.python(FILL_MANY)
        with Client(**settings(kubeconfig, namespace)) as client:
            cut(client, "many")
        yield made
    finally:
        admin.request("DELETE", f"/api/v1/namespaces/{namespace}")


@pytest.fixture
def client(volume: Volume, kubeconfig: Path) -> Iterator[Client]:
    """One that follows the namespace; all of “many” is gone from the volume."""
    volume.workspace.run("rm", "-rf", "many")
    made = Client(**settings(kubeconfig, volume.namespace))
    made.start()
    yield made
    made.close()


def until_copying(volume: Volume) -> None:
    """Wait until some of the many files are back, and not yet all."""
    eventually(lambda: volume.count() > 0, every=0.0)


def ended(client: Client, operation: Operation) -> Operation:
    """Wait until an operation has ended."""
    return client.operations.wait(operation.id, timeout=PATIENCE)


def user_pod(volume: Volume) -> dict[str, Any]:
    """Return the user's pod."""
    path = f"{PODS.format(volume.namespace)}/{volume.workspace.pod}"
    found: dict[str, Any] = volume.workspace.admin.get(path)
    return found


def program_of(pod: dict[str, Any]) -> int:
    """Return the pid, on this machine, of the program of a helper pod."""
    folders = {pod["metadata"]["uid"], pod["metadata"]["uid"].replace("-", "_")}
    for pid in processes.everything():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            group = Path(f"/proc/{pid}/cgroup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if SERVES in command and any(folder in group for folder in folders):
            return pid
    raise AssertionError(f"no program serves in {pod['metadata']['name']}")


def test_the_helpers_program_is_killed_while_it_copies(
    volume: Volume, client: Client, admin: Api
) -> None:
    begun = client.restores.start("many", RestoreOrder(paths=("many",)))
    until_copying(volume)
    (pod,) = running(admin, volume.namespace)
    os.kill(program_of(pod), signal.SIGKILL)
    done = ended(client, begun)
    assert done.state == "done", done
    assert volume.count() == MANY
    undone = ended(client, client.operations.undo(begun.id))
    assert undone.state == "done", undone
    assert volume.workspace.run("ls", "many").code != 0
    client.close()
    nothing_left(admin, volume.namespace)


def test_the_kubelet_is_killed_while_a_helper_copies(
    volume: Volume, client: Client, admin: Api, kubeconfig: Path
) -> None:
    """And while a snapshot is cut and a clone is made; the user's pod keeps its volume."""
    cluster = Cluster.running()
    before = user_pod(volume)
    orders = Orders(kubeconfig.resolve().parent / "csi-faults")
    restored = client.restores.start("many", RestoreOrder(paths=("many",)))
    until_copying(volume)
    with orders.given(CreateSnapshot={"delay": 1.0, "namespace": volume.namespace}):
        client.snapshots.create("home", SnapshotOrder(name="meanwhile"))
        cloned = client.clones.from_snapshot("many", CloneOrder(name="copy"))
        cluster.kill("kubelet")
        try:
            assert client.snapshots.wait("meanwhile", timeout=PATIENCE).phase == "ready"
            assert ended(client, cloned).state == "done", "neither needs a kubelet"
        finally:
            cluster.start("kubelet")
            cluster.await_ready()
    done = ended(client, restored)
    assert done.state == "done", done
    assert volume.count() == MANY
    unharmed(volume, before)
    client.close()
    nothing_left(admin, volume.namespace)


def test_the_kubelet_is_away_when_a_helper_should_start(
    volume: Volume, client: Client, admin: Api
) -> None:
    cluster = Cluster.running()
    before = user_pod(volume)
    cluster.kill("kubelet")
    try:
        begun = client.restores.start("many", RestoreOrder(paths=("many",)))
        eventually(lambda: movers(admin, volume.namespace))
        assert client.operations.get(begun.id).state == "running"
    finally:
        cluster.start("kubelet")
        cluster.await_ready()
    done = ended(client, begun)
    assert done.state == "done", done
    assert volume.count() == MANY
    unharmed(volume, before)
    client.close()
    nothing_left(admin, volume.namespace)


def unharmed(volume: Volume, before: dict[str, Any]) -> None:
    """The user's pod is still the one it was, and has its volume."""
    after = user_pod(volume)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert [one["restartCount"] for one in after["status"]["containerStatuses"]] == [0]
    volume.write("after.txt", "it can be written\n")
    assert volume.read("after.txt") == "it can be written\n"
