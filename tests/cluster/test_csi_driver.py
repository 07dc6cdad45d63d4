"""The CSI driver by its own socket, without a kubelet and with an array of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from .csi.orders import Orders
from .csi.protocol import csi, csi_grpc
from .layout import ROOT

MIB = 1024**2
SECONDS = 30.0


class Driver:
    """A driver in a process of its own; `inside` is what starts it."""

    def __init__(self, home: Path, inside: tuple[str, ...] = ()) -> None:
        self.home = home
        self._inside = inside
        self.orders = Orders(home / "faults")
        self._socket = home / "csi.sock"
        self.start()

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        places = {
            "--endpoint": f"unix://{self._socket}",
            "--root": str(self.home / "array"),
            "--node": "here",
            "--faults": str(self.home / "faults"),
        }
        options = [word for option in places.items() for word in option]
        command = [*self._inside, sys.executable, "-m", "tests.cluster.csi", *options]
        self._process = subprocess.Popen(command, cwd=ROOT)
        self._channel = grpc.insecure_channel(f"unix://{self._socket}")
        grpc.channel_ready_future(self._channel).result(timeout=SECONDS)
        self.controller = csi_grpc.ControllerStub(self._channel)
        self.node = csi_grpc.NodeStub(self._channel)

    def kill(self) -> None:
        self._channel.close()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(SECONDS)

    def files(self, volume: str) -> Path:
        return self.home / "array" / "volumes" / volume

    def volume(self, name: str = "pvc-1", size: int = MIB, **more: Any) -> Any:
        one = csi.VolumeCapability(
            mount={}, access_mode={"mode": csi.VolumeCapability.AccessMode.SINGLE_NODE_WRITER}
        )
        more.setdefault("capacity_range", {"required_bytes": size})
        request = csi.CreateVolumeRequest(name=name, volume_capabilities=[one], **more)
        return self.controller.CreateVolume(request, timeout=SECONDS).volume

    def snapshot(self, name: str = "s1", volume: str = "pvc-1", timeout: float = SECONDS) -> Any:
        request = csi.CreateSnapshotRequest(name=name, source_volume_id=volume)
        return self.controller.CreateSnapshot(request, timeout=timeout).snapshot

    def publish(self, target: Path, *, readonly: bool = False) -> None:
        request = csi.NodePublishVolumeRequest(
            volume_id="pvc-1", target_path=str(target), readonly=readonly
        )
        self.node.NodePublishVolume(request, timeout=SECONDS)

    def unpublish(self, target: Path) -> None:
        request = csi.NodeUnpublishVolumeRequest(volume_id="pvc-1", target_path=str(target))
        self.node.NodeUnpublishVolume(request, timeout=SECONDS)


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    made = Driver(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def sharing(tmp_path: Path) -> Iterator[Driver]:
    """A driver whose mounts are shared, as a kubelet's are."""
    script = 'mount --make-rshared / && exec "$@"'
    made = Driver(tmp_path, ("unshare", "--mount", "--", "sh", "-c", script, "sh"))
    yield made
    made.kill()


def _refused(call: Any, *arguments: Any, **named: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as refusal:
        call(*arguments, **named)
    code: grpc.StatusCode = refusal.value.code()
    return code


def test_creating_twice_gives_the_same_volume(driver: Driver) -> None:
    assert driver.volume() == driver.volume()
    assert _refused(driver.volume, size=2 * MIB) is grpc.StatusCode.ALREADY_EXISTS


def test_sizes_stay_within_the_limit(driver: Driver) -> None:
    limits = {"required_bytes": 2 * MIB, "limit_bytes": MIB}
    assert _refused(driver.volume, capacity_range=limits) is grpc.StatusCode.OUT_OF_RANGE
    assert driver.volume(capacity_range={"limit_bytes": 3 * MIB}).capacity_bytes <= 3 * MIB


def test_a_clone_has_the_content_and_the_size_asked_for(driver: Driver) -> None:
    driver.volume(size=MIB)
    (driver.files("pvc-1") / "note").write_text("before")
    cut = driver.snapshot()
    (driver.files("pvc-1") / "note").write_text("after")
    source = {"snapshot": {"snapshot_id": cut.snapshot_id}}
    for _ in range(2):
        clone = driver.volume("pvc-2", size=3 * MIB, volume_content_source=source)
    assert clone.capacity_bytes == 3 * MIB
    assert (driver.files("pvc-2") / "note").read_text() == "before"
    copy = driver.volume("pvc-3", volume_content_source={"volume": {"volume_id": "pvc-1"}})
    assert copy.content_source.volume.volume_id == "pvc-1"
    assert (driver.files("pvc-3") / "note").read_text() == "after"


def test_what_is_missing_is_not_found_and_deleting_it_is_no_error(driver: Driver) -> None:
    source = {"snapshot": {"snapshot_id": "pvc-9/s1"}}
    assert _refused(driver.volume, volume_content_source=source) is grpc.StatusCode.NOT_FOUND
    assert _refused(driver.snapshot, volume="pvc-9") is grpc.StatusCode.NOT_FOUND
    grow = csi.ControllerExpandVolumeRequest(
        volume_id="pvc-9", capacity_range={"required_bytes": MIB}
    )
    expand = driver.controller.ControllerExpandVolume
    assert _refused(expand, grow, timeout=SECONDS) is grpc.StatusCode.NOT_FOUND
    driver.controller.DeleteVolume(csi.DeleteVolumeRequest(volume_id="pvc-9"), timeout=SECONDS)
    for handle in ("pvc-9/s1", "none of ours"):
        request = csi.DeleteSnapshotRequest(snapshot_id=handle)
        driver.controller.DeleteSnapshot(request, timeout=SECONDS)


def test_a_name_of_a_snapshot_belongs_to_one_volume(driver: Driver) -> None:
    driver.volume("pvc-1")
    driver.volume("pvc-2")
    first = driver.snapshot("s1", "pvc-1")
    assert driver.snapshot("s1", "pvc-1") == first
    assert _refused(driver.snapshot, "s1", "pvc-2") is grpc.StatusCode.ALREADY_EXISTS


def test_lists_come_in_pages(driver: Driver) -> None:
    driver.volume()
    cut = [driver.snapshot(f"s{number}").snapshot_id for number in range(3)]
    found: list[str] = []
    token = ""
    while len(found) < 3:
        request = csi.ListSnapshotsRequest(max_entries=2, starting_token=token)
        page = driver.controller.ListSnapshots(request, timeout=SECONDS)
        found += [entry.snapshot.snapshot_id for entry in page.entries]
        token = page.next_token
    assert (found, token) == (cut, "")
    wrong = csi.ListSnapshotsRequest(starting_token="nonsense")
    code = _refused(driver.controller.ListSnapshots, wrong, timeout=SECONDS)
    assert code is grpc.StatusCode.ABORTED


def test_a_killed_driver_goes_on_where_it_was(driver: Driver) -> None:
    driver.volume()
    cut = driver.snapshot()
    with driver.orders.given(CreateSnapshot={"delay": 60.0}):
        late = csi.CreateSnapshotRequest(name="s2", source_volume_id="pvc-1")
        pending = driver.controller.CreateSnapshot.future(late, timeout=SECONDS)
        time.sleep(0.2)
        driver.kill()
        assert pending.exception(timeout=SECONDS) is not None
    driver.start()
    assert driver.snapshot() == cut
    assert driver.snapshot("s2").ready_to_use


def test_ordered_failures_end_with_the_order(driver: Driver) -> None:
    driver.volume()
    with driver.orders.given(CreateSnapshot={"code": "RESOURCE_EXHAUSTED"}):
        assert _refused(driver.snapshot) is grpc.StatusCode.RESOURCE_EXHAUSTED
    with driver.orders.given(CreateSnapshot={"delay": 60.0}):
        assert _refused(driver.snapshot, timeout=0.3) is grpc.StatusCode.DEADLINE_EXCEEDED
    with driver.orders.given(ready=False):
        assert not driver.snapshot().ready_to_use
    assert driver.snapshot().ready_to_use


@pytest.mark.parametrize("readonly", [False, True])
def test_pods_write_into_the_volume_but_not_into_its_snapshots(
    driver: Driver, tmp_path: Path, readonly: bool
) -> None:
    driver.volume(parameters={"showSnapshots": "true"})
    (driver.files("pvc-1") / "note").write_text("before")
    driver.snapshot()
    target = tmp_path / "pod" / "mount"
    try:
        for _ in range(2):
            driver.publish(target, readonly=readonly)
        assert (target / ".snapshot" / "s1" / "note").read_text() == "before"
        with pytest.raises(OSError, match="Read-only"):
            (target / ".snapshot" / "s1" / "note").write_text("changed")
        if readonly:
            with pytest.raises(OSError, match="Read-only"):
                (target / "note").write_text("changed")
        else:
            (target / "note").write_text("changed")
            assert (driver.files("pvc-1") / "note").read_text() == "changed"
    finally:
        for _ in range(2):
            driver.unpublish(target)
    assert not target.exists()
    assert (driver.files("pvc-1") / "note").exists()


def test_a_mounted_volume_can_still_be_snapshotted_and_deleted(
    sharing: Driver, tmp_path: Path
) -> None:
    sharing.volume(parameters={"showSnapshots": "true"})
    sharing.snapshot("s1")
    sharing.publish(tmp_path / "pod")
    sharing.snapshot("s2")
    assert sorted(os.listdir(sharing.files("pvc-1") / ".snapshot")) == ["s1", "s2"]
    sharing.unpublish(tmp_path / "pod")
    for name in ("s1", "s2"):
        request = csi.DeleteSnapshotRequest(snapshot_id=f"pvc-1/{name}")
        sharing.controller.DeleteSnapshot(request, timeout=SECONDS)
    sharing.controller.DeleteVolume(csi.DeleteVolumeRequest(volume_id="pvc-1"), timeout=SECONDS)
    assert not sharing.files("pvc-1").exists()


def test_a_publish_cut_short_is_completed(driver: Driver, tmp_path: Path) -> None:
    """A driver killed between its mounts leaves the first; the kubelet calls again."""
    driver.volume(parameters={"showSnapshots": "true"})
    driver.snapshot()
    target = tmp_path / "mount"
    target.mkdir()
    subprocess.run(["mount", "--bind", driver.files("pvc-1"), target], check=True, timeout=SECONDS)
    try:
        driver.publish(target)
        assert os.statvfs(target / ".snapshot").f_flag & os.ST_RDONLY
        assert not os.statvfs(target).f_flag & os.ST_RDONLY
    finally:
        driver.unpublish(target)
