"""Snapshots: cut, bound, ready, failing, deleted, brought in from outside."""

from __future__ import annotations

from datetime import datetime, timezone

from netapp_jlab.demo.api.faults import Settings

from .world import SNAPSHOT_SOURCE, World

AS_SOURCE = "snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection"
BOUND = "snapshot.storage.kubernetes.io/volumesnapshot-bound-protection"
CONTENT = "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection"


def test_snapshot_becomes_ready(world: World) -> None:
    claim = world.new_claim("data")
    (world.folder("data") / "a").write_bytes(b"x" * 8192)
    before = datetime.now(timezone.utc).replace(microsecond=0)
    snapshot = world.new_snapshot("snap", "data")
    uid = snapshot["metadata"]["uid"]
    status = snapshot["status"]
    assert snapshot["spec"]["volumeSnapshotClassName"] == "csi-trident"
    assert status["boundVolumeSnapshotContentName"] == f"snapcontent-{uid}"
    assert status["restoreSize"] == "8Ki"
    cut_at = datetime.fromisoformat(status["creationTime"].replace("Z", "+00:00"))
    assert before <= cut_at <= datetime.now(timezone.utc)
    assert set(snapshot["metadata"]["finalizers"]) == {AS_SOURCE, BOUND}

    content = world.find("VolumeSnapshotContent", f"snapcontent-{uid}", None)
    handle = claim["spec"]["volumeName"]
    assert content["spec"] == {
        "deletionPolicy": "Delete",
        "driver": "csi.trident.netapp.io",
        "source": {"volumeHandle": handle},
        "sourceVolumeMode": "Filesystem",
        "volumeSnapshotClassName": "csi-trident",
        "volumeSnapshotRef": content["spec"]["volumeSnapshotRef"],
    }
    assert content["spec"]["volumeSnapshotRef"]["uid"] == uid
    assert content["status"]["snapshotHandle"] == f"{handle}/snapshot-{uid}"
    assert content["metadata"]["finalizers"] == [CONTENT]
    on_disk = world.folder("data") / ".snapshot" / f"snapshot-{uid}" / "a"
    assert on_disk.read_bytes() == b"x" * 8192
    assert "is ready to use" in world.event("snap", "SnapshotReady")
    assert "to be created by the CSI driver" in world.event("snap", "CreatingSnapshot")
    world.wait(
        lambda: (
            world.find("PersistentVolumeClaim", "data")["metadata"]["finalizers"]
            == ["kubernetes.io/pvc-protection"]
        )
    )


def test_deleting_a_snapshot_deletes_it_everywhere(world: World) -> None:
    world.new_claim("data")
    snapshot = world.new_snapshot("snap", "data")
    world.delete("VolumeSnapshot", "snap")
    world.gone("VolumeSnapshot", "snap")
    world.gone("VolumeSnapshotContent", snapshot["status"]["boundVolumeSnapshotContentName"], None)
    assert world.storage.list_snapshots() == []


def test_content_deleted_first_waits_for_its_snapshot(world: World) -> None:
    world.new_claim("data")
    snapshot = world.new_snapshot("snap", "data")
    name = snapshot["status"]["boundVolumeSnapshotContentName"]
    world.delete("VolumeSnapshotContent", name, None)
    world.wait(
        lambda: "deletionTimestamp" in world.find("VolumeSnapshotContent", name, None)["metadata"]
    )
    assert len(world.storage.list_snapshots()) == 1
    world.delete("VolumeSnapshot", "snap")
    world.gone("VolumeSnapshot", "snap")
    assert world.storage.list_snapshots() == []


def test_snapshot_outlives_its_volume(world: World) -> None:
    """As with Trident: the PersistentVolume goes, the volume stays until its last snapshot goes."""
    claim = world.new_claim("data")
    (world.folder("data") / "a").write_text("a")
    world.new_snapshot("snap", "data")
    world.delete("PersistentVolumeClaim", "data")
    world.gone("PersistentVolumeClaim", "data")
    world.gone("PersistentVolume", claim["spec"]["volumeName"], None)
    assert [volume.deleting for volume in world.storage.list_volumes(deleting=True)] == [True]
    world.new_claim("data", dataSource={**SNAPSHOT_SOURCE, "name": "snap"})
    assert (world.folder("data") / "a").read_text() == "a"
    world.delete("VolumeSnapshot", "snap")
    world.gone("VolumeSnapshot", "snap")
    assert len(world.storage.list_volumes(deleting=True)) == 1


def test_snapshot_of_a_pending_claim(world: World) -> None:
    world.faults.change(Settings(provision_failures=1.0))
    world.claim("data")
    world.snapshot("snap", "data")
    assert world.error("snap") == (
        "Failed to set default snapshot class with error the PVC data is not yet bound to a PV, "
        "will not attempt to take a snapshot"
    )
    world.snapshot("named", "data", volumeSnapshotClassName="csi-trident")
    assert "is not yet bound to a PV" in world.error("named")
    world.faults.reset()
    for name in ("snap", "named"):
        assert "error" not in world.ready(name)["status"]


def test_snapshot_of_a_missing_claim(world: World) -> None:
    world.snapshot("snap", "data")
    assert world.error("snap") == (
        "Failed to set default snapshot class with error failed to retrieve PVC data from the "
        'lister: "persistentvolumeclaim \\"data\\" not found"'
    )
    world.new_claim("data")
    world.ready("snap")


def test_driver_without_a_snapshot_class(world: World) -> None:
    world.claim(
        "data",
        storageClassName="local-path",
        metadata={"annotations": {"volume.kubernetes.io/selected-node": "n"}},
    )
    world.bound("data")
    world.snapshot("snap", "data")
    assert world.error("snap").endswith("cannot find default snapshot class")
    assert "cannot find default" in world.event("snap", "SetDefaultSnapshotClassFailed")


def test_several_default_classes(world: World) -> None:
    world.create(
        "VolumeSnapshotClass",
        {
            "metadata": {
                "name": "second",
                "annotations": {"snapshot.storage.kubernetes.io/is-default-class": "true"},
            },
            "driver": "csi.trident.netapp.io",
            "deletionPolicy": "Delete",
        },
    )
    world.new_claim("data")
    world.snapshot("snap", "data")
    assert world.error("snap").endswith("2 default snapshot classes were found")
    world.delete("VolumeSnapshotClass", "second", None)
    world.ready("snap")


def test_unknown_class(world: World) -> None:
    world.new_claim("data")
    world.snapshot("snap", "data", volumeSnapshotClassName="gold")
    assert world.error("snap").endswith(
        'volumesnapshotclass.snapshot.storage.k8s.io "gold" not found'
    )


def test_failing_snapshot_recovers(world: World) -> None:
    world.new_claim("data")
    world.faults.change(Settings(snapshot_failures=1.0))
    world.snapshot("snap", "data")
    message = world.error("snap")
    assert "failed to take snapshot of the volume pvc-" in message
    assert "snapshot failed because it was told to" in message
    assert world.find("VolumeSnapshot", "snap")["status"]["readyToUse"] is False
    world.faults.reset()
    assert "error" not in world.ready("snap")["status"]


def test_failed_snapshot_can_be_deleted(world: World) -> None:
    world.new_claim("data")
    world.faults.change(Settings(snapshot_failures=1.0))
    world.snapshot("snap", "data")
    world.error("snap")
    world.delete("VolumeSnapshot", "snap")
    world.gone("VolumeSnapshot", "snap")
    assert world.store.list("VolumeSnapshotContent").items == []


def test_retained_content(world: World) -> None:
    world.create(
        "VolumeSnapshotClass",
        {
            "metadata": {"name": "keep"},
            "driver": "csi.trident.netapp.io",
            "deletionPolicy": "Retain",
        },
    )
    world.new_claim("data")
    (world.folder("data") / "a").write_text("a")
    world.snapshot("snap", "data", volumeSnapshotClassName="keep")
    snapshot = world.ready("snap")
    name = snapshot["status"]["boundVolumeSnapshotContentName"]
    handle = world.find("VolumeSnapshotContent", name, None)["status"]["snapshotHandle"]
    assert BOUND not in snapshot["metadata"]["finalizers"]
    world.delete("VolumeSnapshot", "snap")
    world.gone("VolumeSnapshot", "snap")
    assert len(world.storage.list_snapshots()) == 1
    world.delete("VolumeSnapshotContent", name, None)
    world.gone("VolumeSnapshotContent", name, None)
    _bring_in(world, "back", handle)
    world.new_claim("copy", dataSource={**SNAPSHOT_SOURCE, "name": "back"})
    assert (world.folder("copy") / "a").read_text() == "a"


def test_pre_provisioned_content_that_does_not_exist(world: World) -> None:
    _bring_in(world, "back", "pvc-0/snapshot-0", wait=False)
    assert "snapshot pvc-0/snapshot-0 not found" in world.error("back")


def test_content_that_is_missing(world: World) -> None:
    source = {"volumeSnapshotContentName": "nowhere"}
    body = {"metadata": {"name": "snap", "namespace": "default"}, "spec": {"source": source}}
    world.create("VolumeSnapshot", body)
    assert world.error("snap") == "VolumeSnapshotContent is missing"


def test_snapshot_being_restored_waits(world: World) -> None:
    world.new_claim("data")
    world.new_snapshot("snap", "data")
    world.faults.change(Settings(provision_delay=0.7))
    world.claim("copy", dataSource={**SNAPSHOT_SOURCE, "name": "snap"})
    world.event("copy", "Provisioning")
    world.delete("VolumeSnapshot", "snap")
    assert "used to restore" in world.event("snap", "SnapshotDeletePending")
    world.bound("copy")
    world.gone("VolumeSnapshot", "snap")


def _bring_in(world: World, name: str, handle: str, *, wait: bool = True) -> None:
    """Make a snapshot of what exists on the array, the administrator's way."""
    ref = {"kind": "VolumeSnapshot", "name": name, "namespace": "default"}
    world.create(
        "VolumeSnapshotContent",
        {
            "metadata": {"name": f"{name}-content"},
            "spec": {
                "deletionPolicy": "Retain",
                "driver": "csi.trident.netapp.io",
                "source": {"snapshotHandle": handle},
                "volumeSnapshotRef": ref,
            },
        },
    )
    source = {"volumeSnapshotContentName": f"{name}-content"}
    world.create(
        "VolumeSnapshot",
        {"metadata": {"name": name, "namespace": "default"}, "spec": {"source": source}},
    )
    if wait:
        world.ready(name)
