"""A core that hangs or is busy stops neither the event loop nor other requests."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from .double import Double, snapshot, volume
from .waiting import eventually

LIMIT = 0.4


@pytest.fixture
def settings():
    return {"operation_timeout": LIMIT, "dry_run_timeout": LIMIT, "worker_threads": 2}


@pytest.fixture
def hang():
    """A fault that lasts until the test is over."""
    over = threading.Event()
    yield lambda: over.wait(20)
    over.set()


@pytest.fixture(autouse=True)
def full(core: Double) -> Double:
    core.volumes_by_name["data"] = volume("data")
    core.snapshots_by_name["monday"] = snapshot("monday", core.volumes_by_name["data"])
    return core


async def longest_pause(until: asyncio.Future) -> float:
    """Return the longest time the event loop did not come back."""
    longest, last = 0.0, time.perf_counter()
    while not until.done():
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        longest, last = max(longest, now - last - 0.005), now
    return longest


async def test_a_core_that_hangs_is_answered_in_time(ask, core, hang):
    core.faults["volumes.list"] = hang
    began = time.perf_counter()
    request = asyncio.ensure_future(ask("GET", "volumes"))
    pause = await longest_pause(request)
    reply, took = request.result(), time.perf_counter() - began
    assert (reply.status, reply.error().reason) == (504, "Timeout")
    assert "NetAppJLab.operation_timeout" in reply.error().message
    assert LIMIT <= took < LIMIT + 1
    assert pause < 0.2


async def test_others_are_answered_meanwhile(ask, core, hang):
    core.faults["volumes.list"] = hang
    waiting = asyncio.ensure_future(ask("GET", "volumes"))
    assert (await ask("GET", "volumes/data")).status == 200
    assert not waiting.done()
    assert (await waiting).status == 504


async def test_hanging_at_the_very_first(ask, core, hang):
    core.faults["start"] = hang
    replies = await asyncio.gather(*(ask("GET", "volumes") for _ in range(5)))
    assert {reply.status for reply in replies} == {504}
    assert core.calls == ["start"]


async def test_what_has_not_begun_in_time_never_begins(ask, core, hang):
    await ask("GET", "volumes")
    core.faults["volumes.list"] = hang
    busy = [asyncio.ensure_future(ask("GET", "volumes")) for _ in range(2)]
    await eventually(lambda: core.calls.count("volumes.list") == 3)
    late = await ask("POST", "volumes", {"name": "late", "size": "1Gi"})
    assert late.status == 504
    await asyncio.gather(*busy)
    assert "volumes.create" not in core.calls
    assert "late" not in core.volumes_by_name


async def test_dry_runs_do_not_keep_lists_waiting(ask, core, hang):
    core.faults["restores.plan"] = hang
    body = {"dry_run": True}
    plans = [asyncio.ensure_future(ask("POST", "snapshots/monday/restores", body)) for _ in "1234"]
    await eventually(lambda: core.calls.count("restores.plan") == 2)
    assert (await ask("GET", "volumes")).status == 200
    assert {plan.status for plan in await asyncio.gather(*plans)} == {504}


async def test_a_dry_run_stops_when_its_time_is_over(ask, core):
    core.faults["restores.plan.endless"] = lambda: time.sleep(0.01)
    reply = await ask("POST", "snapshots/monday/restores", {"dry_run": True})
    assert (reply.status, reply.error().reason) == (504, "Timeout")
    await stopped(core)


class TestPatience:
    """Enough of it to see what happens before the limit."""

    @pytest.fixture
    def settings(self):
        return {"operation_timeout": 20, "dry_run_timeout": 20}

    async def test_a_dry_run_stops_when_the_browser_goes(
        self, app, core, http_server, token, caplog
    ):
        core.faults["restores.plan.endless"] = lambda: time.sleep(0.01)
        writer = await connect(http_server, token, b'{"dry_run": true}')
        await eventually(lambda: "restores.plan" in core.calls)
        writer.close()
        await writer.wait_closed()
        await stopped(core)
        assert not [record for record in caplog.records if record.levelname == "ERROR"]

    async def test_a_change_is_made_also_when_the_browser_goes(self, app, core, http_server, token):
        seen = threading.Event()
        core.faults["restores.start"] = lambda: (seen.set(), time.sleep(0.2))
        writer = await connect(http_server, token, b"{}")
        await eventually(seen.is_set)
        writer.close()
        await writer.wait_closed()
        await eventually(lambda: core.operations_by_id)

    async def test_what_waits_is_bounded(self, app, core, hang, ask):
        core.faults["volumes.list"] = hang
        waiting = [asyncio.ensure_future(ask("GET", "volumes")) for _ in range(9)]
        await eventually(lambda: core.calls.count("volumes.list") == 8)
        app.runtime._workers._backlog = 1
        reply = await ask("GET", "volumes")
        assert (reply.status, reply.error().reason) == (503, "Overloaded")
        assert int(reply.headers["Retry-After"]) > 0
        for request in waiting:
            request.cancel()
        await asyncio.wait(waiting)


async def connect(http_server, token, body: bytes) -> asyncio.StreamWriter:
    """Send a restore over a connection of one's own, and do not wait for the answer."""
    port = next(sock.getsockname()[1] for sock in http_server._sockets.values())
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = [
        "POST /a%40b/netapp-jlab/snapshots/monday/restores HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: {token['Authorization']}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    await writer.drain()
    return writer


async def stopped(core: Double) -> None:
    """Wait until the endless dry run has ended: its fault is no longer called."""
    ticks: list[int] = []
    core.faults["restores.plan.endless"] = lambda: (ticks.append(1), time.sleep(0.01))
    for _ in range(100):
        before = len(ticks)
        await asyncio.sleep(0.1)
        if len(ticks) == before:
            return
    pytest.fail("The dry run goes on for ever")
