"""Watches, and waiting for one object."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from netapp_jlab import errors
from netapp_jlab.k8s import kinds, waiting
from netapp_jlab.k8s.refusals import Expired

from . import made, server
from .server import chunks, eventually, reply, status, unframed

FORBIDDEN = status(403, "Forbidden", "cannot watch")


def _watch(cluster, **options):
    fields = {"resource_version": "5", "timeout": 30.0, **options}
    return cluster.watch(kinds.CLAIMS, **fields)


def _seen(watch):
    return [
        (event.type, event.object.metadata.name if event.object else "", event.resource_version)
        for event in watch
    ]


EVENTS = [
    made.event("ADDED", made.claim("a", version=6)),
    made.event("MODIFIED", made.claim("a", version=7)),
    made.bookmark(9),
    made.event("DELETED", made.claim("a", version=10)),
]
SEEN = [("added", "a", "6"), ("modified", "a", "7"), ("bookmark", "", "9"), ("deleted", "a", "10")]


@pytest.mark.parametrize("answer", [chunks(*EVENTS), unframed(*EVENTS)], ids=["chunks", "unframed"])
def test_events_come_in_order(serve, connect, answer):
    api = serve(answer)
    with _watch(connect(api), name="a", label_selector="l=1", field_selector="f=1") as watch:
        assert _seen(watch) == SEEN
    assert api.requests[0].query == {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": "5",
        "timeoutSeconds": "30",
        "labelSelector": "l=1",
        "fieldSelector": "metadata.name=a,f=1",
    }


def test_events_cut_into_pieces_and_put_together(serve, connect):
    import json

    data = b"".join(json.dumps(event).encode() + b"\n" for event in EVENTS)
    pieces = [data[at : at + 37] for at in range(0, len(data), 37)]
    with _watch(connect(serve(chunks(*pieces)))) as watch:
        assert _seen(watch) == SEEN
    with _watch(connect(serve(chunks(data)))) as watch:
        assert _seen(watch) == SEEN


def test_nothing_is_sent_before_it_is_asked_for(serve, connect):
    api = serve(chunks())
    watch = _watch(connect(api))
    assert api.requests == []
    watch.open()
    watch.open()
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (status(410, "Expired", "too old"), Expired),
        (chunks(made.expired()), Expired),
        (FORBIDDEN, errors.Forbidden),
        (server.close, errors.Unreachable),
        (server.html(200), errors.Unreachable),
        (chunks(b"<html>\n"), errors.Unreachable),
        (chunks(then=server.close), errors.Unreachable),
        (chunks(b'{"type": "ADDED"', then=server.close), errors.Unreachable),
        (chunks({"type": "NEWS", "object": made.claim()}), errors.Unreachable),
        (chunks({"type": "ADDED", "object": {"a": 1}}), errors.Unreachable),
        (chunks({"type": "ERROR", "object": {"a": 1}}), errors.Unreachable),
        (chunks({"type": "ADDED"}), errors.Unreachable),
    ],
)
def test_how_a_watch_fails(serve, connect, answer, error):
    with pytest.raises(error), _watch(connect(serve(answer))) as watch:
        list(watch)


def test_an_odd_object_does_not_end_the_watch(serve, connect, caplog):
    odd = made.claim("odd", version=6, spec={"volumeName": {}})
    answer = chunks(made.event("ADDED", odd), made.event("ADDED", made.claim("a", version=7)))
    with caplog.at_level(logging.WARNING), _watch(connect(serve(answer))) as watch:
        assert _seen(watch) == [("bookmark", "", "6"), ("added", "a", "7")]
    assert "“odd”" in caplog.text


def test_a_line_without_end(serve, connect, monkeypatch):
    from netapp_jlab.k8s import watching

    monkeypatch.setattr(watching, "LONGEST_LINE", 1000)
    with pytest.raises(errors.Unreachable), _watch(connect(serve(chunks(b"{" * 2000)))) as watch:
        list(watch)


def test_a_dead_peer_is_noticed_after_the_watch_should_have_ended(serve, connect, monkeypatch):
    from netapp_jlab.k8s import client

    monkeypatch.setattr(client, "WATCH_SLACK", -0.5)
    began = time.monotonic()
    with (
        pytest.raises(errors.Timeout),
        _watch(connect(serve(chunks(then=server.hang))), timeout=1.0) as watch,
    ):
        list(watch)
    assert 0.4 < time.monotonic() - began < 2.0


@pytest.mark.parametrize(
    "answer",
    [server.hang, chunks(then=server.hang), server.drip_head],
    ids=["head", "body", "drip"],
)
def test_close_ends_a_watch_that_waits(serve, connect, answer):
    api = serve(answer)
    watch = _watch(connect(api))
    ended: list[BaseException] = []

    def run():
        try:
            list(watch)
        except errors.Cancelled as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: api.requests)
    time.sleep(0.05)
    watch.close()
    thread.join(1.0)
    assert not thread.is_alive()
    assert ended


# --- Waiting --------------------------------------------------------------------------------------

BOUND = {"status": {"phase": "Bound"}}


def _wait(cluster, ready=lambda claim: claim.status.phase == "Bound", **options):
    return cluster.wait(kinds.CLAIMS, "data", ready, **{"timeout": 5.0, **options})


def test_what_is_ready_is_returned_at_once(serve, connect):
    api = serve(reply(200, made.claim(**BOUND)), chunks(then=server.hang))
    assert _wait(connect(api)).status.phase == "Bound"


def test_a_change_is_seen(serve, connect):
    api = serve(
        reply(200, made.claim(version=3)),
        chunks(made.event("MODIFIED", made.claim(version=4, **BOUND)), then=server.hang),
    )
    assert _wait(connect(api)).metadata.resource_version == "4"
    query = api.requests[1].query
    assert query["fieldSelector"] == "metadata.name=data"
    assert query["resourceVersion"] == "3"


@pytest.mark.parametrize(
    "trouble",
    [
        chunks(),
        chunks(then=server.reset),
        chunks(made.expired()),
        status(410, "Expired", "too old"),
        server.html(502),
        server.close,
    ],
)
def test_a_watch_that_breaks_is_waited_out(serve, connect, trouble):
    api = serve(reply(200, made.claim()), trouble, reply(200, made.claim(**BOUND)), chunks())
    assert _wait(connect(api)).status.phase == "Bound"


def test_without_the_right_to_watch(serve, connect, monkeypatch):
    monkeypatch.setattr(waiting, "POLL", 0.05)
    api = serve(
        reply(200, made.claim()), FORBIDDEN, reply(200, made.claim()), FORBIDDEN,
        reply(200, made.claim(**BOUND)), FORBIDDEN,
    )  # fmt: skip
    assert _wait(connect(api)).status.phase == "Bound"


def test_what_is_not_there(serve, connect):
    missing = status(404, "NotFound", "x", name="data")
    with pytest.raises(errors.NotFound):
        _wait(connect(serve(missing)))


def test_what_is_deleted_meanwhile(serve, connect):
    gone = made.event("DELETED", made.claim(version=4))
    with pytest.raises(errors.NotFound, match="has been deleted"):
        _wait(connect(serve(reply(200, made.claim()), chunks(gone))))


def test_reading_may_be_refused(serve, connect):
    with pytest.raises(errors.Forbidden):
        _wait(connect(serve(status(403, "Forbidden", "cannot get"))))


def test_ready_may_give_up(serve, connect):
    def ready(_claim):
        raise errors.NotReady("failed")

    with pytest.raises(errors.NotReady):
        _wait(connect(serve(reply(200, made.claim()), chunks(then=server.hang))), ready)


def test_a_bug_while_reading_is_raised_where_it_is_waited_for(serve, connect, monkeypatch):
    cluster = connect(serve(reply(200, made.claim())))
    monkeypatch.setattr(cluster, "get", lambda *_args, **_options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        _wait(cluster)


def test_time_is_over(serve, connect):
    api = serve(reply(200, made.claim()), chunks(then=server.hang))
    began = time.monotonic()
    with pytest.raises(errors.Timeout, match=r"“data” was not ready within 0\.3 s"):
        _wait(connect(api), timeout=0.3)
    assert 0.25 < time.monotonic() - began < 1.0


def test_time_is_over_and_why(connect):
    with pytest.raises(errors.Timeout, match="refuses connections"):
        _wait(connect("http://127.0.0.1:1", request_timeout=0.1), timeout=0.6)


@pytest.mark.parametrize("answer", [server.hang, server.drip_body], ids=["hang", "drip"])
def test_cancel_is_heard_whatever_the_server_does(serve, connect, answer):
    until = time.monotonic() + 0.3

    def cancel():
        if time.monotonic() > until:
            raise errors.Cancelled("enough")

    api = serve(answer)
    with pytest.raises(errors.Cancelled, match="enough"):
        _wait(connect(api), cancel=cancel)
    assert time.monotonic() < until + 0.5
    eventually(lambda: not any(one.name == "netapp-jlab-wait" for one in threading.enumerate()))
