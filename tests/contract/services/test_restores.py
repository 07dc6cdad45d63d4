"""Restores in mode files: live, with a safety snapshot, cancel, resume after a kill, undo."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from netapp_jlab import Client, errors
from netapp_jlab.models import RestoreOrder, VolumeOrder

PATIENCE = 30.0
MANY = 1200
"""Files in a restore that something happens to on the way."""
PROJECT = {"train.ipynb": "{}", "data/a.csv": "1,2\n", "data/b.csv": "3,4\n", "README.md": "hi"}
EVERYTHING = RestoreOrder(remove_extra=True)


@pytest.fixture
def project(mounted, fill, cut):
    """A client, the project's folder with files in it, and a snapshot of them."""
    client, path = mounted
    fill(path, PROJECT)
    return client, path, cut(name="good").name


def done(client: Client, begun):
    ended = client.operations.wait(begun.id, timeout=PATIENCE)
    assert ended.state == "done", ended
    return ended


def test_the_whole_story(project, fill, tree):
    """Break a notebook, delete a data set, restore, undo the restore, undo the undo."""
    client, path, good = project
    fill(path, {"train.ipynb": "broken", "new.txt": "made since"})
    (path / "data/a.csv").unlink()
    broken = tree(path)

    plan = client.restores.plan(good, EVERYTHING)
    assert (plan.create, plan.replace, plan.remove) == (1, 1, 1)
    assert plan.copy_bytes == len("{}") + len("1,2\n")
    assert {(one.path, one.action) for one in plan.examples} >= {
        ("train.ipynb", "replace"),
        ("data/a.csv", "create"),
        ("new.txt", "remove"),
    }
    assert tree(path) == broken, "a plan changes nothing"

    restored = done(client, client.restores.start(good, EVERYTHING))
    assert tree(path) == PROJECT
    assert restored.outcome is not None
    assert (restored.outcome.created, restored.outcome.replaced) == (1, 1)
    assert restored.outcome.removed == 1
    assert restored.can_undo.allowed

    safety = client.snapshots.get(restored.safety_snapshot)
    assert (safety.purpose, safety.phase) == ("safety", "ready")
    assert safety.expires_at is not None

    undone = done(client, client.operations.undo(restored.id))
    assert tree(path) == broken
    assert (undone.kind, undone.undo_of) == ("undo", restored.id)
    assert not client.operations.get(restored.id).can_undo.allowed
    with pytest.raises(errors.Refused, match="undone already"):
        client.operations.undo(restored.id)

    done(client, client.operations.undo(undone.id))
    assert tree(path) == PROJECT


def test_undo_leaves_alone_what_was_made_since(project, fill, tree):
    client, path, good = project
    fill(path, {"train.ipynb": "broken"})
    restored = done(client, client.restores.start(good, RestoreOrder()))
    fill(path, {"after.txt": "written after the restore"})
    done(client, client.operations.undo(restored.id))
    assert tree(path) == {
        **PROJECT,
        "train.ipynb": "broken",
        "after.txt": "written after the restore",
    }


def test_a_selection_of_paths_without_removing(project, fill, tree):
    client, path, good = project
    fill(path, {"train.ipynb": "broken", "data/a.csv": "broken", "data/new.csv": "new"})
    done(client, client.restores.start(good, RestoreOrder(paths=("data",))))
    assert tree(path) == {**PROJECT, "train.ipynb": "broken", "data/new.csv": "new"}


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", "data/../../x", "", "gone.txt"])
def test_paths_that_are_none(project, path):
    client, _, good = project
    with pytest.raises(errors.Invalid):
        client.restores.plan(good, RestoreOrder(paths=(path,)))
    with pytest.raises(errors.Invalid):
        client.restores.start(good, RestoreOrder(paths=(path,)))
    assert client.operations.list().items == ()


def test_nothing_to_do(project):
    client, _, good = project
    plan = client.restores.plan(good, EVERYTHING)
    assert (plan.create, plan.replace, plan.metadata, plan.remove) == (0, 0, 0, 0)
    ended = done(client, client.restores.start(good, EVERYTHING))
    assert ended.outcome is not None
    assert ended.outcome.copied_bytes == 0


def test_a_deleted_namesakes_snapshot_is_refused(project, client, cluster, make_client):
    mounting, _, good = project
    mounting.close()
    client.volumes.delete("project1", confirm="project1")
    gone = threading.Event()
    while any(one.name == "project1" for one in client.volumes.list().items):
        gone.wait(0.1)
    client.volumes.create(VolumeOrder(name="project1", size="1Gi"))
    client.volumes.wait("project1", timeout=PATIENCE)
    path = cluster.volume_path("project1")
    (path / "precious.txt").write_text("of the new volume")
    fresh = make_client(mounts={"project1": str(path)})
    for call in (fresh.restores.plan, fresh.restores.start):
        with pytest.raises(errors.Changed, match="belongs to a volume “project1” that was deleted"):
            call(good, EVERYTHING)
    assert (path / "precious.txt").read_text() == "of the new volume"


def test_a_volume_that_is_not_mounted_here(project, client):
    _, _, good = project
    with pytest.raises(errors.NotMounted, match="not mounted here"):
        client.restores.plan(good, RestoreOrder())
    with pytest.raises(errors.Refused, match="not mounted here"):
        client.restores.start(good, RestoreOrder())


def test_an_unknown_snapshot(project):
    client, _, _ = project
    with pytest.raises(errors.NotFound, match="no snapshot “gone”"):
        client.restores.start("gone", RestoreOrder())


def test_the_same_click_twice_restores_once(project):
    client, _, good = project
    order = RestoreOrder(request_id="click-3")
    first = client.restores.start(good, order)
    assert client.restores.start(good, order).id == first.id
    done(client, first)
    assert len(client.operations.list().items) == 1


def many(path, count: int, text: str) -> None:
    (path / "many").mkdir(exist_ok=True)
    for number in range(count):
        (path / f"many/{number:05d}.txt").write_text(f"{text} {number}")


def test_two_users_at_once_one_waits(project, make_client, cut):
    client, path, _ = project
    many(path, MANY, "good")
    taken = cut(name="many").name
    many(path, MANY, "broken")
    other = make_client(mounts={"project1": str(path)}, workspace_claim="project1", user="bob")
    begun = client.restores.start(taken, RestoreOrder())
    with pytest.raises(errors.InUse, match="restore of the volume “project1” is under way"):
        other.restores.start(taken, RestoreOrder())
    with pytest.raises(errors.InUse, match="needs it"):
        other.snapshots.delete(taken)
    done(client, begun)


def test_cancel_and_undo(project, cut, tree):
    client, path, _ = project
    many(path, MANY, "good")
    taken = cut(name="many").name
    many(path, MANY, "bad!")
    broken = tree(path)
    begun = client.restores.start(taken, RestoreOrder())
    wait_until_copying(client, begun.id)
    client.operations.cancel(begun.id)
    ended = client.operations.wait(begun.id, timeout=PATIENCE)
    assert ended.state == "cancelled"
    assert tree(path) != broken, "it had begun"
    assert ended.can_undo.allowed
    done(client, client.operations.undo(begun.id))
    assert tree(path) == broken
    with pytest.raises(errors.Conflict, match="ended already"):
        client.operations.cancel(begun.id)


def wait_until_copying(client: Client, operation: str) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if client.operations.get(operation).progress.files_done > 20:
            return
        pause.wait(0.01)
    pytest.fail("the restore does not get on")


CHILD = """
import sys
from netapp_jlab import Client
from netapp_jlab.models import RestoreOrder
kubeconfig, namespace, path, snapshot = sys.argv[1:]
client = Client(kubeconfig=kubeconfig, namespace=namespace, mounts={"project1": path}, user="ada")
begun = client.restores.start(snapshot, RestoreOrder(remove_extra=True))
print(begun.id, flush=True)
client.operations.wait(begun.id, timeout=60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("restored", [0.05, 0.4, 0.8])
def test_killed_anywhere_another_process_finishes_it(
    project, cut, tree, settings, make_client, restored
):
    client, path, _ = project
    count = MANY
    many(path, count, "good")
    taken, good = cut(name="many").name, tree(path)
    many(path, count, "bad!")
    (path / "extra.txt").write_text("not in the snapshot")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, settings.kubeconfig, settings.namespace, str(path), taken],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    with child:
        operation = child.stdout.readline().strip()
        last = path / f"many/{int(count * restored):05d}.txt"
        pause = threading.Event()
        while child.poll() is None and not last.read_text().startswith("good"):
            pause.wait(0.002)
        child.send_signal(signal.SIGKILL)
    assert client.operations.get(operation).state == "interrupted"
    assert tree(path) != good

    server = make_client(mounts={"project1": str(path)}, workspace_claim="project1")
    server.start()
    ended = server.operations.wait(operation, timeout=PATIENCE)
    assert ended.state == "done", ended
    assert tree(path) == good
    assert not list(path.rglob(".~netapp-jlab*")), "temporary files are left behind"


def test_a_server_that_stops_leaves_the_rest_to_the_next(project, cut, tree, make_client):
    client, path, _ = project
    many(path, MANY, "good")
    taken, good = cut(name="many").name, tree(path)
    many(path, MANY, "bad!")
    begun = client.restores.start(taken, RestoreOrder())
    wait_until_copying(client, begun.id)
    client.close()
    server = make_client(mounts={"project1": str(path)}, workspace_claim="project1")
    assert server.operations.get(begun.id).state == "interrupted"
    server.start()
    done(server, begun)
    assert tree(path) == good


def test_what_is_saved_meanwhile_is_not_lost(project, cut):
    """A file written after the safety snapshot was cut is left alone and reported."""
    client, path, _ = project
    many(path, MANY, "good")
    taken = cut(name="many").name
    many(path, MANY, "bad!")
    begun = client.restores.start(taken, RestoreOrder())
    wait_until_copying(client, begun.id)
    (path / "many/01199.txt").write_text("saved by the user just now")
    ended = done(client, begun)
    assert (path / "many/01199.txt").read_text() == "saved by the user just now"
    assert ended.outcome is not None
    assert [one.path for one in ended.outcome.conflicts] == ["many/01199.txt"]
    assert "1 changed" in ended.message


def test_expired_safety_snapshots_are_collected(project, make_client):
    client, path, good = project
    (path / "README.md").write_text("broken")
    short = make_client(mounts={"project1": str(path)}, workspace_claim="project1", undo_days=0.0)
    restored = done(short, short.restores.start(good, RestoreOrder()))
    short.restores.sweep()
    names = {one.name for one in client.snapshots.list().items if one.phase != "deleting"}
    assert names == {good}
    assert restored.safety_snapshot not in names


def test_a_failing_safety_snapshot_changes_nothing(project, cluster, tree):
    """No safety, no restore: the driver refuses the snapshot."""
    if cluster.faults is None:
        pytest.skip("this cluster's storage can't be told to fail")
    client, path, good = project
    (path / "README.md").write_text("broken")
    broken = tree(path)
    with cluster.faults(snapshot_failures=1.0):
        begun = client.restores.start(good, EVERYTHING)
        ended = client.operations.wait(begun.id, timeout=PATIENCE)
    assert ended.state == "failed"
    assert ended.message
    assert not ended.can_undo.allowed
    assert tree(path) == broken
