"""What the CSI driver does with volumes; the others have its answers and mounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from .api import eventually
from .csi.protocol import csi
from .driving import MIB, SECONDS, Driver, driving, refused


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    with driving(tmp_path) as made:
        yield made


def test_creating_twice_gives_the_same_volume(driver: Driver) -> None:
    assert driver.volume() == driver.volume()
    assert refused(driver.volume, size=2 * MIB) is grpc.StatusCode.ALREADY_EXISTS


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
    assert refused(driver.volume, volume_content_source=source) is grpc.StatusCode.NOT_FOUND
    assert refused(driver.snapshot, volume="pvc-9") is grpc.StatusCode.NOT_FOUND
    for handle in ("pvc-9", "none of ours", "../array"):
        driver.ask("DeleteVolume", volume_id=handle)
    for handle in ("pvc-9/s1", "pvc-9/", "none of ours", "../array/lock"):
        driver.ask("DeleteSnapshot", snapshot_id=handle)


def test_a_name_of_a_snapshot_belongs_to_one_volume(driver: Driver) -> None:
    driver.volume("pvc-1")
    driver.volume("pvc-2")
    first = driver.snapshot("s1", "pvc-1")
    assert driver.snapshot("s1", "pvc-1") == first
    assert refused(driver.snapshot, "s1", "pvc-2") is grpc.StatusCode.ALREADY_EXISTS


def test_a_killed_driver_goes_on_where_it_was(driver: Driver) -> None:
    driver.volume()
    cut = driver.snapshot()
    with driver.orders.given(CreateSnapshot={"delay": 60.0}):
        late = csi.CreateSnapshotRequest(name="s2", source_volume_id="pvc-1")
        pending = driver.controller.CreateSnapshot.future(late, timeout=SECONDS)
        eventually(lambda: driver.orders.waiting("CreateSnapshot"))
        driver.kill()
        assert pending.exception(timeout=SECONDS) is not None
    driver.start()
    assert driver.snapshot() == cut
    assert driver.snapshot("s2").ready_to_use


def test_ordered_failures_end_with_the_order(driver: Driver) -> None:
    driver.volume()
    with driver.orders.given(CreateSnapshot={"code": "RESOURCE_EXHAUSTED"}):
        assert refused(driver.snapshot) is grpc.StatusCode.RESOURCE_EXHAUSTED
    with driver.orders.given(CreateSnapshot={"delay": 60.0}):
        assert refused(driver.snapshot, timeout=0.3) is grpc.StatusCode.DEADLINE_EXCEEDED
    with driver.orders.given(ready=False):
        assert not driver.snapshot().ready_to_use
    assert driver.snapshot().ready_to_use
