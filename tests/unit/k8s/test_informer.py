"""The informer's behaviour towards its users, and towards servers that misbehave."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from typing import Any, cast

import msgspec
import pytest

from netapp_jlab import errors
from netapp_jlab.k8s import informer as module
from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.informer import Informer
from netapp_jlab.k8s.retries import Backoff
from netapp_jlab.k8s.store import Store
from netapp_jlab.k8s.watching import WatchEvent
from netapp_jlab.k8s.wire import Claim

from . import made, server
from .server import chunks, eventually, reply, status
from .world import Replay, World


@pytest.fixture
def follow():
    """Start informers, and stop them at the end."""
    informers = []

    def start(cluster, on_event=None, **options) -> Informer[Claim]:
        backoff = Backoff(first=0.002, longest=0.02)
        made = Informer(cast(Any, cluster), kinds.CLAIMS, on_event, backoff=backoff, **options)
        informers.append(made)
        made.start()
        return made

    yield start
    for one in informers:
        one.stop(2.0)


@pytest.fixture
def world() -> World:
    world = World()
    world.put("a")
    return world


def test_items_and_get(world, follow):
    informer = follow(world)
    informer.wait_synced(5)
    assert informer.synced
    assert informer.error is None
    assert set(informer.items()) == {"a"}
    assert informer.get("a") is informer.items()["a"]
    assert informer.get("b") is None


def test_the_view_is_a_moment_and_costs_nothing_while_nothing_changes(world, follow):
    informer = follow(world)
    informer.wait_synced(5)
    before = informer.items()
    assert informer.items() is before
    with pytest.raises(TypeError):
        before["x"] = before["a"]  # type: ignore[index]
    world.put("b")
    eventually(lambda: "b" in informer.items())
    assert set(before) == {"a"}


def test_a_listener_that_fails_harms_nobody(world, follow, caplog):
    heard = []

    def listener(action, claim):
        heard.append(claim.metadata.name)
        raise RuntimeError("a listener's bug")

    informer = follow(world, listener, on_state=lambda _live: 1 / 0)
    world.put("b")
    world.fail(1)
    world.cut("break")
    world.put("c")
    eventually(lambda: set(informer.items()) == {"a", "b", "c"})
    eventually(lambda: len(heard) >= 3)
    assert "a listener's bug" in caplog.text


def test_a_bug_in_the_thread_is_told_and_survived(world, follow, caplog, monkeypatch):
    monkeypatch.setattr(world, "list", lambda *_args, **_options: 1 / 0)
    informer = follow(world)
    with pytest.raises(errors.NetAppJLabError, match="Internal error"):
        informer.wait_synced(5)
    monkeypatch.undo()
    eventually(lambda: informer.synced)
    assert "ZeroDivisionError" in caplog.text


def test_how_lost_connections_are_told(world, follow):
    states = []
    informer = follow(world, on_state=states.append)
    informer.wait_synced(5)
    eventually(lambda: world.watches == 1)
    assert informer.stale_since is None
    before = datetime.now(timezone.utc)
    world.fail(10**9)
    world.cut("break")
    eventually(lambda: informer.error)
    since = informer.stale_since
    assert since is not None
    assert before <= since <= datetime.now(timezone.utc)
    assert isinstance(informer.error, errors.Unreachable)
    assert informer.synced  # what it has is old, but complete
    assert set(informer.items()) == {"a"}
    world.put("b")
    time.sleep(0.05)
    assert informer.stale_since == since
    world.fail(0)
    eventually(lambda: informer.stale_since is None)
    assert informer.error is None
    eventually(lambda: "b" in informer.items())
    assert states == [False, True]


def test_a_watch_that_ends_is_no_trouble(world, follow, caplog, monkeypatch):
    monkeypatch.setattr(module, "SHORT_WATCH", 0.0)
    states = []
    informer = follow(world, on_state=states.append)
    for _ in range(3):
        seen = world.watches
        world.cut("end")
        eventually(lambda: world.watches > seen)  # noqa: B023
    eventually(lambda: informer.stale_since is None)
    assert world.lists == 1
    assert states == []
    assert caplog.text == ""


def test_a_watch_that_breaks_after_a_while_is_taken_up_where_it_was(world, follow, monkeypatch):
    monkeypatch.setattr(module, "SHORT_WATCH", 0.0)
    states = []
    informer = follow(world, on_state=states.append)
    informer.wait_synced(5)
    eventually(lambda: world.watches == 1)
    world.cut("break")
    world.put("b")
    eventually(lambda: "b" in informer.items())
    assert world.lists == 1
    assert False not in states


def test_watches_that_end_at_once_are_not_asked_for_without_pause(serve, connect):
    api = serve(
        script=lambda request: chunks() if "watch" in request.query else reply(200, made.listing())
    )
    informer = Informer(connect(api), kinds.CLAIMS, backoff=Backoff(first=0.1, longest=0.1))
    informer.start()
    time.sleep(0.5)
    informer.stop()
    assert len(api.requests) < 15


def test_rights_that_are_missing(serve, connect, follow, monkeypatch):
    monkeypatch.setattr(module, "FORBIDDEN_PAUSE", 0.05)
    may = threading.Event()

    def script(request):
        if "watch" not in request.query:
            return reply(200, made.listing(made.claim("a")))
        return chunks(then=server.hang) if may.is_set() else status(403, "Forbidden", "no watch")

    states = []
    informer = follow(connect(serve(script=script)), on_state=states.append)
    eventually(lambda: informer.error)
    assert not informer.synced
    refused = []

    def told() -> bool:  # between a list and the refused watch it counts as synced
        try:
            informer.wait_synced(1)
        except errors.Forbidden as error:
            refused.append(error)
        return bool(refused)

    eventually(told)
    may.set()
    eventually(lambda: informer.synced and informer.error is None and True in states)
    assert states == [False, True]


def test_waiting_for_a_server_that_is_down(connect, follow):
    informer = follow(connect("http://127.0.0.1:1", request_timeout=0.1))
    with pytest.raises(errors.Unreachable):
        informer.wait_synced(5)
    assert not informer.synced


def test_waiting_ends_in_time_or_when_cancelled(serve, connect, follow):
    informer = follow(connect(serve(server.hang)))
    with pytest.raises(errors.Timeout, match=r"could not be read within 0\.1 s"):
        informer.wait_synced(0.1)

    def cancel():
        raise errors.Cancelled("enough")

    with pytest.raises(errors.Cancelled, match="enough"):
        informer.wait_synced(5, cancel)
    informer.stop()
    with pytest.raises(errors.Cancelled, match="stopped"):
        informer.wait_synced(5)


@pytest.mark.parametrize(
    "script",
    [
        lambda request: server.hang,
        lambda request: server.drip_body,
        lambda request: (
            chunks(then=server.hang) if "watch" in request.query else reply(200, made.listing())
        ),
        lambda request: server.hang if "watch" in request.query else reply(200, made.listing()),
        lambda request: status(429, "TooManyRequests", "x", {"Retry-After": "4"}),
    ],
    ids=["list", "drip", "watch", "watch-head", "pause"],
)
def test_stop_takes_no_time_whatever_is_waited_for(serve, connect, script):
    api = serve(script=script)
    informer = Informer(connect(api), kinds.CLAIMS)
    informer.start()
    eventually(lambda: len(api.requests) >= 1)
    time.sleep(0.1)
    began = time.monotonic()
    informer.stop(5.0)
    assert time.monotonic() - began < 0.5
    assert not any(one.name.startswith("netapp-jlab-informer") for one in threading.enumerate())
    informer.stop(5.0)


def test_stop_from_a_listener(world):
    informer: Informer[Claim] = Informer(
        cast(Any, world), kinds.CLAIMS, lambda *_event: informer.stop()
    )
    informer.start()
    eventually(
        lambda: (
            not any(one.name.startswith("netapp-jlab-informer") for one in threading.enumerate())
        )
    )


def test_over_http(serve, connect, follow):
    """The whole way: pages, a watch, a cut connection, 410, and a list that differs."""
    lists = [
        made.listing(made.claim("a", version=1), made.claim("b", version=2), version=5),
        made.listing(made.claim("b", version=8), made.claim("d", version=9), version=20),
    ]
    watches = [
        chunks(made.event("ADDED", made.claim("c", version=6)), then=server.close),
        chunks(made.event("MODIFIED", made.claim("c", version=7)), made.bookmark(12)),
        chunks(made.expired()),
        chunks(then=server.hang),
    ]

    def script(request):
        if "watch" in request.query:
            return watches.pop(0) if len(watches) > 1 else watches[0]
        return reply(200, lists.pop(0))

    api = serve(script=script)
    replay = Replay()
    heard = []

    def listen(action, claim):
        replay(action, claim)
        heard.append((action, claim.metadata.name, claim.metadata.resource_version))

    informer = follow(connect(api), listen)
    eventually(lambda: set(informer.items()) == {"b", "d"} and len(heard) == 8)
    assert heard == [
        ("added", "a", "1"),
        ("added", "b", "2"),
        ("added", "c", "6"),
        ("modified", "c", "7"),
        ("deleted", "a", "1"),
        ("deleted", "c", "7"),
        ("modified", "b", "8"),
        ("added", "d", "9"),
    ]
    assert replay.wrong == []
    eventually(lambda: _watched_from(api) == ["5", "6", "12", "20"])


def _watched_from(api) -> list[str]:
    return [one.query["resourceVersion"] for one in api.requests if "watch" in one.query]


# --- The store ------------------------------------------------------------------------------------


def _claim(name="a", version: str | int = 1, uid="") -> Claim:
    return msgspec.convert(made.claim(name, version=version, uid=uid), Claim)


def _apply(store, kind, claim):
    event = WatchEvent(kind, claim, claim.metadata.resource_version)
    return [(action, one.metadata.uid) for action, one in store.apply(event)]


def test_an_object_made_anew_is_deleted_then_added():
    store: Store[Claim] = Store()
    list(store.replace([_claim(uid="u1")], "5"))
    assert _apply(store, "added", _claim(version=6, uid="u2")) == [
        ("deleted", "u1"),
        ("added", "u2"),
    ]
    assert _apply(store, "deleted", _claim(version=7, uid="u1")) == []
    assert [one[0] for one in store.replace([_claim(version=9, uid="u3")], "9")] == [
        "deleted",
        "added",
    ]


def test_old_news_is_no_news():
    store: Store[Claim] = Store()
    list(store.replace([], "5"))
    assert _apply(store, "added", _claim(version=6)) == [("added", "uid-a")]
    assert _apply(store, "added", _claim(version=6)) == []
    assert _apply(store, "deleted", _claim(version=8)) == [("deleted", "uid-a")]
    assert _apply(store, "modified", _claim(version=6)) == []
    assert store.get("a") is None


def test_versions_that_are_no_numbers_always_count():
    store: Store[Claim] = Store()
    list(store.replace([], "x"))
    assert _apply(store, "added", _claim(version="zz")) == [("added", "uid-a")]
    assert _apply(store, "modified", _claim(version="aa")) == [("modified", "uid-a")]


def test_a_restored_server_counts_from_before():
    store: Store[Claim] = Store()
    list(store.replace([_claim(version=90)], "100"))
    list(store.replace([_claim(version=9)], "10"))
    assert _apply(store, "modified", _claim(version=11)) == [("modified", "uid-a")]


def test_ten_thousand_objects_are_cheap_to_read():
    store: Store[Claim] = Store()
    list(store.replace([_claim(f"c{n}", n + 1) for n in range(10_000)], "10000"))
    began = time.perf_counter()
    for _ in range(10_000):
        store.view()
    assert time.perf_counter() - began < 0.5  # copying each time takes some two seconds
