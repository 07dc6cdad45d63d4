"""Killed at any moment, the array loses nothing it answered and keeps no leftovers."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netapp_jlab.demo.storage import Storage, layout
from netapp_jlab.demo.storage.walk import remove_tree

WORKER = """
import os, sys
from netapp_jlab.demo.storage import Source, Storage
array = Storage(sys.argv[1])
turn = int(sys.argv[2])
def say(*words):
    os.write(1, (" ".join(words) + "\\n").encode())
while True:
    turn += 1
    name = f"vol-{turn}"
    array.create_volume(name, 1024**3); say("volume", name)
    for number in range(30):
        with open(f"{array.path(name)}/file{number}", "w") as file:
            file.write(name * 50)
    array.create_snapshot(name, "s1"); say("snapshot", f"{name}/s1")
    array.create_volume(f"clone-{turn}", 1024**3, Source(kind="snapshot", handle=f"{name}/s1"))
    say("volume", f"clone-{turn}")
    array.delete_volume(name); say("no-volume", name)
    if turn % 2:
        array.delete_snapshot(f"{name}/s1"); say("no-snapshot", f"{name}/s1")
"""


def test_what_is_still_mounted_is_left_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "array" / "work"
    for name in ("free", "mounted"):
        (work / name / "gone").mkdir(parents=True)

    def remove(path: str) -> None:
        if path.endswith("mounted"):
            raise OSError(errno.EBUSY, "Device or resource busy", path)
        remove_tree(path)

    with monkeypatch.context() as patched:
        patched.setattr(layout, "remove_tree", remove)
        Storage(str(tmp_path / "array")).close()
    assert [one.name for one in work.iterdir()] == ["mounted"]
    Storage(str(tmp_path / "array")).close()
    assert not list(work.iterdir())


def test_kill_at_random_moments(tmp_path: Path) -> None:
    rng = random.Random(7)
    root = str(tmp_path / "array")
    volumes: set[str] = set()
    snapshots: set[str] = set()
    for round_number in range(12):
        lines = _run_and_kill(root, round_number * 10_000, rng.uniform(0.02, 0.35))
        _apply(lines, volumes, snapshots)
        array = Storage(root)
        _check(array, lines, volumes, snapshots)
        array.close()


def _run_and_kill(root: str, turn: int, seconds: float) -> list[list[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, root, str(turn)], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        first = worker.stdout.readline()  # it has started: measure from here
        time.sleep(seconds)
        worker.send_signal(signal.SIGKILL)
        rest = worker.stdout.read()
    return [line.split() for line in (first + rest).splitlines()]


def _apply(lines: list[list[str]], volumes: set[str], snapshots: set[str]) -> None:
    for verb, handle in lines:
        known = snapshots if verb.endswith("snapshot") else volumes
        (known.discard if verb.startswith("no-") else known.add)(handle)


def _check(array: Storage, lines: list[list[str]], volumes: set[str], snapshots: set[str]) -> None:
    """What was answered is there; at most the operation under way adds or removes one thing."""
    there = {volume.handle for volume in array.list_volumes()}
    cut = {snapshot.handle for snapshot in array.list_snapshots()}
    assert len(there ^ volumes) + len(cut ^ snapshots) <= 1
    volumes |= there
    volumes &= there
    snapshots |= cut
    snapshots &= cut
    assert os.listdir(array.root + "/work") == []
    kept = {volume.handle for volume in array.list_volumes(deleting=True)}
    assert set(os.listdir(array.root + "/volumes")) == kept
    for handle in kept:
        folder = os.path.join(array.root, "volumes", handle, ".snapshot")
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o555
        assert {f"{handle}/{name}" for name in os.listdir(folder)} == {
            name for name in cut if name.startswith(handle + "/")
        }
    recent = {handle for _, handle in lines}
    for handle in (cut | {name for name in there if name.startswith("clone")}) & recent:
        turn = handle.partition("/")[0].partition("-")[2]
        for number in range(30):
            content = Path(array.path(handle), f"file{number}").read_text()
            assert content == f"vol-{turn}" * 50
