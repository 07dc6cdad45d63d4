"""What the client makes of servers that misbehave."""

from __future__ import annotations

import time

import pytest

from netapp_jlab import errors
from netapp_jlab.k8s import kinds

from . import made, server
from .server import eventually, reply, status

PAGE_OF_SECRETS = "hunter2"


def _get(cluster):
    return cluster.get(kinds.CLAIMS, "data")


def test_an_object_is_read_with_the_token(serve, connect):
    api = serve(reply(200, made.claim(metadata={"labels": {"a": "b"}})))
    found = _get(connect(api))
    assert found.metadata.labels == {"a": "b"}
    assert found.requested == 1024**3
    (request,) = api.requests
    assert request.path == "/api/v1/namespaces/lab/persistentvolumeclaims/data"
    assert request.headers["authorization"] == "Bearer secret-token"
    assert request.headers["user-agent"].startswith("netapp-jlab/")


def test_connections_are_kept(serve, connect):
    api = serve(reply(200, made.claim()))
    cluster = connect(api)
    for _ in range(3):
        _get(cluster)
    assert len(api.requests) == 3
    assert api.connections == 1


@pytest.mark.parametrize(
    "broken",
    [server.close, server.reset, server.half, server.half_chunk],
    ids=lambda answer: answer.__name__,
)
def test_a_read_is_tried_again_after_a_broken_connection(serve, connect, broken):
    api = serve(broken, reply(200, made.claim()))
    assert _get(connect(api)).metadata.name == "data"
    assert len(api.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [server.close, server.half, server.no_http, server.html(200), server.html(502)],
    ids=["close", "half", "no-http", "html", "html-502"],
)
def test_no_kubernetes_there(serve, connect, answer):
    with pytest.raises(errors.Unreachable) as caught:
        _get(connect(serve(answer), request_timeout=1.0))
    assert "http://127.0.0.1" in caught.value.message
    assert PAGE_OF_SECRETS not in caught.value.message + caught.value.hint
    assert caught.value.hint


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>hunter2", "an HTML page"),
        (b"", "nothing"),
        (b"hunter2", "plain text"),
        (b'{"error": "hunter2"}', "JSON of another kind"),
        (b'{"kind": "PersistentVol', "JSON of another kind"),
        (b"\x00\xffhunter2", "binary data"),
        (b'<?xml version="1.0"?><a>hunter2</a>', "XML or HTML"),
        (b"[" * 5000, "JSON of another kind"),
        (b'{"metadata": {"name": "\xff\xfe"}}', "JSON of another kind"),
    ],
)
def test_garbage_is_named_not_shown(serve, connect, body, kind):
    cluster = connect(serve(reply(200, body)))
    for call in (_get, lambda one: one.list(kinds.CLAIMS), lambda one: one.version()):
        with pytest.raises(errors.Unreachable) as caught:
            call(cluster)
        assert kind in caught.value.message
        assert PAGE_OF_SECRETS not in caught.value.message


@pytest.mark.parametrize(
    "slow", [server.hang, server.drip_body, server.drip_head], ids=lambda answer: answer.__name__
)
def test_the_time_limit_holds_however_slow_the_answer(serve, connect, slow):
    cluster = connect(serve(slow), request_timeout=0.4)
    began = time.monotonic()
    with pytest.raises(errors.Timeout, match=r"127\.0\.0\.1.* in time"):
        _get(cluster)
    assert 0.3 < time.monotonic() - began < 1.5


def test_an_endless_answer_is_not_kept(serve, connect, monkeypatch):
    from netapp_jlab.k8s import transport

    monkeypatch.setattr(transport, "MAX_BODY", 100_000)
    monkeypatch.setattr(transport, "_PIECE", 10_000)
    api = serve(reply(200, b" " * 1_000_000))
    with pytest.raises(errors.Unreachable, match="more than"):
        _get(connect(api, request_timeout=1.0))


def test_refused_connections_name_the_server(connect):
    with pytest.raises(errors.Unreachable, match=r"http://127\.0\.0\.1:1 refuses"):
        _get(connect("http://127.0.0.1:1", request_timeout=0.3))


def test_unknown_hosts_are_told_apart(connect):
    with pytest.raises(errors.Unreachable, match="can not be resolved"):
        _get(connect("http://no-such-host.invalid", request_timeout=0.3))


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense"])
def test_no_address(connect, url):
    with pytest.raises(errors.NoCluster, match="is no address"):
        _get(connect(url))


def test_a_broken_address(connect):
    with pytest.raises(errors.Unreachable, match="is no address"):
        _get(connect("http://a:b:c", request_timeout=0.3))


def test_a_redirect_is_not_followed(serve, connect):
    elsewhere = serve(reply(200, made.claim()))
    api = serve(reply(302, b"", {"Location": elsewhere.url}))
    with pytest.raises(errors.Unreachable):
        _get(connect(api))
    assert elsewhere.requests == []


def test_429_waits_as_told(serve, connect):
    api = serve(
        status(429, "TooManyRequests", "slow down", {"Retry-After": "1"}), reply(200, made.claim())
    )
    began = time.monotonic()
    _get(connect(api))
    assert time.monotonic() - began >= 1.0
    assert len(api.requests) == 2


def test_429_beyond_the_time_limit_is_overload_at_once(serve, connect):
    api = serve(status(429, "TooManyRequests", "slow down", {"Retry-After": "60"}))
    began = time.monotonic()
    with pytest.raises(errors.Overloaded, match="slow down"):
        _get(connect(api))
    assert time.monotonic() - began < 1.0
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (status(503, "ServiceUnavailable", "down"), errors.Overloaded),
        (server.html(503), errors.Overloaded),
        (status(500, "InternalError", "boom"), errors.Upstream),
        (status(504, "Timeout", "gave up"), errors.Timeout),
    ],
    ids=["503", "503-html", "500", "504"],
)
def test_server_errors_are_tried_again_and_then_told(serve, connect, answer, error):
    api = serve(answer)
    with pytest.raises(error) as caught:
        _get(connect(api, request_timeout=0.5))
    assert type(caught.value) is error
    assert len(api.requests) > 1


def test_server_errors_may_pass(serve, connect):
    api = serve(
        status(503, "ServiceUnavailable", "down"), server.html(502), reply(200, made.claim())
    )
    assert _get(connect(api)).metadata.name == "data"


def test_a_mutation_that_was_refused_unseen_is_sent_again(serve, connect):
    api = serve(
        status(429, "TooManyRequests", "slow down", retryAfterSeconds=0),
        status(503, "ServiceUnavailable", "starting", {"Retry-After": "0"}),
        status(409, "Conflict", "quota", name="q", kind="resourcequotas"),
        reply(201, made.claim()),
    )
    connect(api).create(kinds.CLAIMS, {"metadata": {"name": "data"}})
    assert len(api.requests) == 4


def test_a_token_that_is_not_accepted(serve, connect):
    api = serve(status(401, "Unauthorized", "Unauthorized"))
    with pytest.raises(errors.Unauthorized, match="expired or wrong") as caught:
        _get(connect(api))
    assert "secret-token" not in caught.value.message + caught.value.hint
    assert len(api.requests) == 1


def test_a_renewed_token_is_taken_up(serve, connect, monkeypatch):
    from netapp_jlab.k8s import sender

    monkeypatch.setattr(sender, "_RELOAD_PAUSE", 0.0)

    def script(request):
        good = request.headers["authorization"] == "Bearer new"
        return reply(200, made.claim()) if good else status(401, "Unauthorized", "Unauthorized")

    api = serve(script=script)
    cluster = connect(api, token="old")
    with pytest.raises(errors.Unauthorized):
        _get(cluster)
    connect(api, token="new")  # writes the kubeconfig anew
    assert _get(cluster).metadata.name == "data"


def test_no_cluster(tmp_path):
    from netapp_jlab.config import Settings
    from netapp_jlab.k8s.client import Cluster

    cluster = Cluster(Settings(kubeconfig=str(tmp_path / "none")))
    with pytest.raises(errors.NoCluster, match="There is no kubeconfig"):
        _get(cluster)


def test_close_may_be_called_twice_and_reading_goes_on(serve, connect):
    api = serve(reply(200, made.claim()))
    cluster = connect(api)
    _get(cluster)
    cluster.close()
    cluster.close()
    _get(cluster)
    eventually(lambda: api.connections == 2)
