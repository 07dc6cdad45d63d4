"""Claims: provisioned, bound, cloned, grown, protected, released."""

from __future__ import annotations

import re

import pytest

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.faults import Settings

from .world import CLAIM_SOURCE, SNAPSHOT_SOURCE, World


def test_claim_is_provisioned_and_bound(world: World) -> None:
    claim = world.new_claim("data", "2Gi")
    volume = world.volume(claim)
    name = f"pvc-{claim['metadata']['uid']}"
    assert claim["spec"]["storageClassName"] == "ontap-nas"
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"] == name
    assert claim["metadata"]["annotations"] == {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
        "volume.beta.kubernetes.io/storage-provisioner": "csi.trident.netapp.io",
        "volume.kubernetes.io/storage-provisioner": "csi.trident.netapp.io",
    }
    assert claim["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    assert claim["status"] == {
        "phase": "Bound",
        "accessModes": ["ReadWriteMany"],
        "capacity": {"storage": "2Gi"},
    }
    assert volume["status"]["phase"] == "Bound"
    assert volume["spec"]["claimRef"]["uid"] == claim["metadata"]["uid"]
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    assert set(volume["metadata"]["finalizers"]) == {
        "kubernetes.io/pv-protection",
        "external-provisioner.volume.kubernetes.io/finalizer",
    }
    csi = volume["spec"]["csi"]
    assert (csi["driver"], csi["volumeHandle"]) == ("csi.trident.netapp.io", name)
    assert csi["volumeAttributes"]["internalName"] == "trident_" + name.replace("-", "_")
    assert {"name", "protocol", "backendUUID"} <= set(csi["volumeAttributes"])
    assert world.folder("data").is_dir()
    assert world.event("data", "ProvisioningSucceeded") == f"Successfully provisioned volume {name}"
    assert "external provisioner 'csi.trident.netapp.io'" in world.event(
        "data", "ExternalProvisioning"
    )


def test_deleting_a_claim_deletes_its_volume(world: World) -> None:
    claim = world.new_claim("data")
    world.delete("PersistentVolumeClaim", "data")
    world.gone("PersistentVolumeClaim", "data")
    world.gone("PersistentVolume", claim["spec"]["volumeName"], None)
    assert world.storage.list_volumes(deleting=True) == []


def test_retained_volume_serves_again(world: World) -> None:
    """The administrator's way: keep the volume, free it, name it in a new claim."""
    claim = world.new_claim("data", storageClassName="ontap-nas")
    (world.folder("data") / "precious").write_text("42")
    volume = claim["spec"]["volumeName"]
    keep = {"spec": {"persistentVolumeReclaimPolicy": "Retain"}}
    world.store.patch("PersistentVolume", None, volume, keep)
    world.delete("PersistentVolumeClaim", "data")
    world.wait(
        lambda: world.find("PersistentVolume", volume, None)["status"]["phase"] == "Released"
    )
    world.store.patch("PersistentVolume", None, volume, {"spec": {"claimRef": None}})
    again = world.new_claim("again", storageClassName="ontap-nas", volumeName=volume)
    assert (world.folder("again") / "precious").read_text() == "42"
    assert "pv.kubernetes.io/bound-by-controller" not in again["metadata"]["annotations"]
    assert world.volume(again)["metadata"]["annotations"]["pv.kubernetes.io/bound-by-controller"]


def test_available_volume_is_preferred_to_a_new_one(world: World) -> None:
    for name, size in (("big", "5Gi"), ("small", "3Gi"), ("tiny", "1Gi")):
        world.create(
            "PersistentVolume",
            {
                "metadata": {"name": name},
                "spec": {
                    "accessModes": ["ReadWriteMany"],
                    "capacity": {"storage": size},
                    "storageClassName": "manual",
                    "persistentVolumeReclaimPolicy": "Retain",
                    "nfs": {"server": "x", "path": "/"},
                },
            },
        )
    world.wait(lambda: world.find("PersistentVolume", "big", None)["status"].get("phase"))
    claim = world.new_claim("data", "2Gi", storageClassName="manual")
    assert claim["spec"]["volumeName"] == "small"
    assert claim["status"]["capacity"] == {"storage": "3Gi"}


def test_lost_claim(world: World) -> None:
    claim = world.new_claim("data")
    volume = world.volume(claim)
    volume["metadata"].pop("finalizers")
    world.store.update("PersistentVolume", volume)
    world.delete("PersistentVolume", volume["metadata"]["name"], None)
    world.wait(lambda: world.find("PersistentVolumeClaim", "data")["status"]["phase"] == "Lost")
    assert "has lost its PersistentVolume" in world.event("data", "ClaimLost")


def test_first_consumer(world: World) -> None:
    world.claim("data", storageClassName="local-path")
    assert "waiting for first consumer" in world.event("data", "WaitForFirstConsumer")
    assert world.find("PersistentVolumeClaim", "data")["status"]["phase"] == "Pending"
    world.pod("user", "data")
    world.running("user")
    claim = world.bound("data")
    assert claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"]
    assert world.volume(claim)["spec"]["csi"]["driver"] == "hostpath.csi.k8s.io"
    assert not (world.folder("data") / ".snapshot").exists()


def test_selected_node_is_enough(world: World) -> None:
    world.claim(
        "data",
        storageClassName="local-path",
        metadata={"annotations": {"volume.kubernetes.io/selected-node": "somewhere"}},
    )
    world.bound("data")


def test_unknown_class_and_no_class(world: World) -> None:
    world.claim("data", storageClassName="gold")
    message = world.event("data", "ProvisioningFailed")
    assert message == 'storageclass.storage.k8s.io "gold" not found'
    world.claim("bare", storageClassName="")
    assert "no storage class is set" in world.event("bare", "FailedBinding")
    gold = {"metadata": {"name": "gold"}, "provisioner": "csi.trident.netapp.io"}
    world.create("StorageClass", gold)
    world.bound("data")


def test_clone_of_a_claim(world: World) -> None:
    world.new_claim("data", "2Gi")
    (world.folder("data") / "a").write_text("a")
    world.new_claim("copy", "2Gi", dataSource={**CLAIM_SOURCE, "name": "data"})
    assert (world.folder("copy") / "a").read_text() == "a"
    world.claim("small", "1Gi", dataSource={**CLAIM_SOURCE, "name": "data"})
    message = world.event("small", "ProvisioningFailed")
    assert "new PVC request must be greater than or equal in size" in message
    world.claim("large", "3Gi", dataSource={**CLAIM_SOURCE, "name": "data"})
    message = world.event("large", "ProvisioningFailed")
    assert message.startswith("rpc error: code = OutOfRange desc = ")


def test_clone_waits_for_its_source(world: World) -> None:
    world.claim("copy", dataSource={**CLAIM_SOURCE, "name": "data"})
    assert "error getting PVC data" in world.event("copy", "ProvisioningFailed")
    world.new_claim("data")
    world.bound("copy")


def test_trident_clone_annotation(world: World) -> None:
    world.new_claim("data")
    (world.folder("data") / "a").write_text("a")
    metadata = {"annotations": {"trident.netapp.io/cloneFromPVC": "data"}}
    world.new_claim("copy", metadata=metadata)
    assert (world.folder("copy") / "a").read_text() == "a"


def test_restore_from_a_snapshot(world: World) -> None:
    world.new_claim("data", "2Gi")
    (world.folder("data") / "a").write_text("before")
    world.new_snapshot("snap", "data")
    (world.folder("data") / "a").write_text("after")
    claim = world.new_claim("copy", "1Gi", dataSource={**SNAPSHOT_SOURCE, "name": "snap"})
    assert (world.folder("copy") / "a").read_text() == "before"
    assert claim["status"]["capacity"] == {"storage": "2Gi"}  # Trident: the source's size


def test_restore_is_refused_as_the_provisioner_does(world: World) -> None:
    world.new_claim("data", "2Gi")
    (world.folder("data") / "a").write_bytes(b"x" * 200_000)
    world.claim("early", dataSource={**SNAPSHOT_SOURCE, "name": "snap"})
    assert "error getting snapshot snap from api server" in world.event(
        "early", "ProvisioningFailed"
    )
    world.new_snapshot("snap", "data")
    world.bound("early")
    world.claim("tiny", "1Ki", dataSource={**SNAPSHOT_SOURCE, "name": "snap"})
    message = world.event("tiny", "ProvisioningFailed")
    assert re.search(r"requested volume size 1024 is less than the size \d{6} for the", message)
    world.claim(
        "foreign",
        dataSource={**SNAPSHOT_SOURCE, "name": "snap"},
        storageClassName="local-path",
        metadata={"annotations": {"volume.kubernetes.io/selected-node": "n"}},
    )
    assert "not handled by CSI driver of StorageClass local-path" in world.event(
        "foreign", "ProvisioningFailed"
    )


def test_expansion(world: World) -> None:
    world.new_claim("data", "1Gi")
    world.store.patch("PersistentVolumeClaim", "default", "data", _size("3Gi"))
    world.wait(
        lambda: (
            world.find("PersistentVolumeClaim", "data")["status"]["capacity"]["storage"] == "3Gi"
        )
    )
    assert world.event("data", "VolumeResizeSuccessful") == "Resize volume succeeded"
    claim = world.find("PersistentVolumeClaim", "data")
    assert "conditions" not in claim["status"]
    assert world.volume(claim)["spec"]["capacity"] == {"storage": "3Gi"}
    assert world.storage.volume(claim["spec"]["volumeName"]).size == 3 * 1024**3


def test_failing_expansion_shows_and_recovers(world: World) -> None:
    world.new_claim("data", "1Gi")
    world.faults.change(Settings(resize_failures=1.0))
    world.store.patch("PersistentVolumeClaim", "default", "data", _size("2Gi"))
    assert "resize failed because it was told to" in world.event("data", "VolumeResizeFailed")
    status = world.find("PersistentVolumeClaim", "data")["status"]
    types = {condition["type"] for condition in status["conditions"]}
    assert types == {"Resizing", "ControllerResizeError"}
    assert status["allocatedResourceStatuses"] == {"storage": "ControllerResizeInProgress"}
    world.faults.reset()
    world.wait(
        lambda: (
            world.find("PersistentVolumeClaim", "data")["status"]["capacity"]["storage"] == "2Gi"
        )
    )


def test_expansion_is_refused_without_the_class_allowing_it(world: World) -> None:
    world.claim(
        "data",
        storageClassName="local-path",
        metadata={"annotations": {"volume.kubernetes.io/selected-node": "n"}},
    )
    world.bound("data")
    with pytest.raises(ApiError, match="the storageclass that provisions the pvc must support"):
        world.store.patch("PersistentVolumeClaim", "default", "data", _size("2Gi"))


def test_claim_in_use_stays(world: World) -> None:
    world.new_claim("data")
    world.pod("user", "data")
    world.running("user")
    world.delete("PersistentVolumeClaim", "data")
    world.wait(
        lambda: "deletionTimestamp" in world.find("PersistentVolumeClaim", "data")["metadata"]
    )
    world.pod("late", "data")
    assert "is being deleted" in world.event("late", "FailedScheduling")
    assert world.find("PersistentVolumeClaim", "data")
    world.delete("Pod", "user")
    world.gone("Pod", "user")
    world.gone("PersistentVolumeClaim", "data")


def test_provisioning_delay_and_failure(world: World) -> None:
    world.faults.change(Settings(provision_failures=1.0))
    world.claim("data")
    message = world.event("data", "ProvisioningFailed")
    assert message == "rpc error: code = Internal desc = provision failed because it was told to"
    world.faults.change(Settings(provision_delay=0.5))
    world.bound("data")
    events = world.store.list("Event", "default").items
    assert sum(event["reason"] == "ProvisioningFailed" for event in events) == 1


def _size(size: str) -> dict:
    return {"spec": {"resources": {"requests": {"storage": size}}}}


def test_claim_from_before_there_was_a_default_class(world: World) -> None:
    mark = "storageclass.kubernetes.io/is-default-class"
    world.store.patch(
        "StorageClass", None, "ontap-nas", {"metadata": {"annotations": {mark: "false"}}}
    )
    world.claim("data")
    assert "no storage class is set" in world.event("data", "FailedBinding")
    world.store.patch(
        "StorageClass", None, "ontap-nas", {"metadata": {"annotations": {mark: "true"}}}
    )
    assert world.bound("data")["spec"]["storageClassName"] == "ontap-nas"


def test_bound_volume_stays_until_its_claim_goes(world: World) -> None:
    claim = world.new_claim("data")
    (world.folder("data") / "a").write_text("a")
    name = claim["spec"]["volumeName"]
    world.delete("PersistentVolume", name, None)
    world.wait(
        lambda: "deletionTimestamp" in world.find("PersistentVolume", name, None)["metadata"]
    )
    world.new_claim("other")
    assert (world.folder("data") / "a").read_text() == "a"
    world.delete("PersistentVolumeClaim", "data")
    world.gone("PersistentVolume", name, None)
    assert [volume.handle for volume in world.storage.list_volumes()] != [name]


def test_claim_deleted_while_it_is_provisioned_leaves_nothing(world: World) -> None:
    world.faults.change(Settings(provision_delay=0.3))
    world.claim("data")
    world.event("data", "Provisioning")
    world.delete("PersistentVolumeClaim", "data")
    world.gone("PersistentVolumeClaim", "data")
    world.event("data", "ProvisioningSucceeded")
    world.wait(lambda: not world.store.list("PersistentVolume").items)
    assert world.storage.list_volumes() == []


def test_controllers_that_are_cut_off_begin_anew(world: World) -> None:
    """The store ends the watch of somebody who falls too far behind."""
    for number in range(30):
        world.claim(f"c{number}", "1Mi")
        if number % 5 == 0:
            world.controllers._watch.close()
    for number in range(30):
        world.bound(f"c{number}")
    world.delete("PersistentVolumeClaim", "c0")
    world.controllers._watch.close()
    world.gone("PersistentVolumeClaim", "c0")
