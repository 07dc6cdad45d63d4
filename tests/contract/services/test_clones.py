"""Clones, from snapshots and from volumes, directly and by way of an intermediate snapshot."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta

import pytest

from netapp_jlab import errors
from netapp_jlab.models import CloneOrder, SnapshotOrder
from netapp_jlab.services import classes, operations

GI = 1024**3
PATIENCE = 30.0


def done(client, begun):
    ended = client.operations.wait(begun.id, timeout=PATIENCE)
    assert ended.state == "done", ended
    return ended


def test_a_clone_of_a_snapshot_has_its_data(client, volume, cut, cluster):
    path = cluster.volume_path("project1")
    (path / "a.txt").write_text("then")
    taken = cut()
    (path / "a.txt").write_text("now")
    begun = client.clones.from_snapshot(taken.name, CloneOrder(name="copy", note="to try"))
    assert (begun.kind, begun.volume, begun.snapshot) == ("clone", "copy", taken.name)
    ended = done(client, begun)
    assert not ended.can_undo.allowed
    assert "deleting the new volume" in ended.can_undo.reason
    copy = client.volumes.get("copy")
    assert (copy.phase, copy.note, copy.capacity) == ("bound", "to try", volume.capacity)
    assert copy.access_modes == volume.access_modes
    assert (cluster.volume_path("copy") / "a.txt").read_text() == "then"


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "by way of a snapshot"])
def test_a_clone_of_a_volume_leaves_no_snapshot_behind(
    client, volume, cluster, monkeypatch, direct
):
    driver = client.volumes.get("project1").driver
    monkeypatch.setattr(classes, "CLONES_VOLUMES", frozenset({driver} if direct else ()))
    (cluster.volume_path("project1") / "a.txt").write_text("now")
    begun = client.clones.from_volume("project1", CloneOrder(name="copy"))
    assert begun.source_volume == "project1"
    ended = done(client, begun)
    assert ended.id == begun.id
    assert (cluster.volume_path("copy") / "a.txt").read_text() == "now"
    assert [one for one in client.snapshots.list().items if one.phase != "deleting"] == []


def test_a_larger_clone_grows_after_cloning(client, volume, cut):
    begun = client.clones.from_snapshot(cut().name, CloneOrder(name="big", size="3Gi"))
    done(client, begun)
    assert client.volumes.get("big").requested == 3 * GI


def test_too_small_a_clone_of_a_snapshot(mounted, cut):
    client, path = mounted
    (path / "data.bin").write_bytes(os.urandom(2 * 1024**2))
    taken = cut()
    with pytest.raises(errors.Invalid, match="too small"):
        client.clones.from_snapshot(taken.name, CloneOrder(name="small", size="1Mi"))
    assert client.snapshots.get(taken.name).phase == "ready"


def test_too_small_a_clone_of_a_volume(client, volume):
    if volume.driver != classes.TRIDENT:
        pytest.skip("what a clone by way of a snapshot needs is known once that is cut")
    with pytest.raises(errors.Invalid, match="too small"):
        client.clones.from_volume("project1", CloneOrder(name="small", size="1Mi"))


@pytest.mark.parametrize("name", ["Bad_Name", "-x", "x" * 254])
def test_names_that_kubernetes_refuses(client, volume, name):
    with pytest.raises(errors.Invalid):
        client.clones.from_volume("project1", CloneOrder(name=name))


def test_a_taken_name(client, volume, cut):
    with pytest.raises(errors.AlreadyExists, match="project1"):
        client.clones.from_snapshot(cut().name, CloneOrder(name="project1"))


def test_unknown_sources(client):
    with pytest.raises(errors.NotFound, match="no snapshot “gone”"):
        client.clones.from_snapshot("gone", CloneOrder(name="copy"))
    with pytest.raises(errors.NotFound, match="no volume “gone”"):
        client.clones.from_volume("gone", CloneOrder(name="copy"))


def test_the_same_click_twice_clones_once(client, volume, cut):
    taken = cut().name
    order = CloneOrder(name="copy", request_id="click-9")
    first = client.clones.from_snapshot(taken, order)
    assert client.clones.from_snapshot(taken, order).id == first.id
    done(client, first)


def test_a_snapshot_that_is_not_ready(client, volume, cluster):
    if cluster.faults is None:
        pytest.skip("this cluster's storage can't be told to be slow")
    with cluster.faults(snapshot_delay=3.0):
        slow = client.snapshots.create("project1", SnapshotOrder(name="slow"))
        assert slow.phase == "pending"
        with pytest.raises(errors.NotReady, match="not ready yet"):
            client.clones.from_snapshot("slow", CloneOrder(name="copy"))
    client.snapshots.wait("slow", timeout=PATIENCE)


def test_cancelling_removes_what_was_begun(client, volume, cut, cluster):
    if cluster.faults is None:
        pytest.skip("this cluster's storage can't be told to be slow")
    taken = cut().name
    with cluster.faults(provision_delay=20.0):
        begun = client.clones.from_snapshot(taken, CloneOrder(name="copy"))
        client.operations.cancel(begun.id)
        with suppress(errors.NotFound):  # its record goes with the claim, at once or a little later
            assert client.operations.wait(begun.id, timeout=PATIENCE).state == "cancelled"
        names = {one.name for one in client.volumes.list().items if one.phase != "deleting"}
    assert names == {"project1"}


def test_a_clone_of_a_deleted_volumes_snapshot(client, volume, cut, cluster):
    """The snapshot outlives its volume; the data can still be had."""
    (cluster.volume_path("project1") / "a.txt").write_text("kept")
    taken = cut()
    client.volumes.delete("project1", confirm="project1")
    done(client, client.clones.from_snapshot(taken.name, CloneOrder(name="rescued")))
    assert (cluster.volume_path("rescued") / "a.txt").read_text() == "kept"


def test_the_list_forgets_clones_that_ended_long_ago(client, volume, cut, monkeypatch):
    begun = client.clones.from_snapshot(cut().name, CloneOrder(name="copy"))
    done(client, begun)
    assert [one.id for one in client.operations.list().items] == [begun.id]
    monkeypatch.setattr(operations, "CLONES_SHOWN", timedelta(0))
    assert client.operations.list().items == ()
    assert client.operations.get(begun.id).state == "done"
