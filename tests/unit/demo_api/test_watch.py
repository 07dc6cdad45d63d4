from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from netapp_jlab.demo.api import watches
from netapp_jlab.demo.api.bootstrap import open_cluster
from netapp_jlab.demo.api.errors import ApiError

from .serving import config, placed


def make(store, name: str = "a", labels: dict | None = None, **data: str) -> dict:
    wanted = placed(config(name, **data))
    wanted["metadata"]["labels"] = labels or {}
    return store.create("ConfigMap", wanted)


def drain(watch) -> list[tuple[str, str]]:
    found = []
    while (event := watch.poll()) is not None:
        found.append((event.type, event.object["metadata"].get("name", "")))
    return found


def label(store, name: str, value: str | None) -> None:
    store.patch("ConfigMap", "default", name, {"metadata": {"labels": {"on": value}}})


def test_changes_from_a_version_on(store):
    first = make(store)
    version = first["metadata"]["resourceVersion"]
    label(store, "a", "yes")
    with store.watch("ConfigMap", resource_version=version) as watch:
        store.delete("ConfigMap", "default", "a")
        assert drain(watch) == [("MODIFIED", "a"), ("DELETED", "a")]


def test_without_a_version_what_there_is_comes_first(store):
    make(store)
    with store.watch("ConfigMap") as watch:
        make(store, "b")
        assert drain(watch) == [("ADDED", "a"), ("ADDED", "b")]


def test_a_deletion_carries_the_version_it_made(store):
    made = make(store)
    with store.watch("ConfigMap", resource_version=made["metadata"]["resourceVersion"]) as watch:
        store.delete("ConfigMap", "default", "a")
        event = watch.poll()
        assert event.object["metadata"]["resourceVersion"] == str(store.resource_version)
        assert event.object["metadata"]["uid"] == made["metadata"]["uid"]


def test_only_the_asked_kind_and_namespace(store):
    store.create("Namespace", {"metadata": {"name": "other"}})
    version = str(store.resource_version)
    with (
        store.watch("ConfigMap", "default", resource_version=version) as here,
        store.watch("ConfigMap", resource_version=version) as everywhere,
        store.watch("Secret", resource_version=version) as secrets,
        store.watch(None, resource_version=version) as everything,
    ):
        make(store)
        store.create("ConfigMap", placed(config("b"), "other"))
        store.create("Secret", placed({"metadata": {"name": "s"}}))
        assert drain(here) == [("ADDED", "a")]
        assert drain(everywhere) == [("ADDED", "a"), ("ADDED", "b")]
        assert drain(secrets) == [("ADDED", "s")]
        assert len(drain(everything)) == 3


def test_objects_enter_and_leave_a_selection(store):
    with store.watch("ConfigMap", label_selector="on=yes") as watch:
        make(store)
        assert drain(watch) == []
        label(store, "a", "yes")
        assert drain(watch) == [("ADDED", "a")]
        store.patch("ConfigMap", "default", "a", {"data": {"x": "1"}})
        assert drain(watch) == [("MODIFIED", "a")]
        label(store, "a", "no")
        event = watch.poll()
        assert event.type == "DELETED"
        assert event.object["metadata"]["labels"] == {"on": "yes"}
        assert event.object["metadata"]["resourceVersion"] == str(store.resource_version)
        label(store, "a", "yes")
        store.delete("ConfigMap", "default", "a")
        assert drain(watch) == [("ADDED", "a"), ("DELETED", "a")]


def test_one_object_by_its_name(store):
    with store.watch("ConfigMap", field_selector="metadata.name=b") as watch:
        make(store, "a")
        make(store, "b")
        assert drain(watch) == [("ADDED", "b")]


def test_versions_that_are_gone(tmp_path: Path):
    store = open_cluster(str(tmp_path / "db"), keep=20)
    oldest = store.resource_version
    for index in range(60):
        make(store, f"c{index}")
    with pytest.raises(ApiError) as caught:
        store.watch("ConfigMap", resource_version=str(oldest))
    assert (caught.value.code, caught.value.reason) == (410, "Expired")
    assert caught.value.message.startswith(f"too old resource version: {oldest} (")
    recent = str(store.resource_version - 20)
    with store.watch("ConfigMap", resource_version=recent) as watch:
        assert len(drain(watch)) == 20
    store.close()


def test_compaction_on_demand(store):
    made = make(store)
    label(store, "a", "yes")
    store.compact()
    with pytest.raises(ApiError, match="too old"):
        store.watch("ConfigMap", resource_version=made["metadata"]["resourceVersion"])
    with store.watch("ConfigMap", resource_version=str(store.resource_version)) as watch:
        assert drain(watch) == []


def test_a_version_that_is_yet_to_come(store):
    made = make(store)
    ahead = int(made["metadata"]["resourceVersion"]) + 2
    with store.watch("ConfigMap", resource_version=str(ahead)) as watch:
        for name in ("b", "c", "d"):
            make(store, name)
        assert drain(watch) == [("ADDED", "d")]


def test_bookmarks(store):
    with store.watch("ConfigMap", bookmarks=True, bookmark_every=0.05) as watch:
        make(store)
        assert watch.get(1).type == "ADDED"
        bookmark = watch.get(1)
        assert bookmark.type == "BOOKMARK"
        assert bookmark.object == {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": {"resourceVersion": str(store.resource_version)},
        }


def test_a_bookmark_never_overtakes_an_event(store):
    with store.watch("ConfigMap", bookmarks=True, bookmark_every=0.0) as watch:
        make(store)
        assert watch.poll().type == "ADDED"
        assert watch.poll().type == "BOOKMARK"


def test_the_end_of_the_initial_events(store):
    make(store)
    with store.watch("ConfigMap", bookmarks=True, initial_events=True) as watch:
        assert watch.poll().type == "ADDED"
        end = watch.poll()
        assert end.type == "BOOKMARK"
        assert end.object["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_get_waits_and_can_be_ended(store):
    watch = store.watch("ConfigMap")
    assert watch.get(0.01) is None
    threading.Timer(0.05, make, [store]).start()
    assert watch.get(5).type == "ADDED"
    threading.Timer(0.05, watch.close).start()
    began = time.monotonic()
    assert watch.get(30) is None
    assert time.monotonic() - began < 5
    watch.close()
    make(store, "b")
    assert watch.poll() is None


def test_iteration_ends_with_the_store(store):
    watch = store.watch("ConfigMap", resource_version=str(store.resource_version))
    make(store)
    store.end_watches()
    assert [event.type for event in watch] == ["ADDED"]


def test_a_watcher_that_does_not_read_is_cut_off(store, monkeypatch):
    monkeypatch.setattr(watches, "MAX_BEHIND", 3)
    watch = store.watch("ConfigMap", resource_version=str(store.resource_version))
    for index in range(6):
        make(store, f"c{index}")
    assert watch.closed
    assert len(drain(watch)) == 4


def test_every_change_arrives_once_and_in_order(store):
    """Four writers and a reader at once: what arrives is the log, without gaps."""
    version = store.resource_version
    watch = store.watch("ConfigMap", resource_version=str(version))

    def write(writer: int) -> None:
        for index in range(50):
            make(store, f"c{writer}-{index}")
            store.patch("ConfigMap", "default", f"c{writer}-{index}", {"data": {"x": "1"}})

    threads = [threading.Thread(target=write, args=[writer]) for writer in range(4)]
    for thread in threads:
        thread.start()
    versions = [int(watch.get(10).object["metadata"]["resourceVersion"]) for _ in range(400)]
    for thread in threads:
        thread.join()
    assert versions == list(range(version + 1, version + 401))
    watch.close()
