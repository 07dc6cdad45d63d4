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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from netapp_jlab import Client
from netapp_jlab.errors import NotFound
from netapp_jlab.models import SnapshotOrder
from tests.server.process import TOKEN, Server

from .api import SNAPSHOTS, Api, eventually
from .faults.proxy import Asked
from .faults.scene import READY_SECONDS, Scene, at_rest, fill, tree

GOOD = {f"data/{number:03d}.csv": f"good {number}\n" for number in range(40)} | {"a.ipynb": "{}"}
MOST_STEPS = 30


@pytest.fixture
def scene(admin: Api, kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Scene]:
    """A namespace, and a proxy before the API server."""
    made = Scene(admin, kubeconfig, namespace, tmp_path)
    yield made
    made.close()


@dataclass(frozen=True)
class Moment:
    """When the process dies: with the change of this number, counted from 1.

    Attributes
    ----------
    reached : bool
        Whether the API server gets that change.
    """

    number: int
    reached: bool = True


def moments() -> Iterator[Moment]:
    """Yield them in order: before anything, then after each change."""
    yield Moment(1, reached=False)
    for number in range(1, MOST_STEPS):
        yield Moment(number)
    pytest.fail(f"an operation has more than {MOST_STEPS} steps: it should have ended")


class Assassin:
    """Kills a server at a moment.

    Attributes
    ----------
    done : str
        What was under way then; "" while it lives.
    """

    def __init__(self, scene: Scene, server: Server, moment: Moment) -> None:
        self._server = server
        self._moment = moment
        self._count = 0
        self._lock = threading.Lock()
        self.done = ""
        scene.proxy.before, scene.proxy.after = self._before, self._after

    def _before(self, asked: Asked) -> None:
        with self._lock:
            self._count += asked.changes
            if asked.changes and not self._moment.reached and self._count == self._moment.number:
                self._kill(asked)

    def _after(self, asked: Asked) -> None:
        with self._lock:
            if asked.changes and self._moment.reached and self._count >= self._moment.number:
                self._kill(asked)

    def _kill(self, asked: Asked) -> None:
        if not self.done:
            self.done = f"{asked.method} {asked.path}"
            self._server.process.kill()
        raise ConnectionError  # nothing of it is passed on


def die(scene: Scene, client: Client, moment: Moment, method: str, path: str, body: Any) -> str:
    """Ask a server for something and kill it on the way; "" if it ended before that moment."""
    server = scene.server()
    assert server.get("volumes").status_code == 200, "it follows the namespace now"
    assassin = Assassin(scene, server, moment)
    with suppress(requests.ConnectionError):
        answer = requests.request(
            method, f"{server.url}/{path}", headers=TOKEN, json=body, timeout=20
        )
        if not assassin.done:
            assert answer.status_code < 300, answer.text
    eventually(lambda: assassin.done or at_rest(client))
    if not assassin.done:
        # What follows the last word of the record, if anything: tidying up.
        threading.Event().wait(0.5)
    server.process.kill()
    server.process.wait(20)
    scene.proxy.before = scene.proxy.after = lambda _: None
    return assassin.done


def take_over(scene: Scene, client: Client) -> None:
    """Let another process look after what is left; returns when nothing is unfinished."""
    successor = scene.client()
    successor.start()
    eventually(lambda: at_rest(client))
    states = [(one.kind, one.state, one.message) for one in client.operations.list().items]
    successor.close()
    assert all(state == "done" for _, state, _ in states), states


def at_every_step(
    scene: Scene, client: Client, begin: Callable[[int], tuple[str, str, Any]]
) -> Iterator[tuple[int, str]]:
    """Do something again and again, dying one step later each time; yield after each takeover."""
    deaths = []
    for turn, moment in enumerate(moments()):
        died = die(scene, client, moment, *begin(turn))
        take_over(scene, client)
        yield turn, died
        deaths.append(died)
        if not died:
            break
    print("\n".join(deaths))
    assert len(deaths) > 2, "it died on the way at least twice"


def snapshots(scene: Scene) -> list[str]:
    """Names of all snapshots in the namespace."""
    found = scene.admin.get(SNAPSHOTS.format(scene.namespace))["items"]
    return sorted(item["metadata"]["name"] for item in found)


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
