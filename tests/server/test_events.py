"""Changes on the Jupyter event bus, as pages hear them, and what counts as activity."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from tornado.ioloop import IOLoop

from netapp_jlab.server.events import BURST, SCHEMA_ID, Feed

from .changes import change
from .double import Double, volume
from .waiting import eventually


async def test_a_flood_from_a_thread_is_a_handful_of_events(io_loop):
    sent = []
    feed = Feed(io_loop, sent.append)

    def relist():
        for number in range(10_000):
            feed.publish(change(f"v{number}"))

    thread = threading.Thread(target=relist)
    thread.start()
    await eventually(lambda: sent and not sent[-1].name and not thread.is_alive())
    await asyncio.sleep(0.2)
    assert sum(each.name != "" for each in sent) <= BURST
    assert sum(each.name == "" for each in sent) <= 5
    feed.close()


def test_publishing_to_a_loop_that_is_closed():
    loop = IOLoop(make_current=False)
    feed = Feed(loop, lambda made: pytest.fail("It was sent"))
    loop.close()
    feed.publish(change())


# --- On the wire ----------------------------------------------------------------------------------


class Subscriber:
    """A page that listens to the event bus."""

    def __init__(self, socket) -> None:
        self.socket = socket

    async def next(self) -> dict:
        while True:
            text = await asyncio.wait_for(self.socket.read_message(), 5)
            message = json.loads(text)
            if message["schema_id"] == SCHEMA_ID:
                return {key: value for key, value in message.items() if not key.startswith("_")}


async def test_a_page_hears_of_what_happens(ask, core, jp_ws_fetch):
    page = Subscriber(await jp_ws_fetch("api", "events", "subscribe"))
    made = (await ask("POST", "volumes", {"name": "data", "size": "1Gi"})).json()
    assert await page.next() == {
        "schema_id": SCHEMA_ID,
        "kind": "volume",
        "action": "added",
        "name": "data",
        "uid": made["uid"],
        "volume": "data",
        "phase": "bound",
    }
    await ask("POST", "volumes/data/snapshots", {"name": "monday"})
    heard = await page.next()
    assert (heard["kind"], heard["name"], heard["volume"]) == ("snapshot", "monday", "data")
    begun = (await ask("POST", "snapshots/monday/restores", {})).json()
    heard = await page.next()
    assert (heard["kind"], heard["name"], heard["phase"]) == ("operation", begun["id"], "running")
    page.socket.close()


async def test_changes_from_a_thread_are_heard(ask, core, jp_ws_fetch):
    await ask("GET", "status")
    page = Subscriber(await jp_ws_fetch("api", "events", "subscribe"))
    made = volume("outside")
    thread = threading.Thread(target=core._put, args=(made,))
    thread.start()
    assert (await page.next())["name"] == "outside"
    thread.join(5)
    page.socket.close()


# --- What counts as activity ----------------------------------------------------------------------


def last_activity(jp_serverapp):
    return jp_serverapp.web_app.last_activity()


async def test_looking_is_no_activity(ask, jp_serverapp):
    before = last_activity(jp_serverapp)
    for path in ("status", "volumes", "snapshots", "operations", "openapi.json", "nothing"):
        await ask("GET", path)
    assert last_activity(jp_serverapp) == before


async def test_changing_is(ask, jp_serverapp):
    before = last_activity(jp_serverapp)
    await ask("POST", "volumes", {"name": "data", "size": "1Gi"})
    assert last_activity(jp_serverapp) > before


async def test_a_server_with_an_operation_is_not_idle(
    ask, core: Double, app, jp_serverapp, monkeypatch
):
    stops = []
    monkeypatch.setattr(jp_serverapp, "stop", lambda *_: stops.append(1))
    monkeypatch.setattr(jp_serverapp, "shutdown_no_activity_timeout", -1)
    core.volumes_by_name["data"] = volume("data")
    await ask("POST", "volumes/data/snapshots", {"name": "monday"})
    begun = (await ask("POST", "snapshots/monday/restores", {})).json()
    await eventually(lambda: app.current_activity() == [begun["id"]])
    jp_serverapp.shutdown_no_activity()
    assert stops == []

    before = last_activity(jp_serverapp)
    core.tell_operation(core.operations_by_id[begun["id"]], "modified")
    await eventually(lambda: last_activity(jp_serverapp) > before)

    core.finish(begun["id"], "done")
    await eventually(lambda: app.current_activity() is None)
    jp_serverapp.shutdown_no_activity()
    assert stops == [1]
