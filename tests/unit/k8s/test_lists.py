"""Lists, and how odd objects are put up with."""

from __future__ import annotations

import logging
from datetime import datetime, timezone

import pytest

from netapp_jlab import errors
from netapp_jlab.k8s import kinds

from . import made
from .server import reply, status


def test_pages_are_put_together(serve, connect):
    api = serve(
        reply(200, made.listing(made.claim("a"), made.claim("b"), version=7, token="t 1")),
        reply(200, made.listing(made.claim("c"), version=7)),
    )
    found = connect(api).list(kinds.CLAIMS, label_selector="a=b", field_selector="c=d")
    assert [one.metadata.name for one in found.items] == ["a", "b", "c"]
    assert found.resource_version == "7"
    first, second = api.requests
    assert first.query == {"limit": "5000", "labelSelector": "a=b", "fieldSelector": "c=d"}
    assert second.query == {**first.query, "continue": "t 1"}


@pytest.mark.parametrize(
    ("namespace", "path"),
    [
        (None, "/api/v1/namespaces/lab/persistentvolumeclaims"),
        ("x", "/api/v1/namespaces/x/persistentvolumeclaims"),
        ("", "/api/v1/persistentvolumeclaims"),
    ],
)
def test_where_is_listed(serve, connect, namespace, path):
    api = serve(reply(200, made.listing()))
    assert connect(api).list(kinds.CLAIMS, namespace=namespace).items == []
    assert api.requests[0].path == path


def test_pages_that_expire_are_read_as_one(serve, connect):
    api = serve(
        reply(200, made.listing(made.claim("a"), token="t")),
        status(410, "Expired", "The provided continue parameter is too old"),
        reply(200, made.listing(made.claim("a"), made.claim("b"))),
    )
    assert len(connect(api).list(kinds.CLAIMS).items) == 2
    assert api.requests[2].query == {}


def test_pages_without_end_are_given_up(serve, connect, monkeypatch):
    from netapp_jlab.k8s import client

    monkeypatch.setattr(client, "MAX_PAGES", 3)
    api = serve(reply(200, made.listing(token="again")))
    with pytest.raises(errors.Unreachable, match="without end"):
        connect(api).list(kinds.CLAIMS)
    assert len(api.requests) == 3


def test_null_counts_as_missing(serve, connect):
    odd = made.claim(metadata={"labels": None, "finalizers": None, "creationTimestamp": None})
    odd["spec"] = {"accessModes": None, "volumeName": None, "dataSource": None}
    odd["status"] = None
    cluster = connect(serve(reply(200, made.listing(odd, None)), reply(200, odd)))
    (listed,) = cluster.list(kinds.CLAIMS).items
    assert listed.metadata.labels == {}
    assert listed.spec.access_modes == ()
    assert listed.status.phase == ""
    assert listed.capacity is None
    assert cluster.get(kinds.CLAIMS, "data") == listed


def test_a_list_of_null_is_empty(serve, connect):
    body = {**made.listing(), "items": None}
    assert connect(serve(reply(200, body))).list(kinds.CLAIMS).items == []


def test_one_odd_object_does_not_hide_the_others(serve, connect, caplog):
    odd = made.claim("odd", spec={"volumeName": {"not": "text"}})
    api = serve(reply(200, made.listing(made.claim("a"), odd, made.claim("b"))))
    with caplog.at_level(logging.WARNING):
        found = connect(api).list(kinds.CLAIMS)
    assert [one.metadata.name for one in found.items] == ["a", "b"]
    assert "left out" in caplog.text


def test_an_odd_object_is_named(serve, connect):
    odd = made.claim("odd", spec={"volumeName": {"secret": "hunter2"}})
    with pytest.raises(errors.Upstream, match="“odd” can not be read") as caught:
        connect(serve(reply(200, odd))).get(kinds.CLAIMS, "odd")
    assert "hunter2" not in caught.value.message


def test_a_list_of_another_kind_is_no_list(serve, connect):
    body = {**made.listing(), "kind": "SecretList"}
    with pytest.raises(errors.Unreachable):
        connect(serve(reply(200, body))).list(kinds.CLAIMS)


def test_times_and_unknown_fields(serve, connect):
    body = {
        "metadata": {"uid": "u", "creationTimestamp": "2026-01-02T03:04:05+01:00", "new": [1]},
        "status": {
            "creationTime": "2026-01-02T03:04:05.123456789Z",
            "readyToUse": True,
            "restoreSize": 1024,
            "error": {"message": "m", "time": "2026-01-02T03:04:05Z"},
        },
    }
    found = connect(serve(reply(200, body))).get(kinds.SNAPSHOTS, "s")
    utc = timezone.utc
    assert found.metadata.creation_timestamp == datetime(2026, 1, 2, 2, 4, 5, tzinfo=utc)
    assert found.status.creation_time is not None
    assert found.status.creation_time.replace(microsecond=0) == datetime(
        2026, 1, 2, 3, 4, 5, tzinfo=utc
    )
    assert found.status.restore_size == 1024


@pytest.mark.parametrize("size", ["", None, "garbage", "1Zi"])
def test_a_size_that_is_none(serve, connect, size):
    body = {"metadata": {"uid": "u"}, "status": {"restoreSize": size}}
    found = connect(serve(reply(200, body))).get(kinds.SNAPSHOTS, "s")
    assert found.status.restore_size is None


def test_when_an_event_happened(serve, connect):
    times = {
        "lastTimestamp": "2026-01-03T00:00:00Z",
        "eventTime": "2026-01-02T00:00:00.5Z",
        "firstTimestamp": "2026-01-01T00:00:00Z",
    }
    cluster = connect(
        serve(
            *(
                reply(200, {"metadata": {"uid": "u"}, **dict(list(times.items())[skip:])})
                for skip in range(4)
            )
        )
    )
    days = [cluster.get(kinds.EVENTS, "e").when.strftime("%Y-%m-%d") for _ in range(4)]
    assert days == ["2026-01-03", "2026-01-02", "2026-01-01", "1970-01-01"]


def test_paths():
    assert kinds.SNAPSHOTS.path("n s", "a/b") == (
        "/apis/snapshot.storage.k8s.io/v1/namespaces/n%20s/volumesnapshots/a%2Fb"
    )
    assert kinds.STORAGE_CLASSES.path("lab") == "/apis/storage.k8s.io/v1/storageclasses"
    assert kinds.SNAPSHOTS.api_version == "snapshot.storage.k8s.io/v1"
    assert kinds.CLAIMS.resource == "persistentvolumeclaims"
    assert kinds.SNAPSHOTS.resource == "volumesnapshots.snapshot.storage.k8s.io"
