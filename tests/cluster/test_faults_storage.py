"""The storage misbehaves: the driver is away, a snapshot never gets ready, the volume is full."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp_jlab.errors import NetAppJLabError
from netapp_jlab.models import CloneOrder, RestoreOrder, SnapshotOrder
from tests.cluster.csi.orders import Orders

from .api import SNAPSHOTS, Api, eventually
from .cluster import Cluster
from .faults.scene import READY_SECONDS, Scene, at_rest, fill, tree

FILES = {f"data/{number}.csv": f"{number}\n" for number in range(20)}
SMALL = 24 * 1024**2
"""Bytes of the file system that runs full."""


@pytest.fixture
def scene(admin: Api, kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Scene]:
    """A namespace of its own, with a volume “project1” and a snapshot “good” of it."""
    made = Scene(admin, kubeconfig, namespace, tmp_path)
    fill(made.volume("project1"), FILES)
    made.cut(made.client(), "project1", "good")
    yield made
    made.close()


@pytest.fixture
def orders(kubeconfig: Path) -> Orders:
    """Tells the driver what to do wrong."""
    return Orders(kubeconfig.resolve().parent / "csi-faults")


def test_a_snapshot_that_never_gets_ready_ends_in_a_clear_failure(
    scene: Scene, orders: Orders
) -> None:
    """A restore waits for its safety snapshot: without one not a byte is changed."""
    root = Path(scene.mounts["project1"])
    bad = dict.fromkeys(FILES, "spoilt")
    fill(root, bad)
    client = scene.client(ready_timeout=4.0)
    with orders.given(CreateSnapshot={"delay": 600.0, "namespace": scene.namespace}):
        begun = client.restores.start("good", RestoreOrder())
        eventually(lambda: client.operations.get(begun.id).step)
        assert client.snapshots.get(begun.safety_snapshot).phase == "pending"
        ended = client.operations.wait(begun.id, timeout=READY_SECONDS)
    print(ended.state, ended.step, ended.message, ended.hint)
    assert ended.state == "failed"
    assert "snapshot" in ended.message.lower()
    assert tree(root) == bad, "nothing was changed"
    # Once the storage works again, so does the restore.
    later = scene.client()
    again = later.restores.start("good", RestoreOrder())
    ended = later.operations.wait(again.id, timeout=READY_SECONDS)
    assert ended.state == "done", ended
    assert at_rest(client)
    assert tree(root) == FILES


def test_a_volume_that_runs_full_keeps_every_file_whole(scene: Scene, tmp_path: Path) -> None:
    """On a small file system of its own, where the volume is mounted for the restore."""
    root = Path(scene.mounts["project1"])
    large = {f"large/{number}": "x" * 4 * 1024**2 for number in range(8)}
    fill(root, large)
    client = scene.client()
    scene.cut(client, "project1", "large")
    old = {name: f"old {name}" for name in large}
    fill(root, old)
    image, small = tmp_path / "image", tmp_path / "small"
    small.mkdir()
    with image.open("wb") as file:
        file.truncate(SMALL)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True, timeout=30)
    subprocess.run(["mount", "-o", "loop", str(image), str(small)], check=True, timeout=30)
    try:
        subprocess.run(["cp", "-a", f"{root}/large", str(small)], check=True, timeout=30)
        _shows_snapshots(small, root)
        full = scene.client(mounts={"project1": str(small)})
        begun = full.restores.start("large", RestoreOrder(paths=("large",)))
        ended = full.operations.wait(begun.id, timeout=READY_SECONDS)
        print(ended.state, ended.step, ended.message, ended.outcome)
        assert "space" in f"{ended.message} {ended.outcome}".lower()
        for name, text in old.items():
            assert (small / name).read_text() in (text, large[name]), "one or the other, whole"
        assert not list(small.rglob(".~netapp-jlab*"))
    finally:
        subprocess.run(["umount", "--recursive", str(small)], check=True, timeout=30)


def _shows_snapshots(small: Path, root: Path) -> None:
    """Let a file system show the volume's snapshots, as its own would be."""
    (small / ".snapshot").mkdir()
    source, target = str(root / ".snapshot"), str(small / ".snapshot")
    subprocess.run(["mount", "--bind", source, target], check=True, timeout=30)


@pytest.mark.disturbing
def test_while_the_driver_is_away_everything_waits_and_then_converges(scene: Scene) -> None:
    cluster = Cluster.running()
    client = scene.client(ready_timeout=120.0)
    cluster.stop("csi-driver")
    try:
        client.snapshots.create("project1", SnapshotOrder(name="waits"))
        begun = client.clones.from_snapshot("good", CloneOrder(name="copy"))
        threading.Event().wait(5.0)
        assert client.snapshots.get("waits").phase == "pending"
        assert client.volumes.get("copy").phase == "pending"
        assert client.operations.get(begun.id).state == "running"
        with pytest.raises(NetAppJLabError, match="within"):
            client.snapshots.wait("waits", timeout=1.0)
    finally:
        cluster.start("csi-driver")
        # Sidecars end when they lose their driver; in a pod the kubelet starts them again.
        for name in ("csi-provisioner", "csi-snapshotter", "csi-resizer"):
            if cluster.pid(name) is None:
                cluster.start(name)
    assert client.snapshots.wait("waits", timeout=90.0).phase == "ready"
    assert client.operations.wait(begun.id, timeout=90.0).state == "done"
    assert tree(scene.files_of("copy")) == FILES
    found = scene.admin.get(SNAPSHOTS.format(scene.namespace))["items"]
    assert sorted(item["metadata"]["name"] for item in found) == ["good", "waits"]
    assert os.path.isdir(scene.mounts["project1"])
