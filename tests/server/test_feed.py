"""Changes go out soon, few, and never back into the core; the clock here is a test's own."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from jupyter_events.schema import EventSchema

from netapp_jlab.models import Change
from netapp_jlab.server.events import (
    BURST,
    FLOOD,
    PROGRESS_SPACING,
    QUIET,
    SCHEMA_FILE,
    SCHEMA_ID,
    SPACING,
    Feed,
)

from .changes import change

MOMENT = 0.001
SUMMARY = Change(kind="volume", action="modified", name="", uid="", volume="", phase="")


class Loop:
    """The part of an event loop that the feed uses, with time that passes when told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def add_callback(self, call: Callable[[], None]) -> None:
        self.call_at(self.now, call)

    def call_at(self, when: float, call: Callable[[], None]) -> object:
        self.calls.append((when, call))
        return self.calls[-1]

    def remove_timeout(self, timer: object) -> None:
        if timer in self.calls:
            self.calls.remove(timer)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.calls and min(when for when, _ in self.calls) <= end:
            timer = min(self.calls, key=lambda timer: timer[0])
            self.calls.remove(timer)
            self.now = max(self.now, timer[0])
            timer[1]()
        self.now = end


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def sent() -> list[Change]:
    return []


@pytest.fixture
def feed(loop, sent) -> Feed:
    return Feed(loop, sent.append)


def test_the_schema_describes_a_change():
    schema = EventSchema(SCHEMA_FILE)
    assert schema.id == SCHEMA_ID
    fields = {field.name for field in msgspec.structs.fields(Change)}
    assert set(schema.properties) == fields == set(schema._schema["required"])
    _, parts = msgspec.json.schema_components([Change])
    for name in ("kind", "action"):
        declared = parts["Change"]["properties"][name]["enum"]
        assert sorted(schema.properties[name]["enum"]) == declared
    schema.validate(msgspec.to_builtins(change()))


def test_a_change_goes_out_at_once(loop, feed, sent):
    feed.publish(change())
    loop.run(0)
    assert sent == [change()]
    assert loop.calls == []


def test_changes_of_one_object_are_gathered(loop, feed, sent):
    for volume in ("first", "second", "third"):
        feed.publish(change(volume=volume))
        loop.run(MOMENT)
    assert [each.volume for each in sent] == ["first"]
    loop.run(SPACING)
    assert [each.volume for each in sent] == ["first", "third"]


def test_a_change_of_phase_does_not_wait(loop, feed, sent):
    for phase in ("pending", "pending", "ready", "ready"):
        feed.publish(change(phase=phase))
        loop.run(MOMENT)
    assert [each.phase for each in sent] == ["pending", "ready"]
    loop.run(SPACING)
    assert [each.phase for each in sent] == ["pending", "ready", "ready"]


def test_other_objects_do_not_wait(loop, feed, sent):
    feed.publish(change("a"))
    loop.run(MOMENT)
    feed.publish(change("a"))
    feed.publish(change("b"))
    loop.run(MOMENT)
    assert [each.name for each in sent] == ["a", "b"]
    loop.run(SPACING)
    assert [each.name for each in sent] == ["a", "b", "a"]


def test_what_was_added_stays_new_while_it_waits(loop, feed, sent):
    feed.publish(change(action="added"))
    feed.publish(change(phase="bound"))
    loop.run(MOMENT)
    feed.publish(change(action="deleted"))
    feed.publish(change(action="added", uid="another"))
    loop.run(SPACING)
    assert [(each.action, each.uid, each.phase) for each in sent] == [
        ("added", "uid-data", "bound"),
        ("deleted", "uid-data", ""),
        ("added", "another", ""),
    ]


def test_what_waits_is_replaced_by_what_is_newer(loop, feed, sent):
    feed.publish(change(volume="a"))
    loop.run(MOMENT)
    feed.publish(change(volume="b"))
    loop.run(MOMENT)
    feed.publish(change(volume="c"))
    feed.publish(change("other"))
    loop.run(SPACING * 2)
    assert [each.volume for each in sent if each.name == "data"] == ["a", "c"]


def test_progress_makes_at_most_two_events_a_second(loop, feed, sent):
    for _ in range(300):
        feed.publish(change(kind="operation", phase="running"))
        loop.run(0.01)
    assert 5 <= len(sent) <= 3 / PROGRESS_SPACING + 1
    feed.publish(change(kind="operation", phase="done"))
    loop.run(SPACING)
    assert sent[-1].phase == "done"


def test_a_relist_of_ten_thousand_is_one_event(loop, feed, sent):
    for number in range(10_000):
        feed.publish(change(f"v{number}"))
    feed.publish(change("s", kind="snapshot"))
    loop.run(MOMENT)
    assert sent == [change("s", kind="snapshot")]
    loop.run(QUIET)
    assert sent == [change("s", kind="snapshot"), SUMMARY]
    loop.run(10)
    assert len(sent) == 2


def test_a_flood_without_end_is_told_of_now_and_then(loop, feed, sent):
    for step in range(200):
        for number in range(BURST * 2):
            feed.publish(change(f"v{step}-{number}"))
        loop.run(0.01)
    assert sent == [SUMMARY] * int(2 / FLOOD - 1) or sent == [SUMMARY] * int(2 / FLOOD)
    loop.run(1)
    assert sent[-1] == SUMMARY


def test_after_a_flood_single_changes_go_out_again(loop, feed, sent):
    for number in range(BURST + 1):
        feed.publish(change(f"v{number}"))
    loop.run(QUIET + MOMENT)
    feed.publish(change())
    loop.run(MOMENT)
    assert [each.name for each in sent] == ["", "data"]


def test_as_many_as_fit_go_out_one_by_one(loop, feed, sent):
    for number in range(BURST):
        feed.publish(change(f"v{number}"))
    loop.run(MOMENT)
    assert len(sent) == BURST


def test_what_was_sent_is_forgotten(loop, feed):
    for number in range(1000):
        feed.publish(change(f"v{number}"))
        loop.run(0.1)
    assert len(feed._sent) <= PROGRESS_SPACING / 0.1 + 1


def test_an_event_bus_that_fails_does_not_hurt(loop, caplog):
    def fail(made):
        seen.append(made)
        raise ValueError("modifier")

    seen: list[Change] = []
    feed = Feed(loop, fail)
    feed.publish(change("a"))
    feed.publish(change("b"))
    loop.run(MOMENT)
    assert [each.name for each in seen] == ["a", "b"]
    assert caplog.text.count("ValueError: modifier") == 2


def test_nothing_after_the_end(loop, feed, sent):
    feed.publish(change("a"))
    loop.run(0)
    feed.publish(change("a"))
    loop.run(MOMENT)
    feed.publish(change("b"))
    feed.close()
    feed.publish(change("c"))
    loop.run(1)
    assert sent == [change("a")]
