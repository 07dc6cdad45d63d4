"""Nonsense in bodies, queries and paths gets a message that says what is wrong."""

from __future__ import annotations

import json

import msgspec
import pytest

from netapp_jlab.models import RestoreOrder, SnapshotOrder, VolumeOrder
from netapp_jlab.server.bodies import explain

from .double import Double, snapshot, volume


@pytest.fixture(autouse=True)
def full(core: Double) -> Double:
    core.volumes_by_name["data"] = volume("data")
    core.snapshots_by_name["monday"] = snapshot("monday", core.volumes_by_name["data"])
    return core


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is no JSON: input data was truncated."),
        (b"{", "The body is no JSON: input data was truncated."),
        (b'{"name": "a"} x', "The body is no JSON: trailing characters"),
        (b"name=a", "The body is no JSON: invalid character"),
        (b"\xff\xfe", "The body is no JSON: invalid character"),
        (b'{"name": "\xff"}', "The body is not right: it is no UTF-8 text."),
        (b'{"name": "\xed\xa0\x80"}', "The body is not right: it is no UTF-8 text."),
        (b'{"name": "\\ud800 a"}', "The body is no JSON: "),
        (b'{"name": NaN}', "The body is no JSON: "),
        (b'{"name": "a", "size": Infinity}', "The body is no JSON: "),
        (b"[" * 100_000, "The body is not right: it must be an object, not a list."),
        (b'{"x":' * 100_000, "The body is not right: 'x' is unknown here."),
        (b'{"name":' + b"[" * 100_000, "The body is not right: 'name' must be text, not a list."),
        (b"null", "The body is not right: it must be an object, not null."),
        (b"{}", "The body is not right: 'name' is missing."),
        (b'{"name": 1}', "The body is not right: 'name' must be text, not a whole number."),
        (b'{"name": ""}', "The body is not right: 'name' must have at least 1 character."),
        (
            b'{"name": "a", "source": {"kind": "tape"}}',
            "The body is not right: 'source.kind' can not be 'tape', only empty, snapshot, volume.",
        ),
        (
            b'{"name": "a", "access_modes": ["ReadWriteOnce", "Any"]}',
            (
                "The body is not right: 'access_modes[1]' can not be 'Any', only "
                "ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod."
            ),
        ),
        (
            b'{"name": "a", "source": {"shape": 1}}',
            "The body is not right: 'source.shape' is unknown here.",
        ),
        (b'{"name": "a", "name": "b"}', "The body is not right: 'name' is given twice."),
        (
            b'{"name": "a", "source": {"kind": "empty", "kind": "volume"}}',
            "The body is not right: 'kind' is given twice.",
        ),
    ],
)
async def test_bodies_that_are_not_right(ask, core, body, message):
    reply = await ask("POST", "volumes", body)
    assert (reply.status, reply.error().reason) == (400, "Invalid")
    assert reply.error().message.startswith(message)
    assert core.calls == []


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (RestoreOrder, {"verify": "yes"}, "'verify' must be true or false, not text"),
        (RestoreOrder, {"mode": "swap"}, "'mode' can not be 'swap', only files"),
        (SnapshotOrder, {"origin": 3}, "'origin' must be an object or null, not a whole number"),
        (
            SnapshotOrder,
            {"origin": {"cell": "x" * 200}},
            "'origin.cell' must have at most 128 characters",
        ),
        (VolumeOrder, {"name": "a", "request_id": "?"}, "'request_id' must match the pattern ^"),
        (VolumeOrder, {"name": "a", "note": 0.5}, "'note' must be text, not a number"),
    ],
)
def test_explanations(kind, body, said):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(json.dumps(body), type=kind)
    assert explain(caught.value, kind).startswith(said)


@pytest.mark.parametrize(
    "sent", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
async def test_other_media_types(ask, sent):
    reply = await ask("POST", "volumes", b'{"name": "a"}', headers={"Content-Type": sent})
    assert (reply.status, reply.error().reason) == (415, "NotJson")


async def test_json_with_a_character_set(ask):
    sent = {"Content-Type": "Application/JSON; charset=utf-8"}
    reply = await ask("POST", "volumes", {"name": "a", "size": "1Gi"}, headers=sent)
    assert reply.status == 201


async def test_a_body_that_is_too_large(ask, app, core):
    order = {"paths": ["a" * 1000] * 1100}
    reply = await ask("POST", "snapshots/monday/restores", order)
    assert (reply.status, reply.error().reason) == (413, "TooLarge")
    assert str(app.max_body_bytes) in reply.error().message
    assert core.calls == []


async def test_the_largest_body(ask, app):
    body = json.dumps({"dry_run": True}).encode().ljust(app.max_body_bytes)
    assert (await ask("POST", "snapshots/monday/restores", body)).status == 200
    assert (await ask("POST", "snapshots/monday/restores", body + b" ")).status == 413


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("dryrun=true", "The query is not right: 'dryrun' is unknown here."),
        ("dry_run=maybe", "The query is not right: 'dry_run' must be true or false, not text."),
        ("dry_run=%FF", "The query is no UTF-8 text."),
        ("dry_run=true&dry_run=false", "The query parameter 'dry_run' is given more than once."),
        (
            "uid=" + "u" * 200,
            "The query is not right: 'uid' must have at most 128 characters.",
        ),
    ],
)
async def test_queries_that_are_not_right(jp_base_url, http_server_client, token, query, message):
    url = f"{jp_base_url}netapp-jlab/volumes/data?confirm=data&{query}"
    reply = await http_server_client.fetch(url, method="DELETE", headers=token, raise_error=False)
    assert (reply.code, json.loads(reply.body)["message"]) == (400, message)


async def test_what_jupyter_itself_adds_to_queries(ask, jp_serverapp):
    token = jp_serverapp.identity_provider.token
    query = f"dry_run=true&token={token}&no_track_activity=1&_xsrf=2&1760000000000="
    assert (await ask("DELETE", f"volumes/data?{query}")).status == 200


@pytest.mark.parametrize(
    "name",
    ["%2e%2e%2fsecrets", "a%2Fb", "Data", "a%0a", "-a", "a" * 254, "%F0%9F%98%80", "a%00", ".."],
)
async def test_names_that_nothing_can_have(http_server_client, jp_base_url, token, core, name):
    for path in ("volumes/{}", "snapshots/{}", "volumes/{}/snapshots"):
        url = f"{jp_base_url}netapp-jlab/{path.format(name)}"
        reply = await http_server_client.fetch(url, headers=token, raise_error=False)
        body = json.loads(reply.body)
        assert (reply.code, body["reason"]) == (400, "Invalid")
        assert body["message"].endswith("can not be the name of anything here.")
    assert core.calls == []


async def test_a_name_that_is_no_text(http_server_client, jp_base_url, token):
    url = f"{jp_base_url}netapp-jlab/volumes/%FF"
    reply = await http_server_client.fetch(url, headers=token, raise_error=False)
    assert (reply.code, json.loads(reply.body)["reason"]) == (400, "Invalid")
