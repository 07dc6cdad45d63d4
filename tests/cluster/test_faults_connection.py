"""The connection to the API server misbehaves: no cluster is disturbed, only what is between."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp_jlab.errors import Overloaded
from netapp_jlab.k8s import client as k8s_client
from netapp_jlab.k8s import informer
from netapp_jlab.models import Change, CloneOrder, SnapshotOrder

from .api import CLAIMS, SNAPSHOTS, Api, eventually
from .faults.scene import READY_SECONDS, Scene, at_rest, fill, tree

FILES = {f"data/{number}.csv": f"{number}\n" for number in range(20)}
STORM_SECONDS = 6.0


@pytest.fixture
def scene(admin: Api, kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Scene]:
    """A namespace, and a proxy before the API server."""
    made = Scene(admin, kubeconfig, namespace, tmp_path)
    yield made
    made.close()


def pending(scene: Scene, name: str) -> None:
    """Make a claim that no storage will ever fill: a change to be seen."""
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "none",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    scene.admin.create(CLAIMS.format(scene.namespace), {"metadata": {"name": name}, "spec": spec})


def test_a_short_storm_of_429_is_waited_out_as_told(scene: Scene) -> None:
    """What is asked once is sent again after the time that the answer tells, by itself."""
    scene.volume("project1")
    client = scene.client(proxied=True)
    with scene.proxy.refusing(429, Retry_After="1"):
        asking = threading.Thread(
            target=client.snapshots.create, args=("project1", SnapshotOrder(name="one"))
        )
        asking.start()
        threading.Event().wait(1.5)
        assert asking.is_alive(), "it waits"
        refused = len(scene.proxy.asked)
        assert refused <= 3, "it does not hammer"
    asking.join(READY_SECONDS)
    assert not asking.is_alive()
    assert client.snapshots.wait("one", timeout=READY_SECONDS).phase == "ready"
    found = scene.admin.get(SNAPSHOTS.format(scene.namespace))["items"]
    assert [item["metadata"]["name"] for item in found] == ["one"]


def test_a_long_storm_of_429_is_told_and_an_operation_goes_on_after_it(scene: Scene) -> None:
    fill(scene.volume("project1"), FILES)
    client = scene.client(proxied=True)
    changes: list[Change] = []
    client.start(changes.append)
    scene.cut(client, "project1", "good")
    eventually(lambda: client.volumes.list().stale_since is None and client.volumes.list().items)
    begun = client.clones.from_snapshot("good", CloneOrder(name="copy"))
    with scene.proxy.refusing(429, Retry_After="1"):
        scene.proxy.cut()  # watches too
        before = len(scene.proxy.asked)
        until = time.monotonic() + STORM_SECONDS
        eventually(lambda: client.volumes.list().stale_since)
        assert "project1" in {one.name for one in client.volumes.list().items}, "what was known"
        assert ("connection", "lost") in {(one.kind, one.phase) for one in changes}
        other = scene.client(proxied=True)
        with pytest.raises(Overloaded):
            other.volumes.list()
        threading.Event().wait(max(0.0, until - time.monotonic()))
        asked = len(scene.proxy.asked) - before
        assert asked < 12 * STORM_SECONDS, "no storm of ours on top of it"
    assert client.operations.wait(begun.id, timeout=READY_SECONDS).state == "done"
    eventually(lambda: client.volumes.list().stale_since is None)
    assert at_rest(client)
    assert ("connection", "live") in {(one.kind, one.phase) for one in changes}
    assert tree(scene.files_of("copy")) == FILES


def test_a_watch_that_was_cut_without_notice_is_taken_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing comes any more, not even an end: only the watch's own time limit tells."""
    monkeypatch.setattr(informer, "WATCH_SECONDS", (3.0, 4.0))
    monkeypatch.setattr(k8s_client, "WATCH_SLACK", 1.0)
    client = scene.client(proxied=True)
    changes: list[Change] = []
    client.start(changes.append)
    eventually(lambda: sum(asked.watches for asked in scene.proxy.asked) >= 2)
    scene.proxy.lose()
    pending(scene, "meanwhile")
    assert client.volumes.get("meanwhile").name == "meanwhile", "what is asked for is read live"
    eventually(lambda: [one.name for one in client.volumes.list().items] == ["meanwhile"], 15)
    assert ("volume", "added", "meanwhile") in {(one.kind, one.action, one.name) for one in changes}
    eventually(lambda: client.volumes.list().stale_since is None)


def test_a_watch_that_is_closed_in_the_middle_loses_nothing(scene: Scene) -> None:
    client = scene.client(proxied=True)
    changes: list[Change] = []
    client.start(changes.append)
    eventually(lambda: sum(asked.watches for asked in scene.proxy.asked) >= 2)
    names = [f"c-{number}" for number in range(8)]
    for name in names:
        pending(scene, name)
        scene.proxy.cut()
    eventually(lambda: sorted(one.name for one in client.volumes.list().items) == names)
    added = [one.name for one in changes if (one.kind, one.action) == ("volume", "added")]
    assert sorted(added) == names, "each is told of once"
    eventually(lambda: client.volumes.list().stale_since is None)
