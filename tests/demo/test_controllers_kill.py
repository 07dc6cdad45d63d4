"""Killed at any moment under load, the cluster converges: all that was answered becomes true."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from .world import World

WORKER = """
import os, sys
from pathlib import Path
from tests.demo.world import SNAPSHOT_SOURCE, World
turn = int(sys.argv[2])
world = World(Path(sys.argv[1]))
def say(*words):
    os.write(1, (" ".join(words) + "\\n").encode())
while True:
    turn += 1
    name = f"c{turn}"
    world.claim(name, "1Mi"); say("claim", name)
    for number in range(10):
        (world.folder(name) / f"file{number}").write_text(name * 50)
    for number in range(3):
        world.snapshot(f"s{turn}-{number}", name); say("snapshot", f"s{turn}-{number}")
    world.claim(f"d{turn}", "1Mi", dataSource={**SNAPSHOT_SOURCE, "name": f"s{turn}-0"})
    say("claim", f"d{turn}")
    if turn > 2:
        world.delete("VolumeSnapshot", f"s{turn - 1}-2"); say("no-snapshot", f"s{turn - 1}-2")
        world.delete("PersistentVolumeClaim", f"c{turn - 2}"); say("no-claim", f"c{turn - 2}")
"""


def test_kill_at_random_moments(tmp_path: Path) -> None:
    rng = random.Random(3)
    claims: set[str] = set()
    snapshots: set[str] = set()
    deleted: set[str] = set()
    for round_number in range(8):
        for verb, name in _run_and_kill(tmp_path, round_number * 1000, rng.uniform(0.05, 0.9)):
            known = snapshots if verb.endswith("snapshot") else claims
            (deleted if verb.startswith("no-") else known).add(name)
    world = World(tmp_path)
    try:
        _check(world, claims, snapshots, deleted)
    finally:
        world.close()


def _run_and_kill(home: Path, turn: int, seconds: float) -> list[list[str]]:
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(home), str(turn)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    ) as worker:
        assert worker.stdout is not None
        first = worker.stdout.readline()
        time.sleep(seconds)
        worker.send_signal(signal.SIGKILL)
        rest = worker.stdout.read()
    return [line.split() for line in (first + rest).splitlines()]


def _check(world: World, claims: set[str], snapshots: set[str], deleted: set[str]) -> None:
    assert claims - deleted
    assert snapshots - deleted
    for name in claims - deleted:
        world.bound(name)
    for name in snapshots - deleted:
        world.ready(name)
    for name in deleted:
        kind = "VolumeSnapshot" if name.startswith("s") else "PersistentVolumeClaim"
        world.gone(kind, name)
    _check_data(world, claims, snapshots - deleted)
    _check_nothing_is_left(world)


def _check_data(world: World, claims: set[str], snapshots: set[str]) -> None:
    for name in snapshots:
        found = world.find("VolumeSnapshot", name)
        bound = found["status"]["boundVolumeSnapshotContentName"]
        content = world.find("VolumeSnapshotContent", bound, None)
        source = found["spec"]["source"]["persistentVolumeClaimName"]
        folder = Path(world.storage.path(content["status"]["snapshotHandle"]))
        assert {file.read_text() for file in folder.iterdir()} == {source * 50}
    for name in claims:
        if name.startswith("d"):
            folder = Path(world.storage.path(world.bound(name)["spec"]["volumeName"]))
            files = [file for file in folder.iterdir() if file.name != ".snapshot"]
            assert [file.read_text() for file in files] == [f"c{name[1:]}" * 50] * 10


def _check_nothing_is_left(world: World) -> None:
    """The array holds what the API knows, and nothing else."""
    volumes = {v["metadata"]["name"] for v in world.store.list("PersistentVolume").items}
    assert {volume.handle for volume in world.storage.list_volumes()} == volumes
    contents = world.store.list("VolumeSnapshotContent").items
    known = {content["status"]["snapshotHandle"] for content in contents}
    assert {snapshot.handle for snapshot in world.storage.list_snapshots()} == known
    bound = {c["spec"]["volumeName"] for c in world.store.list("PersistentVolumeClaim").items}
    assert bound == volumes
