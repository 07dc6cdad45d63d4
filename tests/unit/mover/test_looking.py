"""Browsing through a mover: real processes, real lines."""

from __future__ import annotations

import os
import stat
import time

from netapp_jlab.mover import wire
from netapp_jlab.version import __version__

from .talking import path


def test_it_says_what_it_is(world, serve):
    hello = serve(trees=("source",)).ask("hello")
    assert hello["ok"] == {"protocol": wire.PROTOCOL, "version": __version__, "trees": ["source"]}


def test_only_its_user_can_reach_the_socket(world, serve):
    serve().ask("hello")
    assert stat.S_IMODE(os.stat(os.path.dirname(world.socket)).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(world.socket).st_mode) == 0o600


def test_list_entry_read(world, serve):
    world.fill("source", {"a/x": "0123456789", "b": b"\xff\0"})
    attached = serve()
    listed = attached.ask("list", path=path(""))
    assert [one.name for one in wire.to_entries(listed["parts"][0])] == [b"a", b"b"]
    assert listed["ok"] == 2
    found = attached.ask("entry", path=path("a/x"))["ok"]
    assert wire.to_entries(found)[0].size == 10
    read = attached.ask("read", path=path("a/x"), start=7, length=100)
    assert wire.to_bytes(read["ok"]) == b"789"
    assert wire.to_bytes(attached.ask("read", path=path("b"), start=0, length=9)["ok"]) == b"\xff\0"


def test_a_large_folder_comes_in_parts(world, serve):
    folder = world.root / "source" / "many"
    folder.mkdir()
    for number in range(1203):
        (folder / f"{number:05}").touch()
    answer = serve().ask("list", path=path("many"))
    assert [len(part) for part in answer["parts"]] == [500, 500, 203]
    assert answer["ok"] == 1203


def test_errors_are_named(world, serve):
    world.fill("source", {"a": "x"})
    attached = serve()
    asked = {"start": 0, "length": 1}
    assert attached.ask("read", path=path("no"), **asked)["error"] == "NotThere"
    assert attached.ask("read", path=path("../a"), **asked)["error"] == "BadPath"
    assert attached.ask("list", path=path("a"))["error"] == "WrongKind"
    assert attached.ask("list", path=path(""))["ok"] == 1  # and it goes on


def test_compare(world, serve):
    world.fill("source", {"new": "12345", "same": "x"})
    world.fill("live", {"extra": "1"})
    os.link(world.root / "source" / "same", world.root / "live" / "same")
    attached = serve()
    answer = attached.ask(
        "compare", paths=None, remove_extra=True, verify=False, baseline=False, examples=1
    )["ok"]
    summary = wire.to_summary(answer["summary"])
    assert (summary.create, summary.remove, summary.copy_bytes) == (1, 1, 5)
    assert len(summary.examples) == 1
    assert answer["unreadable"] == 0
    assert answer["free"] > 0


def test_paths_are_checked_against_both_sides(world, serve):
    world.fill("source", {"a": "x"})
    world.fill("live", {"b": "x"})
    attached = serve()
    assert attached.ask("check", paths=[path("a"), path("b")])["ok"] is None
    assert attached.ask("check", paths=[path("c")])["error"] == "NoSuchPath"


def test_a_browsing_mover_has_no_live_volume(world, serve):
    answer = serve(trees=("source",)).ask("check", paths=None)
    assert answer["error"] == "TreeUnavailable"


def test_several_talk_at_a_time(world, serve):
    world.fill("source", {"a": "x"})
    first = serve()
    others = [world.attach() for _ in range(4)]
    for one in (first, *others):
        one.send("list", path=path(""))
    for one in (first, *others):
        assert one.result()["ok"] == 1
    assert first.ask("status", token="")["ok"]["connections"] == 5


def test_it_ends_by_itself_when_nobody_asks_anything(world):
    """Also while somebody is connected: what counts is use."""
    mover = world.serve(idle=0.5)
    attached = world.attach()
    for _ in range(4):
        attached.ask("hello")
        time.sleep(0.3)
    assert mover.poll() is None
    assert mover.wait(5) == 0
    assert attached.receive() is None
    assert attached.process.wait(5) == 0
    assert not os.path.exists(world.socket)


def test_it_ends_on_sigterm(world, serve):
    mover = world.serve()
    attached = world.attach()
    attached.ask("hello")
    mover.terminate()
    assert mover.wait(5) == 0


def test_attach_waits_for_a_mover_that_is_just_starting(world):
    attached = world.attach()
    time.sleep(0.3)
    world.serve()
    assert attached.ask("hello")["ok"]["protocol"] == wire.PROTOCOL


def test_a_mover_that_was_killed_can_be_started_again(world):
    mover = world.serve()
    attached = world.attach()
    attached.ask("hello")
    mover.kill()
    mover.wait(5)
    assert attached.receive() is None
    world.serve()
    assert world.attach().ask("hello")["ok"]
