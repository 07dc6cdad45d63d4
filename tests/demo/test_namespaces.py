"""Namespaces, quotas, pods, owners: the rest of what a cluster does by itself."""

from __future__ import annotations

import pytest

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.controllers import garbage

from .world import World


def test_namespace_has_a_default_account_and_goes_with_everything(world: World) -> None:
    world.create("Namespace", {"metadata": {"name": "team"}})
    world.wait(lambda: world.find("ServiceAccount", "default", "team"))
    world.claim("data", namespace="team")
    claim = world.bound("data", "team")
    source = {"persistentVolumeClaimName": "data"}
    body = {"metadata": {"name": "snap", "namespace": "team"}, "spec": {"source": source}}
    world.create("VolumeSnapshot", body)
    world.wait(lambda: (world.find("VolumeSnapshot", "snap", "team") or {}).get("status"))
    world.delete("Namespace", "team", None)
    with pytest.raises(ApiError, match=r"because it is being terminated|namespaces \"team\" not"):
        world.claim("late", namespace="team")
    world.gone("Namespace", "team", None)
    assert world.store.list("Event", "team").items == []
    world.gone("PersistentVolume", claim["spec"]["volumeName"], None)
    assert world.storage.list_volumes(deleting=True) == []


def test_deleted_default_account_comes_back(world: World) -> None:
    old = world.find("ServiceAccount", "default")
    world.delete("ServiceAccount", "default")
    world.wait(
        lambda: (
            (world.find("ServiceAccount", "default") or old)["metadata"]["uid"]
            != old["metadata"]["uid"]
        )
    )


def _quota(world: World, **hard: str) -> None:
    body = {"metadata": {"name": "limits", "namespace": "default"}, "spec": {"hard": hard}}
    world.create("ResourceQuota", body)
    world.wait(lambda: world.find("ResourceQuota", "limits")["status"].get("used") is not None)


def _used(world: World) -> dict[str, str]:
    return world.find("ResourceQuota", "limits")["status"]["used"]


def test_quota_refuses_in_the_words_of_kubernetes(world: World) -> None:
    snapshots = "count/volumesnapshots.snapshot.storage.k8s.io"
    of_class = "ontap-nas.storageclass.storage.k8s.io/requests.storage"
    _quota(
        world,
        **{
            "persistentvolumeclaims": "3",
            "requests.storage": "10Gi",
            of_class: "5Gi",
            snapshots: "1",
        },
    )
    world.new_claim("data", "4Gi")
    with pytest.raises(ApiError) as refused:
        world.claim("more", "2Gi")
    assert refused.value.code == 403
    assert str(refused.value) == (
        'persistentvolumeclaims "more" is forbidden: exceeded quota: limits, '
        f"requested: {of_class}=2Gi, used: {of_class}=4Gi, limited: {of_class}=5Gi"
    )
    world.new_snapshot("one", "data")
    with pytest.raises(ApiError, match=rf"requested: {snapshots}=1, used: {snapshots}=1, limited"):
        world.snapshot("two", "data")
    size = {"spec": {"resources": {"requests": {"storage": "6Gi"}}}}
    with pytest.raises(ApiError, match="exceeded quota: limits"):
        world.store.patch("PersistentVolumeClaim", "default", "data", size)
    world.wait(
        lambda: (
            _used(world)
            == {
                "persistentvolumeclaims": "1",
                "requests.storage": "4Gi",
                of_class: "4Gi",
                snapshots: "1",
            }
        )
    )
    world.delete("VolumeSnapshot", "one")
    world.gone("VolumeSnapshot", "one")
    world.wait(lambda: _used(world)[snapshots] == "0")
    world.new_snapshot("two", "data")


def test_quota_counts_every_claim_of_a_burst(world: World) -> None:
    _quota(world, persistentvolumeclaims="5")
    for number in range(5):
        world.claim(f"c{number}", "1Mi")
    with pytest.raises(ApiError, match="used: persistentvolumeclaims=5"):
        world.claim("c5", "1Mi")


def test_pod_runs_once_its_claim_is_bound(world: World) -> None:
    pod = world.pod("user", "data")
    assert pod["spec"]["serviceAccountName"] == "default"
    assert 'persistentvolumeclaim "data" not found' in world.event("user", "FailedScheduling")
    world.claim("data")
    pod = world.running("user")
    assert pod["status"]["podIP"].startswith("10.244.0.")
    assert pod["status"]["containerStatuses"][0]["state"]["running"]
    world.delete("Pod", "user")
    world.gone("Pod", "user")


def _owned(world: World, name: str, owner: dict, **more: object) -> None:
    meta = owner["metadata"]
    ref = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": meta["name"],
        "uid": meta["uid"],
        **more,
    }
    world.create(
        "ConfigMap",
        {"metadata": {"name": name, "namespace": "default", "ownerReferences": [ref]}},
    )


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_dependents_go_with_their_owner(world: World, propagation: str) -> None:
    owner = world.create("ConfigMap", {"metadata": {"name": "owner", "namespace": "default"}})
    _owned(world, "child", owner, blockOwnerDeletion=True)
    world.store.delete("ConfigMap", "default", "owner", propagation=propagation)
    world.gone("ConfigMap", "child")
    world.gone("ConfigMap", "owner")


def test_orphans_stay(world: World) -> None:
    owner = world.create("ConfigMap", {"metadata": {"name": "owner", "namespace": "default"}})
    _owned(world, "child", owner)
    world.store.delete("ConfigMap", "default", "owner", propagation="Orphan")
    world.gone("ConfigMap", "owner")
    world.wait(lambda: "ownerReferences" not in world.find("ConfigMap", "child")["metadata"])


def test_dependent_of_something_long_gone_goes(world: World) -> None:
    _owned(world, "child", {"metadata": {"name": "owner", "uid": "0"}})
    world.gone("ConfigMap", "child")


def test_repeated_event_is_counted(world: World) -> None:
    world.claim("data", storageClassName="gold")
    world.event("data", "ProvisioningFailed")
    for number in range(2):
        label = {"metadata": {"labels": {"touched": str(number)}}}
        world.store.patch("PersistentVolumeClaim", "default", "data", label)
        # one after the other: the controller looks once at what changed twice meanwhile
        world.wait(lambda least=number + 2: counted_at_least(world, least))


def counted_at_least(world: World, least: int) -> bool:
    (event,) = world.store.list("Event", "default").items
    return event["count"] >= least


def test_old_events_are_removed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_EVENT_LIFE", 1.0)
    world.claim("data", storageClassName="gold")
    world.event("data", "ProvisioningFailed")
    world.wait(lambda: world.store.list("Event", "default").items == [])
