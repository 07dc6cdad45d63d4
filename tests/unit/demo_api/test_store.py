from __future__ import annotations

from pathlib import Path

import pytest

from netapp_jlab.demo.api.bootstrap import open_cluster
from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.options import WriteOptions
from netapp_jlab.demo.api.store import Store

from .serving import claim, config, placed, snapshot


def make(store: Store, name: str = "a", **data: str) -> dict:
    return store.create("ConfigMap", placed(config(name, **data)))


def refused(call, *args, **kwargs) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call(*args, **kwargs)
    return caught.value


def test_create_fills_in_the_system_fields(store):
    made = make(store, x="1")
    assert made["kind"] == "ConfigMap"
    assert made["apiVersion"] == "v1"
    assert made["metadata"]["resourceVersion"] == str(store.resource_version)
    assert made["metadata"]["creationTimestamp"].endswith("Z")
    assert store.get("ConfigMap", "default", "a") == made


def test_what_a_client_says_of_system_fields_counts_for_nothing(store):
    wanted = placed(config("a"))
    wanted["metadata"] |= {"uid": "mine", "generation": 7, "resourceVersion": "3"}
    made = store.create("ConfigMap", wanted)
    assert made["metadata"]["uid"] != "mine"
    assert "generation" not in made["metadata"]


def test_a_name_is_taken_once(store):
    make(store)
    error = refused(make, store)
    assert (error.code, error.reason) == (409, "AlreadyExists")
    assert error.message == 'configmaps "a" already exists'
    assert error.status()["details"] == {"name": "a", "kind": "configmaps"}


def test_every_write_raises_the_version_by_one(store):
    before = store.resource_version
    made = make(store)
    store.update("ConfigMap", {**made, "data": {"x": "2"}})
    store.delete("ConfigMap", "default", "a")
    assert store.resource_version == before + 3


def test_an_update_that_changes_nothing_is_none(store):
    made = make(store)
    assert store.update("ConfigMap", made) == made


def test_an_update_based_on_an_older_version_is_refused(store):
    made = make(store)
    store.update("ConfigMap", {**made, "data": {"x": "2"}})
    error = refused(store.update, "ConfigMap", {**made, "data": {"x": "3"}})
    assert (error.code, error.reason) == (409, "Conflict")
    assert "the object has been modified" in error.message


def test_an_update_without_version_wins_for_built_in_kinds_only(store):
    store.create("ConfigMap", placed(config("a")))
    assert store.update("ConfigMap", placed(config("a", x="1")))["data"] == {"x": "1"}
    store.create("VolumeSnapshot", placed(snapshot()))
    error = refused(store.update, "VolumeSnapshot", placed(snapshot()))
    assert "metadata.resourceVersion: Invalid value: 0: must be specified" in error.message


def test_an_update_of_an_object_made_anew_is_refused(store):
    made = make(store)
    store.delete("ConfigMap", "default", "a")
    make(store)
    del made["metadata"]["resourceVersion"]
    error = refused(store.update, "ConfigMap", made)
    assert error.code == 409
    assert "Precondition failed: UID in precondition" in error.message


def test_the_status_is_a_world_of_its_own(store):
    made = store.create("VolumeSnapshot", placed({**snapshot(), "status": {"readyToUse": True}}))
    assert "status" not in made
    new = {**made, "spec": {**made["spec"], "volumeSnapshotClassName": "x"}}
    new["status"] = {"readyToUse": True, "restoreSize": "1Gi"}
    new["metadata"] = {**made["metadata"], "labels": {"a": "b"}}
    status = store.update("VolumeSnapshot", new, subresource="status")
    assert status["spec"] == made["spec"]
    assert "labels" not in status["metadata"]
    assert status["metadata"]["generation"] == 1
    spec = store.patch(
        "VolumeSnapshot",
        "default",
        "s",
        {"spec": {"volumeSnapshotClassName": "x"}, "status": {"readyToUse": False}},
    )
    assert spec["status"] == {"readyToUse": True, "restoreSize": "1Gi"}
    assert spec["metadata"]["generation"] == 2


def test_generated_names(store):
    wanted = placed({"metadata": {"generateName": "run-"}})
    names = {store.create("ConfigMap", wanted)["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("run-") and len(name) == 9 for name in names)
    long = store.create("ConfigMap", placed({"metadata": {"generateName": "a" * 80}}))
    assert len(long["metadata"]["name"]) == 63


def test_names_that_are_all_taken(store, monkeypatch):
    monkeypatch.setattr("netapp_jlab.demo.api.names.generate", lambda prefix: f"{prefix}same")
    wanted = placed({"metadata": {"generateName": "run-"}})
    store.create("ConfigMap", wanted)
    error = refused(store.create, "ConfigMap", wanted)
    assert "was not able to generate a unique name" in error.message
    assert error.retry_after == 1


def test_dry_run(store):
    version = store.resource_version
    dry = WriteOptions(dry_run=True)
    assert store.create("ConfigMap", placed(config("a")), options=dry)["metadata"]["uid"]
    assert store.resource_version == version
    made = make(store)
    assert store.patch("ConfigMap", "default", "a", {"data": {"x": "1"}}, options=dry)["data"]
    store.delete("ConfigMap", "default", "a", options=dry)
    assert store.get("ConfigMap", "default", "a") == made


class TestDeletion:
    def test_at_once(self, store):
        made = make(store)
        gone = store.delete("ConfigMap", "default", "a")
        assert gone["metadata"]["uid"] == made["metadata"]["uid"]
        assert store.gone(gone)
        assert refused(store.get, "ConfigMap", "default", "a").code == 404

    def test_held_by_finalizers(self, store):
        wanted = placed(config("a"))
        wanted["metadata"]["finalizers"] = ["x.y/z"]
        store.create("ConfigMap", wanted)
        first = store.delete("ConfigMap", "default", "a")
        assert first["metadata"]["deletionTimestamp"]
        assert not store.gone(first)
        version = store.resource_version
        assert store.delete("ConfigMap", "default", "a") == first
        assert store.resource_version == version
        more = {"metadata": {"finalizers": ["x.y/z", "x.y/new"]}}
        error = refused(store.patch, "ConfigMap", "default", "a", more)
        assert "no new finalizers can be added if the object is being deleted" in error.message
        error = refused(make, store)
        assert error.message.startswith("object is being deleted: ")
        store.patch("ConfigMap", "default", "a", {"metadata": {"finalizers": None}})
        assert refused(store.get, "ConfigMap", "default", "a").code == 404

    @pytest.mark.parametrize(
        ("wanted", "words"),
        [
            ({"uid": "other"}, "the UID in the precondition (other) does not match"),
            ({"resourceVersion": "1"}, "the ResourceVersion in the precondition (1)"),
        ],
    )
    def test_preconditions(self, store, wanted, words):
        make(store)
        error = refused(store.delete, "ConfigMap", "default", "a", preconditions=wanted)
        assert (error.code, error.details["kind"]) == (409, "ConfigMap")
        assert words in error.message

    @pytest.mark.parametrize(
        ("propagation", "finalizers"),
        [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"]), ("Background", None)],
    )
    def test_propagation(self, store, propagation, finalizers):
        make(store)
        gone = store.delete("ConfigMap", "default", "a", propagation=propagation)
        assert gone["metadata"].get("finalizers") == finalizers
        assert store.gone(gone) == (finalizers is None)

    def test_a_pod_on_a_node_is_only_asked_to_stop(self, store):
        spec = {"containers": [{"name": "c", "image": "i"}]}
        store.create("Pod", placed({"metadata": {"name": "p"}, "spec": spec}))
        store.patch("Pod", "default", "p", {"spec": {"nodeName": "n"}})
        asked = store.delete("Pod", "default", "p")
        assert asked["metadata"]["deletionGracePeriodSeconds"] == 30
        assert not store.gone(asked)
        assert store.gone(store.delete("Pod", "default", "p", grace_seconds=0))

    def test_a_namespace_waits_for_its_controller(self, store):
        store.create("Namespace", {"metadata": {"name": "n"}})
        going = store.delete("Namespace", None, "n")
        assert going["status"]["phase"] == "Terminating"
        error = refused(store.create, "ConfigMap", placed(config("late"), "n"))
        assert error.code == 403
        assert "because it is being terminated" in error.message
        assert error.details["causes"][0]["reason"] == "NamespaceTerminating"
        store.update("Namespace", {**going, "spec": {"finalizers": []}}, subresource="finalize")
        assert refused(store.get, "Namespace", None, "n").code == 404

    def test_some_namespaces_are_immortal(self, store):
        error = refused(store.delete, "Namespace", None, "kube-system")
        assert error.message == (
            'namespaces "kube-system" is forbidden: this namespace may not be deleted'
        )


def test_a_missing_namespace(store):
    error = refused(store.create, "ConfigMap", placed(config("a"), "nowhere"))
    assert (error.code, error.message) == (404, 'namespaces "nowhere" not found')


def test_admission_hooks_see_and_refuse_everything(store):
    seen = []

    def hook(operation, kind, new, old, user):
        seen.append((operation, kind.kind, new is None, old is None, user))
        if operation == "DELETE":
            raise ApiError(403, "Forbidden", "not today")

    store.admission.append(hook)
    make(store)
    store.patch("ConfigMap", "default", "a", {"data": {"x": "1"}})
    assert refused(store.delete, "ConfigMap", "default", "a").message == "not today"
    assert seen == [
        ("CREATE", "ConfigMap", False, True, None),
        ("UPDATE", "ConfigMap", False, False, None),
        ("DELETE", "ConfigMap", True, False, None),
    ]
    assert store.get("ConfigMap", "default", "a")["data"] == {"x": "1"}


def test_everything_is_there_after_a_restart(tmp_path: Path):
    path = str(tmp_path / "db")
    first = open_cluster(path)
    made = first.create("ConfigMap", placed(config("a", x="1")))
    first.create("ConfigMap", placed(config("b")))
    first.delete("ConfigMap", "default", "b")
    version, key = first.resource_version, first.setting("key", "one")
    first.close()
    second = open_cluster(path)
    assert second.get("ConfigMap", "default", "a") == made
    assert second.resource_version == version
    assert second.setting("key", "two") == key
    assert [item["metadata"]["name"] for item in second.list("ConfigMap").items] == ["a"]
    with second.watch("ConfigMap", resource_version=made["metadata"]["resourceVersion"]) as watch:
        assert [watch.get(1).type, watch.get(1).type] == ["ADDED", "DELETED"]
    second.close()


def test_versions_go_on_after_a_compaction_and_a_restart(tmp_path: Path):
    path = str(tmp_path / "db")
    first = open_cluster(path)
    first.compact()
    version = first.resource_version
    first.close()
    second = open_cluster(path)
    assert second.resource_version == version
    second.create("ConfigMap", placed(config("a")))
    assert second.resource_version == version + 1
    second.close()


def test_a_write_that_the_disk_refuses_changes_nothing(store, monkeypatch):
    def full(row):
        raise OSError("no space left on device")

    version = store.resource_version
    monkeypatch.setattr(store._state._database, "write", full)
    with pytest.raises(OSError, match="no space"):
        make(store)
    monkeypatch.undo()
    assert store.resource_version == version
    make(store)
    assert store.resource_version == version + 1


def test_a_default_class_is_chosen_for_claims(store):
    def storage_class(name: str, default: str) -> None:
        annotations = {"storageclass.kubernetes.io/is-default-class": default}
        meta = {"name": name, "annotations": annotations}
        store.create("StorageClass", {"metadata": meta, "provisioner": "p"})

    assert (
        "storageClassName" not in store.create("PersistentVolumeClaim", placed(claim("a")))["spec"]
    )
    storage_class("silver", "false")
    storage_class("gold", "true")
    made = store.create("PersistentVolumeClaim", placed(claim("b")))
    assert made["spec"]["storageClassName"] == "gold"
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    none = store.create("PersistentVolumeClaim", placed(claim("c", storageClassName="")))
    assert none["spec"]["storageClassName"] == ""
