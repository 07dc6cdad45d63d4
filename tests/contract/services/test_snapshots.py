"""Snapshots: cut, listed by the volume's uid, annotated, deleted; and what is refused."""

from __future__ import annotations

import threading

import pytest

from netapp_jlab import errors
from netapp_jlab.models import CloneOrder, Origin, SnapshotChange, SnapshotOrder, VolumeOrder

PATIENCE = 30.0


def test_a_snapshot_is_cut_with_note_and_origin(client, volume):
    origin = Origin(kind="notebook", notebook="train.ipynb", cell="abc", commit="0123abc")
    made = client.snapshots.create("project1", SnapshotOrder(note="before cleaning", origin=origin))
    assert made.name.startswith("project1-")
    assert made.phase in {"pending", "ready"}
    ready = client.snapshots.wait(made.name, timeout=PATIENCE)
    assert ready.phase == "ready"
    assert ready.cut_at is not None
    assert ready.restore_size
    assert (ready.note, ready.author, ready.origin) == ("before cleaning", "ada", origin)
    assert (ready.volume, ready.volume_uid, ready.stale) == ("project1", volume.uid, False)
    assert client.snapshots.list("project1").items == (ready,)


def test_the_newest_comes_first(client, cut):
    names = [cut(name=f"s{number}").name for number in range(3)]
    assert [one.name for one in client.snapshots.list("project1").items] == names[::-1]
    seen = client.volumes.get("project1")
    assert seen.snapshots == 3
    assert seen.last_snapshot_at == client.snapshots.get("s2").cut_at


@pytest.fixture(autouse=True)
def _volume(volume):
    """Every test here has a volume."""


def test_the_note_changes(client, cut):
    name = cut(note="old").name
    assert client.snapshots.change(name, SnapshotChange(note="new")).note == "new"
    assert client.snapshots.change(name, SnapshotChange(note="")).note == ""


def test_a_deleted_namesakes_snapshot_is_not_this_volumes(client, cut):
    old = cut(name="of-the-old-one")
    client.volumes.delete("project1", confirm="project1")
    gone = threading.Event()
    while any(one.name == "project1" for one in client.volumes.list().items):
        gone.wait(0.1)
    client.volumes.create(VolumeOrder(name="project1", size="1Gi"))
    client.volumes.wait("project1", timeout=PATIENCE)
    assert client.snapshots.list("project1").items == ()
    (seen,) = client.snapshots.list().items
    assert (seen.name, seen.stale, seen.volume_uid) == (old.name, True, old.volume_uid)


def test_the_toolkits_and_kubectls_snapshots_are_ordinary_ones(client, cluster):
    cluster.kubectl(
        "apply",
        "-f",
        "-",
        stdin="""
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: ntap-dsutil.20260301120000}
spec: {source: {persistentVolumeClaimName: project1}}
""",
    )
    ready = client.snapshots.wait("ntap-dsutil.20260301120000", timeout=PATIENCE)
    assert (ready.phase, ready.stale, ready.purpose) == ("ready", False, "user")
    assert [one.name for one in client.snapshots.list("project1").items] == [ready.name]


def test_a_pending_volume_has_nothing_to_snapshot(client, cluster):
    cluster.kubectl(
        "apply",
        "-f",
        "-",
        stdin="""
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: waiting}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: nobody-provisions-this
  resources: {requests: {storage: 1Gi}}
""",
    )
    with pytest.raises(errors.NotReady, match="“waiting” is pending"):
        client.snapshots.create("waiting", SnapshotOrder())


@pytest.mark.parametrize("name", ["Bad_Name", "x/y", "-x", "a" * 254])
def test_names_that_kubernetes_refuses(client, name):
    with pytest.raises(errors.Invalid):
        client.snapshots.create("project1", SnapshotOrder(name=name))


def test_unknown_things(client):
    with pytest.raises(errors.NotFound, match="no volume “gone”"):
        client.snapshots.create("gone", SnapshotOrder())
    with pytest.raises(errors.NotFound, match="no snapshot class “gone”"):
        client.snapshots.create("project1", SnapshotOrder(snapshot_class="gone"))
    for call in (
        lambda: client.snapshots.get("gone"),
        lambda: client.snapshots.change("gone", SnapshotChange(note="")),
        lambda: client.snapshots.delete("gone"),
        lambda: client.snapshots.wait("gone", timeout=1),
    ):
        with pytest.raises(errors.NotFound, match="gone"):
            call()


def test_a_taken_name(client, cut):
    cut(name="mine")
    with pytest.raises(errors.AlreadyExists, match="“mine” already"):
        client.snapshots.create("project1", SnapshotOrder(name="mine"))


def test_the_same_click_twice_cuts_once(client, make_client):
    order = SnapshotOrder(request_id="click-7")
    first = client.snapshots.create("project1", order)
    assert client.snapshots.create("project1", order).uid == first.uid
    assert make_client().snapshots.create("project1", order).uid == first.uid, (
        "also after a restart"
    )
    assert len(client.snapshots.list().items) == 1


def test_two_users_clicks_at_once_cut_two(make_client):
    clients = [make_client(user=user) for user in ("ada", "bob")]
    barrier = threading.Barrier(2)

    def click(client) -> None:
        barrier.wait(5)
        client.snapshots.create("project1", SnapshotOrder())

    threads = [threading.Thread(target=click, args=(one,)) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert {one.author for one in clients[0].snapshots.list().items} == {"ada", "bob"}


def test_a_class_whose_driver_has_no_snapshot_class(make_client, cluster):
    cluster.kubectl(
        "apply",
        "-f",
        "-",
        stdin="""
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: no-snapshots}
provisioner: csi.no-snapshots.example
""",
    )
    classes = {one.name: one for one in make_client().capabilities.status().classes or ()}
    assert classes["no-snapshots"].snapshot_class == ""
    assert "no snapshot class" in classes["no-snapshots"].reason


def test_a_snapshot_is_deleted_and_only_that_one(client, cut):
    mine, other = cut(), cut()
    with pytest.raises(errors.Changed):
        client.snapshots.delete(mine.name, uid=other.uid)
    plan = client.snapshots.plan_delete(mine.name)
    assert (plan.uid, plan.refusal.allowed) == (mine.uid, True)
    client.snapshots.delete(mine.name, uid=mine.uid)
    left = [one.name for one in client.snapshots.list().items if one.phase != "deleting"]
    assert left == [other.name]


def test_deleting_names_the_clones(client, cut):
    taken = cut()
    begun = client.clones.from_snapshot(taken.name, CloneOrder(name="copy"))
    client.operations.wait(begun.id, timeout=PATIENCE)
    assert client.snapshots.plan_delete(taken.name).clones == ("copy",)


def test_a_quota_for_snapshots(client, cluster):
    cluster.kubectl(
        "create", "quota", "few", "--hard=count/volumesnapshots.snapshot.storage.k8s.io=1"
    )
    cluster.kubectl("wait", "--for=jsonpath={.status.hard}", "quota/few", "--timeout=20s")
    client.snapshots.create("project1", SnapshotOrder())
    with pytest.raises(errors.QuotaExceeded, match="few"):
        client.snapshots.create("project1", SnapshotOrder())
