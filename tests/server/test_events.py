"""Changes go out on the Jupyter event bus: soon, few, and never back into the core."""

from __future__ import annotations

import asyncio
import json
import threading
from itertools import count

import msgspec
import pytest
from jupyter_events.schema import EventSchema
from tornado.ioloop import IOLoop

from netapp_jlab.server.events import BURST, SCHEMA_FILE, SCHEMA_ID, SPACING, Feed

from .double import Change, Double, volume
from .waiting import eventually


def change(name: str = "data", **fields) -> Change:
    made = Change(kind="volume", action="modified", name=name, uid=f"uid-{name}", volume=name)
    return msgspec.structs.replace(made, **fields)


@pytest.fixture
def sent() -> list[Change]:
    return []


@pytest.fixture
def feed(sent, io_loop):
    feed = Feed(io_loop, sent.append)
    yield feed
    feed.close()


def test_the_schema_describes_a_change():
    schema = EventSchema(SCHEMA_FILE)
    assert schema.id == SCHEMA_ID
    fields = {field.name: field for field in msgspec.structs.fields(Change)}
    assert set(schema.properties) == set(fields) == set(schema._schema["required"])
    _, parts = msgspec.json.schema_components([Change])
    for name in ("kind", "action"):
        declared = parts["Change"]["properties"][name]["enum"]
        assert sorted(schema.properties[name]["enum"]) == declared
    schema.validate(msgspec.to_builtins(change()))


async def test_a_change_goes_out_at_once(feed, sent):
    feed.publish(change())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sent == [change()]


async def test_changes_of_one_object_are_gathered(feed, sent):
    for phase in ("pending", "bound", "lost"):
        feed.publish(change(phase=phase))
        await asyncio.sleep(0.001)
    await asyncio.sleep(SPACING * 2)
    assert [each.phase for each in sent] == ["pending", "lost"]


async def test_other_objects_do_not_wait(feed, sent):
    feed.publish(change("a"))
    await asyncio.sleep(0.001)
    feed.publish(change("a", phase="bound"))
    feed.publish(change("b"))
    await asyncio.sleep(0.001)
    assert [each.name for each in sent] == ["a", "b"]
    await asyncio.sleep(SPACING * 2)
    assert [each.name for each in sent] == ["a", "b", "a"]


async def test_what_was_added_stays_new_while_it_waits(feed, sent):
    feed.publish(change(action="added"))
    feed.publish(change(phase="bound"))
    await asyncio.sleep(SPACING)
    feed.publish(change(action="deleted"))
    feed.publish(change(action="added", uid="another"))
    await asyncio.sleep(SPACING * 2)
    assert [(each.action, each.uid) for each in sent] == [
        ("added", "uid-data"),
        ("deleted", "uid-data"),
        ("added", "another"),
    ]


async def test_progress_makes_at_most_two_events_a_second(feed, sent):
    for _ in range(60):
        feed.publish(change(kind="operation", phase="running"))
        await asyncio.sleep(0.01)
    assert len(sent) == 2
    feed.publish(change(kind="operation", phase="done"))
    await asyncio.sleep(SPACING * 2)
    assert [each.phase for each in sent] == ["running", "running", "done"]


async def test_a_relist_of_ten_thousand_is_one_event(feed, sent):
    for number in range(10_000):
        feed.publish(change(f"v{number}"))
    feed.publish(change("s", kind="snapshot"))
    await asyncio.sleep(SPACING * 3)
    assert sorted(sent, key=lambda each: each.kind) == [
        change("s", kind="snapshot"),
        Change(kind="volume", action="modified", name="", uid="", volume="", phase=""),
    ]


async def test_a_flood_from_a_thread_is_a_handful_of_events(feed, sent):
    def relist():
        for number in range(10_000):
            feed.publish(change(f"v{number}"))

    thread = threading.Thread(target=relist)
    thread.start()
    while thread.is_alive():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.7)
    assert 1 <= sum(each.name == "" for each in sent) <= 2
    assert sum(each.name != "" for each in sent) <= BURST
    assert sent[-1].name == ""


async def test_a_flood_without_end_is_told_of_now_and_then(feed, sent):
    number = count()
    loop = asyncio.get_running_loop()
    end = loop.time() + 1.2
    while loop.time() < end:
        for _ in range(BURST * 2):
            feed.publish(change(f"v{next(number)}"))
        await asyncio.sleep(0.01)
    assert 2 <= len(sent) <= 3
    assert {each.name for each in sent} == {""}


async def test_after_a_flood_single_changes_go_out_again(feed, sent):
    for number in range(BURST + 1):
        feed.publish(change(f"v{number}"))
    await asyncio.sleep(SPACING * 3)
    feed.publish(change())
    await asyncio.sleep(0.001)
    assert [each.name for each in sent] == ["", "data"]


async def test_as_many_as_fit_go_out_one_by_one(feed, sent):
    for number in range(BURST):
        feed.publish(change(f"v{number}"))
    await asyncio.sleep(SPACING)
    assert len(sent) == BURST


async def test_an_event_bus_that_fails_does_not_hurt(io_loop, caplog):
    def fail(made):
        seen.append(made)
        raise ValueError("modifier")

    seen: list[Change] = []
    feed = Feed(io_loop, fail)
    feed.publish(change("a"))
    feed.publish(change("b"))
    await asyncio.sleep(0.01)
    assert [each.name for each in seen] == ["a", "b"]
    assert caplog.text.count("ValueError: modifier") == 2
    feed.close()


async def test_nothing_after_the_end(feed, sent):
    feed.publish(change("a"))
    feed.publish(change("b"))
    feed.close()
    feed.publish(change("c"))
    await asyncio.sleep(SPACING * 2)
    assert sent == []


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
