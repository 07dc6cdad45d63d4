"""`kill -9` of the command line at every step of what it does; somebody else goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp_jlab import Client
from netapp_jlab.errors import NotFound

from .api import Api, eventually
from .faults.deaths import Assassin, Moment, moments, snapshots, take_over
from .faults.scene import READY_SECONDS, Scene, fill, tree

GOOD = {f"data/{number}.csv": f"good {number}\n" for number in range(20)}
COMMAND_SECONDS = 60.0


@pytest.fixture
def scene(admin: Api, kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Scene]:
    """A namespace with a volume “project1” and a snapshot “good” of it."""
    made = Scene(admin, kubeconfig, namespace, tmp_path)
    fill(made.volume("project1"), GOOD)
    made.cut(made.client(), "project1", "good")
    yield made
    made.close()


def die(scene: Scene, moment: Moment, *words: str) -> str:
    """Run a command and kill it on the way; "" if it ended, well, before that moment."""
    assassin = Assassin(scene, moment)
    log = scene.folder / "command.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-W", "ignore", "-m", "netapp_jlab"),
                *("--kubeconfig", str(scene.proxied), "-n", scene.namespace),
                *(f"--mount={name}={path}" for name, path in scene.mounts.items()),
                *words,
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "HOME": str(scene.folder), "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assassin.aim(process)
        eventually(lambda: process.poll() is not None, COMMAND_SECONDS)
    assassin.dismiss()
    assert assassin.done or process.returncode == 0, log.read_text()
    return assassin.done


def at_every_step(scene: Scene, client: Client, *words: str) -> Iterator[tuple[int, str]]:
    """Run a command again and again, dying one step later each time; yield after each takeover.

    “{}” in a word is the number of the turn.
    """
    deaths = []
    for turn, moment in enumerate(moments()):
        died = die(scene, moment, *(word.format(turn) for word in words))
        take_over(client, scene.client())
        yield turn, died
        deaths.append(died)
        if not died:
            break
    print("\n".join(deaths))
    assert len(deaths) > 2, "it died on the way at least twice"


@pytest.mark.slow
def test_a_command_that_cuts_a_snapshot(scene: Scene) -> None:
    client = scene.client()
    for turn, died in at_every_step(scene, client, "snapshot", "project1", "--name", "cut-{}"):
        names = [f"cut-{number}" for number in range(1, turn + 1)]
        assert snapshots(scene) == [*names, "good"], died
        for name in names[-1:]:
            assert client.snapshots.wait(name, timeout=READY_SECONDS).phase == "ready"


@pytest.mark.slow
def test_a_command_that_clones(scene: Scene) -> None:
    client = scene.client()
    for turn, died in at_every_step(scene, client, "clone", "good", "clone-{}"):
        if turn == 0:
            with pytest.raises(NotFound):
                client.volumes.get("clone-0")
            continue
        clone = client.volumes.wait(f"clone-{turn}", timeout=READY_SECONDS)
        assert tree(scene.files_of(clone.name)) == GOOD, died
        del scene.mounts[clone.name]
        assert snapshots(scene) == ["good"], "nothing intermediate is left"


@pytest.mark.slow
def test_a_command_that_restores(scene: Scene) -> None:
    client = scene.client()
    root = Path(scene.mounts["project1"])
    bad = dict.fromkeys(GOOD, "spoilt") | {"new.txt": "made since"}
    fill(root, bad)
    for turn, died in at_every_step(scene, client, "restore", "good", "--remove-extra", "--yes"):
        assert tree(root) == (GOOD if turn else bad), died
        assert not list(root.rglob(".~netapp-jlab*")), "temporary files are left behind"
        assert len(snapshots(scene)) == 1 + turn, "a safety snapshot for each, and no other"
        for operation in client.operations.list().items:
            assert operation.can_undo.allowed or operation.undo_of, died
        fill(root, bad)
