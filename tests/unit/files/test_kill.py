"""Killed at any moment: each file is the old or the new one, and the same call goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from netapp_jlab.files import calls

from . import trees
from .deaths import Killed, dying_at, old_or_new
from .test_compare import SOURCE, TARGET
from .trees import Model, fifo, file, folder, restored
from .worlds import World

MORE: Model = {
    b"l1": file(b"linked"),
    b"l2": file(b"linked"),
    b"dir/l3": file(b"linked"),
    b"closed": folder(mode=0o500),
    b"closed/x": file(b"x", mode=0o400),
    b"suid": file(b"s", mode=0o4755),
    b"pipe-2": fifo(mode=0o644, at=2),
}
OLD: Model = {
    **TARGET,
    b"l1": file(b"other", at=3),
    b"closed": folder(mode=0o500),
    b"closed/x": file(b"yy"),
    b"suid": file(b"s", mode=0o4711),
    b"pipe-2": fifo(mode=0o600, at=5),
}
NEW: Model = {**SOURCE, **MORE, b"lost": folder(mode=0o555)}
IN_PLACE = {b"suid", b"pipe-2"}
LINKS = [[b"l1", b"l2", b"dir/l3"]]


@pytest.fixture(params=["all the kernel offers", "what NFS offers"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "what NFS offers":
        monkeypatch.setattr(calls, "rename_new", lambda *_: False)
        monkeypatch.setattr(calls, "exchange", lambda *_: False)


def run_to_the_end(world: World, **how: object) -> int:
    """Restore without interruption, and tell how many changes that took."""
    with dying_at(10**9) as reaper:
        world.restore(kept=True, **how)  # type: ignore[arg-type]
    return reaper.count


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("extra", [True, False])
def test_a_restore_that_dies_anywhere(world: World, extra: bool) -> None:
    trees.build(world.source, NEW, LINKS)
    trees.build(world.target, OLD)
    world.keep()
    if os.geteuid() == 0:  # then owner and mode are two steps, between which it can die
        os.chown(world.at("source", "suid"), 12345, 54321)
        os.chmod(world.at("source", "suid"), 0o4755)
    expected = restored(NEW, OLD, extra=extra)
    last = run_to_the_end(world, extra=extra)
    assert world.in_target() == expected
    for nth in range(last):
        trees.build(world.target, OLD)
        with pytest.raises(Killed), dying_at(nth):
            world.restore(kept=True, extra=extra)
        # A pipe or a file's mode may be half way: changed in place, one attribute at a time.
        old_or_new(without(world.in_target()), without(OLD), without(expected))
        done = world.restore(kept=True, extra=extra)
        assert done.conflicts == ()
        assert world.in_target() == expected
        assert trees.same_inodes(world.target, *LINKS[0])
        owners = [os.stat(world.at(side, "suid")).st_uid for side in ("source", "target")]
        assert owners[0] == owners[1]


def without(model: Model) -> Model:
    return {path: entry for path, entry in model.items() if path not in IN_PLACE}


@pytest.mark.usefixtures("kernel")
def test_an_undo_that_dies_anywhere(world: World) -> None:
    """Also after two deaths in a row."""
    trees.build(world.baseline, NEW, LINKS)
    trees.build(world.source, OLD)
    trees.build(world.target, NEW, LINKS)
    world.keep()
    last = run_to_the_end(world, baseline=True, extra=False)
    assert world.in_target() == OLD
    for nth in range(last):
        trees.build(world.target, NEW, LINKS)
        for again in (nth, nth // 2):
            with suppress(Killed), dying_at(again):
                world.restore(kept=True, baseline=True, extra=False)
            old_or_new(without(world.in_target()), without(NEW), without(OLD))
        done = world.restore(kept=True, baseline=True, extra=False)
        assert done.conflicts == ()
        assert world.in_target() == OLD


@pytest.mark.usefixtures("kernel")
def test_only_some_paths_and_dying(world: World) -> None:
    paths = [b"lost/deep", b"was-file", b"more", b"l1", b"dir/l3"]
    trees.build(world.source, NEW, LINKS)
    trees.build(world.target, OLD)
    world.keep()
    last = run_to_the_end(world, paths=paths)
    expected = without_times_of_folders(world.in_target())
    for nth in range(last):
        trees.build(world.target, OLD)
        with pytest.raises(Killed), dying_at(nth):
            world.restore(kept=True, paths=paths)
        world.restore(kept=True, paths=paths)
        assert without_times_of_folders(world.in_target()) == expected


def without_times_of_folders(model: Model) -> Model:
    return {
        path: entry._replace(mtime=0) if entry.kind == "directory" else entry
        for path, entry in model.items()
    }


SCRIPT = """
import sys
from netapp_jlab.files import Tree, restore
root = sys.argv[1]
with Tree.open(root + "/source") as source, Tree.open(root + "/target") as target:
    with Tree.open(root + "/kept") as kept:
        print("go", flush=True)
        restore(source, target, kept=kept, remove_extra=True, token="t", cancel=lambda: False)
"""


def test_kill_9(world: World) -> None:
    """The real thing, until a run gets to the end."""
    old: Model = {b"": folder()}
    new: Model = {b"": folder()}
    for number in range(3000):
        where = b"d%02d" % (number % 30)
        old[where] = new[where] = folder()
        new[where + b"/f%04d" % number] = file(b"new %d" % number, at=number)
        if number % 3:
            old[where + b"/f%04d" % number] = file(b"old", at=-number)
        else:
            old[where + b"/extra%04d" % number] = file(b"extra")
    trees.build(world.source, new)
    trees.build(world.target, old)
    world.keep()
    seed = random.Random(4)
    deaths = 0
    for attempt in range(100):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(world.root)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"go\n"
            time.sleep(seed.uniform(0, 0.05 * (1 + attempt)))
            process.send_signal(signal.SIGKILL)
            finished = process.wait() == 0
        old_or_new(world.in_target(), old, new)
        if finished:
            break
        deaths += 1
    assert finished
    assert deaths >= 1
    assert world.in_target() == new
