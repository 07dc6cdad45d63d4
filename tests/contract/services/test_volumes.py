"""Volumes: list, create, grow, delete, and every way in which that is refused."""

from __future__ import annotations

import pytest

from netapp_jlab import errors
from netapp_jlab.models import VolumeChange, VolumeOrder, VolumeSource
from netapp_jlab.services import classes

GI = 1024**3
PATIENCE = 30.0


def test_a_new_volume_is_bound_and_listed(client, volume):
    assert (volume.phase, volume.requested, volume.capacity) == ("bound", GI, GI)
    assert volume.role == "other"
    assert volume.access_modes == ("ReadWriteOnce",)
    assert volume.driver
    assert volume.volume_handle
    listed = client.volumes.list()
    assert [one.name for one in listed.items] == ["project1"]
    assert listed.items[0].can.snapshot.allowed
    assert listed.items[0].can.clone.allowed
    assert not listed.items[0].can.restore.allowed
    assert "not mounted" in listed.items[0].can.restore.reason


def test_what_is_mounted_comes_first_with_its_used_bytes(mounted, fill):
    client, path = mounted
    client.volumes.create(
        VolumeOrder(name="another", size="1Gi", access_modes=("ReadWriteMany",), note="for all")
    )
    fill(path, {"data.csv": "x" * 100_000})
    first, second = client.volumes.list().items
    assert (first.name, first.role, first.mount_path) == ("project1", "workspace", str(path))
    assert first.used is not None
    assert 100_000 <= first.used < 1_000_000
    assert (second.name, second.role, second.note) == ("another", "other", "for all")
    assert second.used is None


@pytest.mark.parametrize("name", ["", "Ab", "a_b", "-a", "a-", "a" * 254, "a b", "é", "a/b", ".."])
def test_names_that_kubernetes_refuses(client, name):
    with pytest.raises(errors.Invalid):
        client.volumes.create(VolumeOrder(name=name, size="1Gi"))
    assert client.volumes.list().items == ()


@pytest.mark.parametrize("size", ["", "0", "-1Gi", "1Zi", "10", "Gi", "1 Gi x", "1e999", "NaN"])
def test_sizes_that_are_none(client, size):
    with pytest.raises(errors.Invalid) as refused:
        client.volumes.create(VolumeOrder(name="v", size=size))
    assert refused.value.hint
    assert client.volumes.list().items == ()


def test_an_unknown_class(client):
    with pytest.raises(errors.NotFound, match="no storage class “fast”") as refused:
        client.volumes.create(VolumeOrder(name="v", size="1Gi", storage_class="fast"))
    assert "There are:" in refused.value.hint


def test_a_name_that_is_taken(client, volume):
    with pytest.raises(errors.AlreadyExists, match="project1"):
        client.volumes.create(VolumeOrder(name="project1", size="2Gi"))
    assert client.volumes.get("project1").uid == volume.uid


def test_the_same_click_twice_makes_one_volume(client):
    order = VolumeOrder(name="twice", size="1Gi", request_id="click-1")
    assert client.volumes.create(order).uid == client.volumes.create(order).uid


def test_grows_and_never_shrinks(client, volume):
    grown = client.volumes.resize("project1", VolumeChange(size="2Gi"))
    assert grown.requested == 2 * GI
    with pytest.raises(errors.Invalid, match="can not shrink") as refused:
        client.volumes.resize("project1", VolumeChange(size="1Gi"))
    assert "only grow" in refused.value.hint


def test_a_volume_from_a_snapshot(client, volume, cut, cluster):
    path = cluster.volume_path("project1")
    (path / "a.txt").write_text("one")
    source = VolumeSource(kind="snapshot", name=cut().name)
    (path / "a.txt").write_text("two")
    client.volumes.create(VolumeOrder(name="copy", source=source))
    made = client.volumes.wait("copy", timeout=PATIENCE)
    assert made.capacity == volume.capacity
    assert made.source is not None
    assert (made.source.kind, made.source.name) == ("snapshot", source.name)
    assert (cluster.volume_path("copy") / "a.txt").read_text() == "one"


def test_a_volume_from_a_volume(client, volume, cluster):
    (cluster.volume_path("project1") / "a.txt").write_text("now")
    order = VolumeOrder(name="copy", source=VolumeSource(kind="volume", name="project1"))
    if volume.driver != classes.TRIDENT:  # there is no volume to return before a snapshot is cut
        with pytest.raises(errors.Unsupported, match="by way of a snapshot") as caught:
            client.volumes.create(order)
        assert "Use clone" in caught.value.hint
        assert client.snapshots.list().items == ()
        assert client.operations.list().items == ()
        return
    client.volumes.create(order)
    made = client.volumes.wait("copy", timeout=PATIENCE)
    assert made.source is not None
    assert (made.source.kind, made.source.name) == ("volume", "project1")
    assert (cluster.volume_path("copy") / "a.txt").read_text() == "now"


@pytest.mark.parametrize("kind", ["snapshot", "volume"])
def test_an_unknown_source(client, kind):
    with pytest.raises(errors.NotFound, match=f"no {kind} “gone”"):
        client.volumes.create(VolumeOrder(name="v", source=VolumeSource(kind=kind, name="gone")))


def test_deleting_asks_for_the_name(client, volume):
    with pytest.raises(errors.Invalid, match="confirm"):
        client.volumes.delete("project1", confirm="project2")
    assert client.volumes.get("project1").uid == volume.uid


def test_deleting_says_what_is_touched(client, volume, cut):
    snapshot = cut()
    client.volumes.create(
        VolumeOrder(name="copy", source=VolumeSource(kind="snapshot", name=snapshot.name))
    )
    client.volumes.wait("copy", timeout=PATIENCE)
    plan = client.volumes.plan_delete("project1")
    assert plan.snapshots == (snapshot.name,)
    assert plan.clones == ("copy",)
    assert plan.refusal.allowed
    assert plan.reclaim_policy in {"Delete", "Retain"}
    client.volumes.delete("project1", confirm="project1", uid=plan.uid)
    assert {one.name for one in client.volumes.list().items if one.phase == "bound"} == {"copy"}


def test_a_volume_made_anew_is_not_deleted_in_its_namesakes_place(client, volume):
    with pytest.raises(errors.Changed):
        client.volumes.delete("project1", confirm="project1", uid="another-uid")
    assert client.volumes.get("project1").uid == volume.uid


def test_the_workspace_is_never_deleted(mounted):
    client, _ = mounted
    with pytest.raises(errors.InUse, match="workspace"):
        client.volumes.delete("project1", confirm="project1")


def test_what_a_pod_uses_is_not_deleted(client, volume, cluster):
    cluster.kubectl(
        "apply",
        "-f",
        "-",
        stdin="""
apiVersion: v1
kind: Pod
metadata: {name: trainer}
spec:
  containers:
  - name: main
    image: registry.k8s.io/pause:3.6
    volumeMounts: [{name: d, mountPath: /d}]
  volumes: [{name: d, persistentVolumeClaim: {claimName: project1}}]
""",
    )
    plan = client.volumes.plan_delete("project1")
    assert plan.pods == ("trainer",)
    with pytest.raises(errors.InUse, match="trainer"):
        client.volumes.delete("project1", confirm="project1")


def test_unknown_volumes(client):
    for call in (
        lambda: client.volumes.get("gone"),
        lambda: client.volumes.resize("gone", VolumeChange(size="1Gi")),
        lambda: client.volumes.plan_delete("gone"),
        lambda: client.volumes.delete("gone", confirm="gone"),
        lambda: client.snapshots.list("gone"),
    ):
        with pytest.raises(errors.NotFound, match="gone"):
            call()


def test_a_quota_is_told_in_plain_words(client, cluster):
    cluster.kubectl("create", "quota", "small", "--hard=persistentvolumeclaims=1")
    cluster.kubectl("wait", "--for=jsonpath={.status.hard}", "quota/small", "--timeout=20s")
    client.volumes.create(VolumeOrder(name="first", size="1Gi"))
    with pytest.raises(errors.QuotaExceeded, match="small"):
        client.volumes.create(VolumeOrder(name="second", size="1Gi"))


def test_read_only_refuses_every_change(make_client, volume):
    client = make_client(read_only=True)
    assert client.volumes.list().items[0].can.snapshot.allowed is False
    with pytest.raises(errors.Forbidden):
        client.volumes.create(VolumeOrder(name="v", size="1Gi"))
    with pytest.raises(errors.Forbidden):
        client.volumes.delete("project1", confirm="project1")
