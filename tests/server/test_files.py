"""Lists of folders and contents of files: ranges, limits, headers, patience."""

from __future__ import annotations

import asyncio
import time

import pytest
from tornado.simple_httpclient import HTTPStreamClosedError
from tornado.tcpclient import TCPClient

from netapp_jlab import errors
from netapp_jlab.server.files import PIECE, span_of

from .double import Double, snapshot, volume
from .waiting import eventually

TEXT = b"0123456789"


@pytest.fixture(autouse=True)
def full(core: Double) -> Double:
    core.volumes_by_name["data"] = volume("data")
    core.snapshots_by_name["monday"] = snapshot("monday", core.volumes_by_name["data"])
    core.contents["ten.txt"] = TEXT
    return core


CONTENT = "snapshots/monday/content?path=ten.txt"
FILES = "snapshots/monday/files"


async def test_a_list(ask):
    reply = await ask("GET", f"{FILES}?path=a/b")
    assert (reply.status, reply.json()["path"], reply.json()["total"]) == (200, "a/b", 1)
    assert reply.json()["items"][0]["name"] == "ten.txt"
    again = await ask("GET", FILES, headers={"If-None-Match": reply.headers["Etag"]})
    assert again.status == 200, "another folder is another answer"


async def test_a_part_of_a_list(ask, full):
    full.contents |= {"a": b"", "b": b"", "ab": b""}
    found = (await ask("GET", f"{FILES}?match=a&limit=1")).json()
    assert ([item["name"] for item in found["items"]], found["total"]) == (["a"], 2)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "wait=-1", "wait=1.5", "sort=name"])
async def test_what_can_not_be_asked(ask, query):
    reply = await ask("GET", f"{FILES}?{query}")
    assert (reply.status, reply.error().reason) == (400, "Invalid")


async def test_contents_are_never_taken_for_a_page(ask, full):
    full.contents["page.html"] = b"<script>alert(1)</script>"
    reply = await ask("GET", "snapshots/monday/content?path=page.html")
    assert (reply.status, reply.body) == (200, full.contents["page.html"])
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Disposition"] == "attachment; filename*=utf-8''page.html"
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("header", "body", "where"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=9-99999", b"9", "bytes 9-9/10"),
        ("bytes=-4", b"6789", "bytes 6-9/10"),
        ("bytes=-99", TEXT, "bytes 0-9/10"),
    ],
)
async def test_a_range(ask, header, body, where):
    reply = await ask("GET", CONTENT, headers={"Range": header})
    assert (reply.status, reply.body, reply.headers["Content-Range"]) == (206, body, where)
    assert reply.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=-0"])
async def test_a_range_after_the_end(ask, header):
    reply = await ask("GET", CONTENT, headers={"Range": header})
    assert (reply.status, reply.error().reason) == (416, "OutOfRange")
    assert reply.headers["Content-Range"] == "bytes */10"


@pytest.mark.parametrize("header", ["bytes=0-1,3-4", "lines=0-1", "bytes=", "bytes=a-b", "-", ""])
async def test_no_range_at_all(ask, header):
    reply = await ask("GET", CONTENT, headers={"Range": header})
    assert (reply.status, reply.error().reason) == (400, "Invalid")


def test_spans():
    assert span_of("5-2", 10) is None
    assert span_of("0-0", 1) == (0, 1)
    assert span_of("0-", 0) is None
    assert span_of("-5", 0) is None


async def test_an_empty_file(ask, full):
    full.contents["empty"] = b""
    reply = await ask("GET", "snapshots/monday/content?path=empty")
    assert (reply.status, reply.body, reply.headers["Content-Length"]) == (200, b"", "0")


async def test_a_file_of_several_pieces_comes_whole(ask, full):
    full.contents["large"] = bytes(range(256)) * 4096 * 3 + b"end"
    reply = await ask("GET", "snapshots/monday/content?path=large")
    assert reply.body == full.contents["large"]
    assert full.calls.count("files.read") == len(full.contents["large"]) // PIECE + 1


async def test_the_name_of_the_download(ask, full):
    full.contents['a"b;ü c.txt'] = b"x"
    reply = await ask("GET", 'snapshots/monday/content?path=a"b;ü c.txt')
    named = reply.headers["Content-Disposition"]
    assert named == "attachment; filename*=utf-8''a%22b%3B%C3%BC%20c.txt"


async def test_what_is_not_there(ask):
    for path in ("nothing", ""):
        reply = await ask("GET", f"snapshots/monday/content?path={path}")
        assert (reply.status, reply.error().reason) == (404, "NotFound")
    assert (await ask("GET", "snapshots/nothing/files")).status == 404
    assert (await ask("GET", "snapshots/monday/content")).status == 400


async def test_what_fails_at_the_first_piece_is_an_error(ask, full):
    def refuse():
        raise errors.Refused("'ten.txt' can't be read: Permission denied")

    full.faults["files.read"] = refuse
    reply = await ask("GET", CONTENT)
    assert (reply.status, reply.error().reason) == (422, "Refused")
    assert reply.headers["Content-Type"] == "application/json"


async def test_what_fails_on_the_way_is_no_whole_file(ask, full, caplog):
    full.contents["large"] = bytes(3 * PIECE)

    def refuse_the_second():
        if full.calls.count("files.read") > 1:
            raise errors.Unreachable("The helper pod is gone.")

    full.faults["files.read"] = refuse_the_second
    with pytest.raises(HTTPStreamClosedError):
        await ask("GET", "snapshots/monday/content?path=large")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


class TestLimit:
    @pytest.fixture
    def settings(self):
        return {"max_content_bytes": 1024}

    async def test_too_much_at_once_is_refused_and_parts_are_not(self, ask, full):
        full.contents["large"] = bytes(5000)
        path = "snapshots/monday/content?path=large"
        reply = await ask("GET", path)
        assert (reply.status, reply.error().reason) == (422, "Refused")
        assert "NetAppJLab.max_content_bytes" in reply.error().hint
        assert "files.read" not in full.calls
        part = await ask("GET", path, headers={"Range": "bytes=4000-"})
        assert (part.status, len(part.body)) == (206, 1000)


@pytest.fixture
def ticks(full) -> list[int]:
    """Grows as long as somebody opens a snapshot, which never ends."""
    ticks: list[int] = []
    full.faults["files.prepare.endless"] = lambda: (ticks.append(1), time.sleep(0.01))
    return ticks


async def test_opening_that_takes_long_is_told_and_goes_on(ask, full, ticks):
    for _ in range(2):
        began = time.perf_counter()
        reply = await ask("GET", f"{FILES}?wait=1")
        assert (reply.status, reply.json()) == (202, {"step": "Starting a helper."})
        assert 0.9 <= time.perf_counter() - began < 3
    assert full.calls.count("files.prepare") == 1, "it is not begun anew"
    waiting = asyncio.ensure_future(ask("GET", f"{FILES}?wait=20"))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    del full.faults["files.prepare.endless"]
    assert (await waiting).status == 200
    assert full.calls.count("files.prepare") == 1


async def test_opening_that_fails_tells_all_who_wait(ask, full):
    def fail():
        time.sleep(0.2)
        raise errors.QuotaExceeded("The quota allows no further pods.")

    full.faults["files.prepare"] = fail
    replies = await asyncio.gather(*(ask("GET", f"{FILES}?wait=20") for _ in range(3)))
    assert {(reply.status, reply.error().reason) for reply in replies} == {(422, "QuotaExceeded")}
    assert full.calls.count("files.prepare") == 1
    del full.faults["files.prepare"]
    assert (await ask("GET", FILES)).status == 200, "the next one tries again"


async def test_opening_is_given_up_once_nobody_waits(ask, full, ticks, monkeypatch):
    monkeypatch.setattr("netapp_jlab.server.openings.LINGER", 0.5)
    assert (await ask("GET", f"{FILES}?wait=1")).status == 202
    await asyncio.sleep(0.2)
    before = len(ticks)
    await asyncio.sleep(0.1)
    assert len(ticks) > before, "the next one may ask any moment"
    await quiet(ticks)
    assert "files.list" not in full.calls


async def test_opening_stops_when_the_browser_goes(
    app, full, ticks, http_server, token, monkeypatch
):
    monkeypatch.setattr("netapp_jlab.server.openings.LINGER", 0.2)
    stream = await connect(http_server, token, FILES)
    await eventually(lambda: ticks)
    stream.close()
    await quiet(ticks)


async def test_opening_stops_with_the_server(app, ask, ticks):
    assert (await ask("GET", f"{FILES}?wait=1")).status == 202
    await app.stop_extension()
    await quiet(ticks)


class TestPatience:
    @pytest.fixture
    def settings(self):
        return {"operation_timeout": 0.4}

    async def test_without_wait_it_is_an_error(self, ask, ticks):
        reply = await ask("GET", FILES)
        assert (reply.status, reply.error().reason) == (504, "Timeout")
        assert "Starting a helper." in reply.error().message
        assert (await ask("GET", f"{FILES}?wait=30")).status == 202, "no longer than the limit"

    async def test_lists_of_volumes_do_not_wait_for_helpers(self, ask, full, ticks):
        for number in range(9):
            full.snapshots_by_name[f"s{number}"] = full.snapshots_by_name["monday"]
        waiting = [asyncio.ensure_future(ask("GET", f"snapshots/s{n}/files")) for n in range(9)]
        await eventually(lambda: full.calls.count("files.prepare") >= 4)
        assert (await ask("GET", "volumes")).status == 200
        assert (await ask("GET", CONTENT)).status == 200
        assert {reply.status for reply in await asyncio.gather(*waiting)} == {504}


async def test_sending_stops_when_the_browser_goes(app, full, http_server, token, caplog):
    full.contents["large"] = bytes(64 * PIECE)
    stream = await connect(http_server, token, "snapshots/monday/content?path=large")
    assert b"200 OK" in await stream.read_until(b"\r\n\r\n")
    await asyncio.sleep(0.3)
    pieces = full.calls.count("files.read")
    assert pieces < 40, "it is read only as fast as it is taken"
    stream.close()
    await asyncio.sleep(0.3)
    assert full.calls.count("files.read") <= pieces + 2
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def connect(http_server, token, path: str):
    """Ask over a connection of one's own, and do not wait for the answer."""
    port = next(sock.getsockname()[1] for sock in http_server._sockets.values())
    stream = await TCPClient().connect("127.0.0.1", port)
    head = [
        f"GET /a%40b/netapp-jlab/{path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: {token['Authorization']}",
    ]
    await stream.write("\r\n".join([*head, "", ""]).encode())
    return stream


async def quiet(ticks: list[int]) -> None:
    """Wait until nothing ticks any more."""
    for _ in range(100):
        before = len(ticks)
        await asyncio.sleep(0.1)
        if len(ticks) == before:
            return
    pytest.fail("It goes on for ever")
