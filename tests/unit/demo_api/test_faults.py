"""The server misbehaves as ordered, and as long as ordered."""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.request

import pytest

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.api.faults import AnswerFault, Faults, Settings

from .serving import CONFIGS, SNAPSHOTS, Api, Serving, config, placed

PATH = "/demo/faults"


def order(api: Api, *answers: dict, **settings: object) -> None:
    answer = api.call("PUT", PATH, {"answers": answers, **settings})
    assert answer.status == 200, answer.body


def test_switching(api: Api) -> None:
    assert api.get(PATH)["answers"] == []
    order(api, {"effect": "status", "code": 429}, snapshot_delay=1.5)
    shown = api.get(PATH)
    assert shown["snapshot_delay"] == 1.5
    assert shown["answers"][0]["code"] == 429
    assert api.call("DELETE", PATH).json["answers"] == []
    assert api.call("GET", CONFIGS).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"unknown": 1}',
        b'{"snapshot_delay": -1}',
        b'{"provision_failures": 2}',
        b'{"answers": [{"effect": "explode"}]}',
        b'{"answers": [{"effect": "status", "code": 42}]}',
    ],
)
def test_orders_that_make_no_sense(api: Api, body: bytes) -> None:
    order(api, snapshot_delay=1.0)
    answer = api.call("PUT", PATH, body)
    assert answer.status == 400
    assert "no fault settings" in answer.json["message"]
    assert api.get(PATH)["snapshot_delay"] == 1.0


def test_only_administrators_switch_faults(serving: Serving, store) -> None:
    account = store.get("ServiceAccount", "default", "default")
    subjects = [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]
    role = {"kind": "ClusterRole", "name": "cluster-admin"}
    body = {"metadata": {"name": "all"}, "roleRef": role, "subjects": subjects}
    store.create("ClusterRoleBinding", body)
    robot = serving.api(serving.authenticator.issuer.issue(account, seconds=600))
    assert robot.call("GET", CONFIGS).status == 200
    assert robot.call("GET", PATH).status == 403


@pytest.mark.parametrize(
    ("code", "reason", "retry"),
    [
        (429, "TooManyRequests", "7"),
        (500, "InternalError", None),
        (503, "ServiceUnavailable", "7"),
        (504, "Timeout", None),
    ],
)
def test_statuses(api: Api, code: int, reason: str, retry: str | None) -> None:
    order(api, {"effect": "status", "code": code, "retry_after": 7})
    answer = api.call("GET", CONFIGS)
    assert (answer.status, answer.headers.get("Retry-After")) == (code, retry)
    assert (answer.json["kind"], answer.json["reason"]) == ("Status", reason)


def test_so_many_times(api: Api) -> None:
    order(api, {"effect": "status", "code": 500, "count": 2})
    assert [api.call("GET", CONFIGS).status for _ in range(3)] == [500, 500, 200]


def test_only_for_some(api: Api) -> None:
    order(
        api,
        {
            "effect": "status",
            "code": 500,
            "verbs": ["create"],
            "resources": ["configmaps"],
            "users": ["kubernetes-admin"],
        },
    )
    assert api.call("GET", CONFIGS).status == 200
    assert api.call("GET", SNAPSHOTS).status == 200
    assert api.call("POST", CONFIGS, config("a")).status == 500
    order(api, {"effect": "status", "code": 500, "users": ["bob"]})
    assert api.call("POST", CONFIGS, config("a")).status == 201


def test_a_page_of_a_proxy(api: Api) -> None:
    order(api, {"effect": "html", "code": 502})
    answer = api.call("GET", CONFIGS)
    assert (answer.status, answer.headers["Content-Type"]) == (502, "text/html")
    assert b"<html>" in answer.body


def test_a_closed_connection(api: Api) -> None:
    order(api, {"effect": "close"})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        api.call("GET", CONFIGS)


def test_a_server_that_hangs(api: Api, serving: Serving) -> None:
    order(api, {"effect": "hang"})
    context = ssl.create_default_context(cafile=serving.certificates.authority)
    with pytest.raises(TimeoutError):
        urllib.request.urlopen(f"{serving.ready.server}/version", timeout=0.3, context=context)
    assert api.call("DELETE", PATH).status == 200
    assert api.call("GET", "/version").status == 200


def test_a_slow_server(api: Api) -> None:
    order(api, {"effect": "delay", "delay": 0.3})
    began = time.monotonic()
    assert api.call("GET", CONFIGS).status == 200
    assert time.monotonic() - began >= 0.3


def test_expired_lists_and_watches(api: Api) -> None:
    order(api, {"effect": "expire", "verbs": ["list", "watch"], "count": 2})
    listed = api.call("GET", CONFIGS)
    assert (listed.status, listed.json["reason"]) == (410, "Expired")
    with api.watch(f"{CONFIGS}?watch=1&resourceVersion=1") as events:
        event = next(events)
        assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    assert api.call("GET", CONFIGS).status == 200


@pytest.mark.parametrize("after", [0, 2])
def test_a_watch_that_is_cut(api: Api, serving: Serving, after: int) -> None:
    for name in "abc":
        serving.store.create("ConfigMap", placed(config(name)))
    order(api, {"effect": "cut", "verbs": ["watch"], "after": after})
    connection = api.connect()
    headers = {"Authorization": f"Bearer {serving.ready.token}"}
    connection.request("GET", f"{CONFIGS}?watch=1", headers=headers)
    answer = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead) as caught:
        answer.read()
    connection.close()
    assert caught.value.partial.count(b"\n") == after


class TestDice:
    def test_rates(self) -> None:
        faults = Faults(Settings(provision_failures=1.0))
        assert all(faults.fails("provision") for _ in range(20))
        assert not any(faults.fails("snapshot") for _ in range(20))
        assert faults.provision_failures == 1.0
        assert faults.delay("provision") == 0.0

    def test_probability(self) -> None:
        faults = Faults(Settings(answers=(AnswerFault(effect="status", probability=0.0),)))
        assert all(faults.strike("get", "pods", "u") is None for _ in range(50))

    def test_the_first_that_concerns_it(self) -> None:
        one = AnswerFault(effect="status", code=500, resources=("secrets",))
        two = AnswerFault(effect="status", code=503, count=1)
        faults = Faults(Settings(answers=(one, two)))
        struck = faults.strike("get", "pods", "u")
        assert struck is not None
        assert struck.code == 503
        assert faults.strike("get", "pods", "u") is None
        assert faults.settings.answers[1].count == 0
        faults.reset()
        assert faults.strike("get", "secrets", "u") is None

    def test_bad_json(self) -> None:
        with pytest.raises(ApiError):
            Faults().change_from_json(b"[]")
