"""Creates, patches, deletes; above all when the connection breaks in the middle."""

from __future__ import annotations

import time

import pytest

from netapp_jlab import errors
from netapp_jlab.k8s import kinds, naming

from . import made, server
from .server import reply, status

ID = {"labels": {naming.REQUEST_ID: "click-1"}}
TAKEN = status(409, "AlreadyExists", 'persistentvolumeclaims "data" already exists')
CHANGED = status(409, "Conflict", "the object has been modified", name="data")
GONE = status(404, "NotFound", 'persistentvolumeclaims "data" not found', name="data")


def _manifest(**metadata):
    return {"metadata": {"name": "data", **metadata}, "spec": {"a": 1}}


def _methods(api):
    return [request.method for request in api.requests]


# --- Create ---------------------------------------------------------------------------------------


def test_create(serve, connect):
    api = serve(reply(201, made.claim()))
    assert connect(api).create(kinds.CLAIMS, _manifest()).metadata.uid == "uid-data"
    (request,) = api.requests
    assert (request.method, request.query) == ("POST", {})
    assert request.path == "/api/v1/namespaces/lab/persistentvolumeclaims"
    assert request.headers["content-type"] == "application/json"
    assert request.json == _manifest()


def test_dry_run(serve, connect):
    api = serve(server.close, reply(201, made.claim()))
    connect(api).create(kinds.CLAIMS, _manifest(), dry_run=True)
    assert [request.query for request in api.requests] == [{"dryRun": "All"}] * 2


@pytest.mark.parametrize("lost", [server.close, server.half, server.html(502)])
def test_a_lost_answer_without_an_id_is_told_not_repeated(serve, connect, lost):
    api = serve(lost, reply(201, made.claim()))
    with pytest.raises(errors.Unreachable) as caught:
        connect(api).create(kinds.CLAIMS, _manifest())
    assert "not known" in caught.value.hint
    assert _methods(api) == ["POST"]


@pytest.mark.parametrize("lost", [server.close, server.half, status(500, "InternalError", "x")])
def test_a_lost_answer_is_found_by_its_id(serve, connect, lost):
    api = serve(lost, TAKEN, reply(200, made.claim(metadata=ID)))
    assert connect(api).create(kinds.CLAIMS, _manifest(**ID)).metadata.name == "data"
    assert _methods(api) == ["POST", "POST", "GET"]


def test_what_was_not_created_is_created(serve, connect):
    api = serve(server.close, reply(201, made.claim(metadata=ID)))
    connect(api).create(kinds.CLAIMS, _manifest(**ID))
    assert _methods(api) == ["POST", "POST"]


def test_the_same_click_twice_makes_one(serve, connect):
    api = serve(TAKEN, reply(200, made.claim(metadata=ID)))
    assert connect(api).create(kinds.CLAIMS, _manifest(**ID)).metadata.uid == "uid-data"


@pytest.mark.parametrize(
    "found",
    [
        reply(200, made.claim()),
        reply(200, made.claim(metadata={"labels": {naming.REQUEST_ID: "click-2"}})),
        reply(200, made.claim(metadata={**ID, "deletionTimestamp": "2026-01-02T03:04:05Z"})),
        GONE,
    ],
    ids=["no-id", "another-id", "being-deleted", "gone"],
)
def test_a_name_that_is_taken_by_something_else(serve, connect, found):
    with pytest.raises(errors.AlreadyExists, match="PersistentVolumeClaim “data”"):
        connect(serve(TAKEN, found)).create(kinds.CLAIMS, _manifest(**ID))


def test_a_server_that_stays_lost(serve, connect):
    api = serve(server.close)
    with pytest.raises(errors.Unreachable) as caught:
        connect(api).create(kinds.CLAIMS, _manifest(**ID))
    assert "not known" in caught.value.hint
    assert _methods(api) == ["POST", "POST"]


def test_a_server_that_hangs_is_asked_once(serve, connect):
    api = serve(server.hang)
    with pytest.raises(errors.Timeout) as caught:
        connect(api, request_timeout=0.3).create(kinds.CLAIMS, _manifest(**ID))
    assert "not known" in caught.value.hint
    assert _methods(api) == ["POST"]


def test_refused_connections_are_safe_to_repeat(connect):
    with pytest.raises(errors.Unreachable) as caught:
        connect("http://127.0.0.1:1", request_timeout=0.5).create(kinds.CLAIMS, _manifest())
    assert "not known" not in caught.value.hint


def test_refused_connections_are_told_as_such_when_the_time_is_over_too(connect, monkeypatch):
    def refuse_late(*_, **__):
        time.sleep(0.2)
        raise ConnectionRefusedError

    cluster = connect("http://127.0.0.1:1", request_timeout=0.1)
    monkeypatch.setattr("urllib3.util.connection.create_connection", refuse_late)
    with pytest.raises(errors.Unreachable, match="refuses connections"):
        cluster.create(kinds.CLAIMS, _manifest())


# --- Patch ----------------------------------------------------------------------------------------

PATCH = {"metadata": {"annotations": {"note": "x", "old": None}}, "spec": {"size": "2Gi"}}
PATCHED = made.claim(version=2, metadata={"annotations": {"note": "x"}}, spec={"size": "2Gi"})


def _patch(cluster, **conditions):
    return cluster.patch(kinds.CLAIMS, "data", PATCH, **conditions)


def test_patch(serve, connect):
    api = serve(reply(200, PATCHED))
    _patch(connect(api), uid="u", resource_version="1")
    (request,) = api.requests
    assert request.method == "PATCH"
    assert request.headers["content-type"] == "application/merge-patch+json"
    assert request.json == {
        "metadata": {**PATCH["metadata"], "uid": "u", "resourceVersion": "1"},
        "spec": {"size": "2Gi"},
    }


def test_a_patch_without_a_version_is_repeated(serve, connect):
    api = serve(server.close, reply(200, PATCHED))
    _patch(connect(api))
    assert _methods(api) == ["PATCH", "PATCH"]


def test_a_lost_patch_that_was_done(serve, connect):
    api = serve(server.close, CHANGED, reply(200, PATCHED))
    assert _patch(connect(api), resource_version="1").metadata.resource_version == "2"
    assert _methods(api) == ["PATCH", "PATCH", "GET"]


@pytest.mark.parametrize(
    "present",
    [
        made.claim(version=2, spec={"size": "2Gi"}),
        made.claim(
            version=2, metadata={"annotations": {"note": "x", "old": "y"}}, spec={"size": "2Gi"}
        ),
        made.claim(version=2, metadata={"annotations": {"note": "x"}}, spec={"size": "3Gi"}),
        {**PATCHED, "metadata": {**PATCHED["metadata"], "uid": "another"}},
    ],
)
def test_a_lost_patch_that_was_not_done(serve, connect, present):
    api = serve(server.close, CHANGED, reply(200, present))
    with pytest.raises(errors.Changed, match="“data”"):
        _patch(connect(api), resource_version="1", uid="uid-data")


def test_a_patch_of_what_has_changed(serve, connect):
    api = serve(CHANGED, reply(200, PATCHED))
    with pytest.raises(errors.Changed):
        _patch(connect(api), resource_version="1")
    assert _methods(api) == ["PATCH"]


def test_a_patch_of_another_uid(serve, connect):
    answer = status(
        422,
        "Invalid",
        "metadata.uid: Invalid value: field is immutable",
        causes=[{"reason": "FieldValueInvalid", "field": "metadata.uid", "message": "immutable"}],
    )
    with pytest.raises(errors.Changed):
        _patch(connect(serve(answer)), uid="u")


# --- Delete ---------------------------------------------------------------------------------------


def _delete(cluster, **conditions):
    cluster.delete(kinds.CLAIMS, "data", **conditions)


DONE = reply(200, {"kind": "Status", "status": "Success"})


def test_delete(serve, connect):
    api = serve(DONE)
    _delete(connect(api), uid="u", resource_version="1")
    (request,) = api.requests
    assert (request.method, request.path[-5:]) == ("DELETE", "/data")
    assert request.json["preconditions"] == {"uid": "u", "resourceVersion": "1"}


@pytest.mark.parametrize("second", [DONE, GONE, CHANGED], ids=["done", "gone", "changed"])
def test_a_lost_delete_is_made_sure(serve, connect, second):
    api = serve(server.close, second)
    _delete(connect(api), uid="u")
    assert _methods(api) == ["DELETE", "DELETE"]


def test_a_lost_delete_without_a_uid_is_not_repeated(serve, connect):
    api = serve(server.close, DONE)
    with pytest.raises(errors.Unreachable):
        _delete(connect(api))
    assert _methods(api) == ["DELETE"]


@pytest.mark.parametrize(("answer", "error"), [(GONE, errors.NotFound), (CHANGED, errors.Changed)])
def test_a_delete_that_does_not_fit(serve, connect, answer, error):
    with pytest.raises(error, match="“data”"):
        _delete(connect(serve(answer)), uid="u")


# --- Read-only ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda cluster: cluster.create(kinds.CLAIMS, _manifest()),
        lambda cluster: cluster.create(kinds.CLAIMS, _manifest(), dry_run=True),
        _patch,
        _delete,
    ],
)
def test_read_only_sends_nothing(serve, connect, change):
    api = serve(DONE)
    with pytest.raises(errors.ReadOnly):
        change(connect(api, read_only=True))
    assert api.requests == []
