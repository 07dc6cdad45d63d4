"""How the CSI driver mounts volumes into pods."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from grpc import StatusCode

from .csi.protocol import csi
from .driving import MIB, SECONDS, Driver, driving, refused, usage


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    with driving(tmp_path) as made:
        yield made


@pytest.fixture
def sharing(tmp_path: Path) -> Iterator[Driver]:
    """A driver whose mounts are shared, as a kubelet's are."""
    script = 'mount --make-rshared / && exec "$@"'
    with driving(tmp_path, ("unshare", "--mount", "--", "sh", "-c", script, "sh")) as made:
        yield made


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
        sharing.ask("DeleteSnapshot", snapshot_id=f"pvc-1/{name}")
    sharing.ask("DeleteVolume", volume_id="pvc-1")
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


def test_what_a_mounted_volume_takes_is_told(driver: Driver, tmp_path: Path) -> None:
    driver.volume(size=4 * MIB)
    driver.volume("pvc-2")
    target = tmp_path / "pod"
    stats = {"volume_id": "pvc-1", "volume_path": str(target)}
    assert refused(driver.ask, "NodeGetVolumeStats", **stats) is StatusCode.NOT_FOUND
    driver.publish(target)
    try:
        (target / "data").write_bytes(b"x" * MIB)
        (told,) = driver.ask("NodeGetVolumeStats", **stats).usage
        assert told.unit == csi.VolumeUsage.BYTES
        assert (told.total, told.used + told.available) == (4 * MIB, 4 * MIB)
        assert MIB <= told.used < 2 * MIB
        other = {**stats, "volume_id": "pvc-2"}
        assert refused(driver.ask, "NodeGetVolumeStats", **other) is StatusCode.NOT_FOUND
    finally:
        driver.unpublish(target)


def test_readers_of_many_nodes_only_read(driver: Driver, tmp_path: Path) -> None:
    driver.volume()
    driver.publish(tmp_path / "pod", volume_capability=usage("MULTI_NODE_READER_ONLY"))
    try:
        with pytest.raises(OSError, match="Read-only"):
            (tmp_path / "pod" / "note").write_text("changed")
    finally:
        driver.unpublish(tmp_path / "pod")


def test_a_mount_is_not_replaced_by_another(driver: Driver, tmp_path: Path) -> None:
    driver.volume("pvc-1")
    driver.volume("pvc-2")
    target = tmp_path / "pod"
    driver.publish(target, readonly=True)
    try:
        driver.publish(target, readonly=True)
        assert refused(driver.publish, target) is StatusCode.ALREADY_EXISTS
        other = {"volume_id": "pvc-2", "target_path": str(target), "volume_capability": usage()}
        code = refused(driver.ask, "NodePublishVolume", readonly=True, **other)
        assert code is StatusCode.ALREADY_EXISTS
        with pytest.raises(OSError, match="Read-only"):
            (target / "note").write_text("changed")
    finally:
        driver.unpublish(target)
