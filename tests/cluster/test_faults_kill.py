"""`kill -9` of a Jupyter server at every step of everything that changes a volume.

A step is a change that was written to the cluster: between two of them nothing is known but what
the cluster holds, so whoever goes on sees the same whenever in between the process dies. (Within
the copying of files the deaths in tests/unit/files and tests/contract are at every system call.)
The process dies before its first change, and when the answer to each one was about to come back.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from netapp_jlab import Client
from netapp_jlab.errors import NotFound
from netapp_jlab.models import SnapshotOrder
from netapp_jlab.services import client as client_module
from tests.server.process import TOKEN

from .api import Api, eventually
from .faults.deaths import MOST_STEPS, Assassin, Moment, moments, snapshots, take_over
from .faults.scene import HIDDEN, READY_SECONDS, Scene, at_rest, fill, tree
from .moving import nothing_left
from .workspace import IMAGE, UID

GOOD = {f"data/{number:03d}.csv": f"good {number}\n" for number in range(40)} | {"a.ipynb": "{}"}

STEP_SECONDS = 120.0
"""From one step to the next, also on a busy machine."""
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def scene(admin: Api, kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Scene]:
    """A namespace, and a proxy before the API server."""
    made = Scene(admin, kubeconfig, namespace, tmp_path)
    yield made
    made.close()


def die(
    scene: Scene, client: Client, moment: Moment, request: tuple[str, str, Any], *options: str
) -> str:
    """Ask a server for something and kill it on the way; "" if it ended before that moment."""
    method, path, body = request
    server = scene.server(*options)
    assert server.get("volumes").status_code == 200, "it follows the namespace now"
    assassin = Assassin(scene, moment)
    assassin.aim(server.process)
    with suppress(requests.ConnectionError):
        answer = requests.request(
            method, f"{server.url}/{path}", headers=TOKEN, json=body, timeout=20
        )
        if not assassin.done:
            assert answer.status_code < 300, answer.text
    eventually(lambda: assassin.done or at_rest(client), STEP_SECONDS)
    if not assassin.done:
        # What follows the last word of the record, if anything: tidying up.
        threading.Event().wait(0.5)
    assassin.dismiss()
    return assassin.done


def at_every_step(
    scene: Scene,
    client: Client,
    begin: Callable[[int], tuple[str, str, Any]],
    options: tuple[str, ...] = (),
    **settings: Any,
) -> Iterator[tuple[int, str]]:
    """Do something again and again, dying one step later each time; yield after each takeover.

    `options` are those of the server, and `settings` those of who takes over.
    """
    deaths = []
    for turn, moment in enumerate(moments()):
        died = die(scene, client, moment, begin(turn), *options)
        take_over(client, scene.client(**settings))
        yield turn, died
        deaths.append(died)
        if not died:
            break
    print("\n".join(deaths))
    assert len(deaths) > 2, "it died on the way at least twice"


@pytest.mark.slow
def test_snapshot(scene: Scene) -> None:
    root = scene.volume("project1")
    fill(root, GOOD)
    client = scene.client()
    ids = [str(uuid.uuid4()) for _ in range(MOST_STEPS)]

    def begin(turn: int) -> tuple[str, str, Any]:
        order = {"name": f"cut-{turn}", "request_id": ids[turn]}
        return "POST", "volumes/project1/snapshots", order

    for turn, _ in at_every_step(scene, client, begin):
        before = snapshots(scene)
        assert before in ([f"cut-{n}" for n in range(turn)], [f"cut-{n}" for n in range(turn + 1)])
        # The panel clicks again: the same click cuts no second one.
        again = SnapshotOrder(name=f"cut-{turn}", request_id=ids[turn])
        client.snapshots.create("project1", again)
        assert client.snapshots.wait(f"cut-{turn}", timeout=READY_SECONDS).phase == "ready"
        assert snapshots(scene) == [f"cut-{n}" for n in range(turn + 1)]


@pytest.mark.slow
def test_clone(scene: Scene) -> None:
    fill(scene.volume("project1"), GOOD)
    client = scene.client()
    scene.cut(client, "project1", "good")

    def begin(turn: int) -> tuple[str, str, Any]:
        return "POST", "snapshots/good/clones", {"name": f"clone-{turn}", "size": "2Gi"}

    for turn, died in at_every_step(scene, client, begin):
        if turn == 0:
            with pytest.raises(NotFound):
                client.volumes.get("clone-0")
            continue
        clone = client.volumes.wait(f"clone-{turn}", timeout=READY_SECONDS)
        assert tree(scene.files_of(clone.name)) == GOOD, died
        assert snapshots(scene) == ["good"], "nothing intermediate is left"


@pytest.mark.slow
def test_restore_of_files(scene: Scene) -> None:
    root = scene.volume("project1")
    fill(root, GOOD)
    client = scene.client()
    scene.cut(client, "project1", "good")
    bad = dict.fromkeys(GOOD, "spoilt") | {"new.txt": "made since"}

    def begin(turn: int) -> tuple[str, str, Any]:
        fill(root, bad)
        return "POST", "snapshots/good/restores", {"remove_extra": True}

    for turn, died in at_every_step(scene, client, begin):
        assert tree(root) == (GOOD if turn else bad), died
        assert not list(root.rglob(".~netapp-jlab*")), "temporary files are left behind"
        assert len(snapshots(scene)) == 1 + turn, "a safety snapshot for each, and no other"
        for operation in client.operations.list().items:
            assert operation.can_undo.allowed or operation.undo_of, died


@pytest.mark.slow
def test_restore_through_a_helper(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver shows no snapshots: a helper pod copies, with the server dead or alive.

    A helper that nobody removed, as its restore was over when the server died, ends when it has
    been idle, and is then swept: here soon.
    """
    monkeypatch.setattr(client_module, "SWEEP_EVERY", 0.5)
    root = scene.volume("project1", HIDDEN)
    fill(root, GOOD, UID)
    scene.mounts.clear()  # only the helper reaches it
    given: dict[str, Any] = {"mover_image": IMAGE, "mover_owner": "h", "mover_idle_minutes": 0.1}
    options = tuple(f"--NetAppJLab.{name}={value}" for name, value in given.items())
    client = scene.client(**given)
    scene.cut(client, "project1", "good")
    bad = dict.fromkeys(GOOD, "spoilt") | {"new.txt": "made since"}

    def begin(turn: int) -> tuple[str, str, Any]:
        fill(root, bad, UID)
        return "POST", "snapshots/good/restores", {"remove_extra": True}

    for turn, died in at_every_step(scene, client, begin, options, **given):
        assert tree(root) == (GOOD if turn else bad), died
        assert not list(root.rglob(".~netapp-jlab*")), "temporary files are left behind"
        assert len(snapshots(scene)) == 1 + turn, "a safety snapshot for each, and no other"
        sweeper = scene.client(**given)
        sweeper.start()
        nothing_left(scene.admin, scene.namespace)
        sweeper.close()
    (last, *_) = client.operations.list().items
    worker = scene.client(**given)
    undone = worker.operations.undo(last.id)
    assert worker.operations.wait(undone.id, timeout=READY_SECONDS).state == "done"
    assert tree(root) == bad, "and it can be taken back"
    worker.close()
    nothing_left(scene.admin, scene.namespace)


@pytest.mark.slow
def test_delete(scene: Scene) -> None:
    roots = [scene.volume(f"old-{turn}") for turn in range(4)]
    for root in roots:
        fill(root, GOOD)
    scene.mounts.clear()  # one that is mounted here would not be deleted
    client = scene.client()

    def begin(turn: int) -> tuple[str, str, Any]:
        return "DELETE", f"volumes/old-{turn}?confirm=old-{turn}", None

    for turn, _ in at_every_step(scene, client, begin):
        if turn == 0:
            assert client.volumes.get("old-0").phase == "bound"
            assert tree(roots[0]) == GOOD
        else:
            eventually(lambda root=roots[turn]: not root.exists())


@pytest.mark.slow
def test_resize(scene: Scene) -> None:
    root = scene.volume("project1")
    fill(root, GOOD)
    client = scene.client()

    def begin(turn: int) -> tuple[str, str, Any]:
        return "PATCH", "volumes/project1", {"size": f"{2 + turn}Gi"}

    for turn, _ in at_every_step(scene, client, begin):
        wanted = (2 + turn if turn else 1) * 1024**3
        assert client.volumes.get("project1").requested == wanted
        eventually(lambda wanted=wanted: client.volumes.get("project1").capacity == wanted)
        assert tree(root) == GOOD
