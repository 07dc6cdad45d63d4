"""Requests that nobody of ours would send."""

from __future__ import annotations

import contextlib
import socket

import pytest

from netapp_jlab.mover import wire
from netapp_jlab.mover.wire import MAX_LINE, MAX_PIECE

from .talking import order, path

ASKED = {"path": path("a"), "start": 0, "length": 1}


@pytest.mark.parametrize(
    "line",
    [b"\n", b"no json\n", b"[]\n", b'{"do":"hello"}\n', b'{"id":true,"do":"hello"}\n',
     b'{"id":-1,"do":"hello"}\n', b"[" * 100_000 + b"\n", b"\xff\xfe\n"],
)  # fmt: skip
def test_a_line_that_is_no_request_ends_the_connection(world, serve, line):
    attached = serve()
    attached.write(line)
    assert attached.result()["error"] == "Malformed"
    assert attached.receive() is None
    assert world.attach().ask("hello")["ok"]


def test_a_line_without_end(world, serve):
    attached = serve()
    attached.ask("hello")
    with contextlib.suppress(BrokenPipeError):
        for _ in range(MAX_LINE // 65536 + 100):
            attached.write(b"x" * 65536)
    assert attached.process.wait(10) in {0, 1}
    assert world.attach().ask("hello")["ok"]


@pytest.mark.parametrize(
    ("do", "fields"),
    [
        ("no-such", {}),
        ("list", {}),
        ("list", {"path": 5}),
        ("list", {"path": "no base64!"}),
        ("read", {**ASKED, "length": MAX_PIECE + 1}),
        ("read", {**ASKED, "start": -1}),
        ("read", {**ASKED, "start": 1.5}),
        ("read", {**ASKED, "length": True}),
        ("check", {"paths": path("a")}),
        ("check", {"paths": [1]}),
        ("compare", {"paths": None}),
        ("restore", {"token": "t"}),
        ("restore", order(plan={"create": "x"})),
        ("restore", order(plan=None)),
        ("restore", order(5)),
        ("cancel", {}),
    ],
)
def test_a_request_with_wrong_fields_is_refused_and_no_more(serve, do, fields):
    attached = serve()
    assert attached.ask(do, **fields)["error"] == "Malformed"
    assert attached.ask("hello")["ok"]


@pytest.mark.parametrize("token", ["", "a/b", "../..", "x" * 65, "a\0b"])
def test_a_token_that_could_be_a_path(world, serve, token):
    world.fill("source", {"a": "x"})
    answer = serve().ask("restore", **order(token))
    assert answer["error"] == "Malformed"
    assert not (world.root / "live" / "a").exists()


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret", "link/secret", "a\0", ".snapshot/x"])
def test_no_path_leads_out(world, serve, name):
    (world.root / "secret").write_text("secret")
    (world.root / "source" / "link").symlink_to("..")
    (world.root / "source" / "up").symlink_to("../secret")
    attached = serve()
    for wanted in (name, "up"):
        answer = attached.ask("read", path=path(wanted), start=0, length=100)
        assert answer["error"] in {"BadPath", "NotThere", "WrongKind"}
    assert attached.ask("restore", **order(paths=[path(name)]))["error"] in {
        "BadPath",
        "NoSuchPath",
    }


def test_many_connections_do_not_keep_others_out_for_long(world, serve):
    serve().ask("hello")
    crowd = []
    for _ in range(60):
        one = socket.socket(socket.AF_UNIX)
        one.connect(world.socket)
        crowd.append(one)
    for one in crowd:
        one.close()
    assert world.attach().ask("hello")["ok"]


def test_who_goes_away_while_something_long_runs_stops_it(world, serve):
    """A comparison of much is stopped when nobody waits for it: the mover becomes idle."""
    for number in range(3000):
        (world.root / "source" / str(number)).touch()
    mover = world.serve(idle=0.5)
    attached = world.attach()
    attached.send("compare", paths=None, remove_extra=True, verify=True, baseline=False, examples=0)
    attached.process.kill()
    assert mover.wait(10) == 0


@pytest.mark.parametrize(
    "value",
    [None, [], {}, [[1, 2]], [["YQ==", "file", 1, 1, 1]], [["YQ==", "door", 1, 1, 1, ""]],
     [["!", "file", 1, 1, 1, ""]], [["YQ==", "file", "1", 1, 1, ""]]],
)  # fmt: skip
def test_what_a_mover_says_is_checked_too(value):
    for read in (wire.to_entries, wire.to_summary, wire.to_outcome, wire.to_progress):
        if value == [] and read is wire.to_entries:
            continue
        with pytest.raises(wire.Malformed):
            read(value)
