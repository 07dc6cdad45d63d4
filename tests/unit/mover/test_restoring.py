"""Restores in a mover: they outlive the connection, and a kill costs nothing but time."""

from __future__ import annotations

import filecmp
import os
import time

from netapp_jlab.mover import wire

from .talking import order, path

LARGE = 1200
"""Files of :func:`large`: each is made durable, so this takes a while."""


def large(world, count: int = LARGE) -> None:
    world.fill("source", {f"d{n % 7}/f{n}": bytes([n % 256]) * 70_000 for n in range(count)})


def same(world) -> bool:
    left, right = world.root / "source", world.root / "live"
    names = sorted(str(one.relative_to(left)) for one in left.rglob("*"))
    if names != sorted(str(one.relative_to(right)) for one in right.rglob("*")):
        return False
    files = [name for name in names if (left / name).is_file()]
    return filecmp.cmpfiles(left, right, files, shallow=False)[0] == files


def outcome(answer):
    assert "ok" in answer, answer
    return wire.to_outcome(answer["ok"])[0]


def until(condition, timeout: float = 20.0) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def begun(world) -> bool:
    return any(one.is_file() for one in (world.root / "live").rglob("*"))


def test_a_restore_tells_how_far_it_is(world, serve):
    large(world)
    attached = serve()
    answer = attached.ask("restore", **order())
    assert outcome(answer).created == LARGE + 7
    assert same(world)
    progress = [wire.to_progress(part) for part in answer["parts"]]
    assert progress
    assert progress[-1].bytes_done <= LARGE * 70_000


def test_what_changed_since_the_safety_snapshot_is_left_alone(world, serve):
    world.fill("source", {"a": "old"})
    world.fill("live", {"a": "newest"})
    answer = serve().ask("restore", **order())
    done, conflicts, failures = wire.to_outcome(answer["ok"])
    assert (done.replaced, conflicts, failures) == (0, 1, 0)
    assert done.conflicts[0].path == b"a"
    assert (world.root / "live" / "a").read_text() == "newest"


def test_an_undo_takes_away_what_the_restore_made(world, serve):
    world.fill("baseline", {"made": "x"})
    world.fill("kept", {"made": "x"})
    world.fill("live", {"made": "x"})
    for name in ("kept", "live"):
        os.utime(world.root / name / "made", ns=(5, 5))
    os.utime(world.root / "baseline" / "made", ns=(5, 5))
    attached = serve(trees=("source", "kept", "live", "baseline"))
    compared = attached.ask(
        "compare", paths=None, remove_extra=False, verify=False, baseline=True, examples=0
    )
    assert wire.to_summary(compared["ok"]["summary"]).remove == 1
    assert outcome(attached.ask("restore", **order())).removed == 1


def test_it_goes_on_when_the_connection_is_killed(world, serve):
    large(world)
    attached = serve()
    attached.send("restore", **order())
    until(lambda: begun(world))
    attached.process.kill()
    attached.process.wait(5)
    again = world.attach()
    status = again.ask("status", token="token-1")["ok"]
    assert status["plan"] is not None
    answer = again.ask("restore", **order())
    assert outcome(answer).created == LARGE + 7  # of the one run, not of a second one
    assert same(world)


def test_the_outcome_waits_for_who_comes_back_later(world, serve):
    world.fill("source", {"a": "x"})
    first = serve()
    first.ask("restore", **order())
    first.close()
    assert outcome(world.attach().ask("restore", **order())).created == 1


def test_another_restore_waits_its_turn(world, serve):
    large(world)
    attached = serve()
    attached.send("restore", **order())
    until(lambda: begun(world))
    answer = world.attach().ask("restore", **order("token-2"))
    assert answer["error"] == "Busy"
    assert outcome(attached.result())


def test_cancel_stops_it_and_the_same_restore_goes_on_from_there(world, serve):
    large(world)
    attached = serve()
    attached.send("restore", **order())
    until(lambda: begun(world))
    other = world.attach()
    assert other.ask("cancel", token="token-1")["ok"] is None
    assert attached.result()["error"] == "Cancelled"
    assert not same(world)
    assert outcome(attached.ask("restore", **order()))
    assert same(world)


def test_cancel_of_what_there_is_not(serve):
    assert serve().ask("cancel", token="unknown")["ok"] is None


def test_kill_of_the_mover_then_again(world):
    large(world)
    mover = world.serve()
    attached = world.attach()
    attached.send("restore", **order())
    until(lambda: begun(world))
    mover.kill()
    mover.wait(5)
    assert not same(world)
    world.serve()
    assert outcome(world.attach().ask("restore", **order()))
    assert same(world)


def test_sigterm_stops_a_restore_cleanly(world, serve):
    large(world)
    mover = world.serve()
    attached = world.attach()
    attached.send("restore", **order())
    until(lambda: begun(world))
    mover.terminate()
    assert mover.wait(10) == 0
    left = [one.name for one in (world.root / "live").rglob(".~netapp-jlab-*")]
    assert left == []


def test_it_is_not_idle_while_it_restores(world):
    large(world)
    mover = world.serve(idle=0.3)
    attached = world.attach()
    attached.send("restore", **order())
    until(lambda: begun(world))
    attached.process.kill()  # nobody listens
    until(lambda: same(world))
    assert mover.wait(10) == 0


def test_the_volume_is_full(world, serve, tmp_path):
    """A tree that can't be written to stands for it: an error that ends the whole restore."""
    world.fill("source", {"a": "x"})
    answer = serve(trees=("source", "kept")).ask("restore", **order())
    assert answer["error"] == "TreeUnavailable"


def test_only_some_paths(world, serve):
    world.fill("source", {"a": "x", "b": "x"})
    answer = serve().ask("restore", **order(paths=[path("b")]))
    assert outcome(answer).created == 1
    assert not (world.root / "live" / "a").exists()
