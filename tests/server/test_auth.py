"""Who gets in, and who may do what."""

from __future__ import annotations

import json
import re
from typing import ClassVar

import pytest
from jupyter_server.auth import Authorizer, IdentityProvider, User
from traitlets.config import Config

from .double import Double, snapshot, volume

PATHS = [
    *("status", "volumes", "volumes/data", "operations", "openapi.json", "nothing"),
    *("snapshots/monday/files", "snapshots/monday/content?path=a"),
]


@pytest.fixture
def fetch(http_server_client, jp_base_url, core):
    """Send a request without the token, and return status, body and headers."""

    async def send(method: str, path: str, body: bytes | None = None, **headers: str):
        reply = await http_server_client.fetch(
            f"{jp_base_url}{path}",
            method=method,
            body=body,
            headers=headers,
            raise_error=False,
            follow_redirects=False,
            allow_nonstandard_methods=True,
        )
        return reply.code, reply.body and json.loads(reply.body), reply.headers

    return send


@pytest.mark.parametrize("token", ["", "token wrong", "Bearer wrong", "Basic d3Jvbmc6d3Jvbmc="])
async def test_without_the_token(fetch, core, token):
    for path in PATHS:
        for method in ("GET", "POST", "PATCH", "DELETE"):
            status, body, _ = await fetch(method, f"netapp-jlab/{path}", b"{}", Authorization=token)
            assert status == 403
            # Before a change, the guard against foreign pages may be the first to refuse.
            reasons = {"LoginRequired"} if method == "GET" else {"LoginRequired", "Denied"}
            assert body["reason"] in reasons
    assert core.calls == []


async def test_a_wrong_token_in_the_url(fetch, core):
    status, body, _ = await fetch("GET", "netapp-jlab/volumes?token=wrong")
    assert (status, body["reason"]) == (403, "LoginRequired")
    assert core.calls == []


async def test_the_token_in_the_url(fetch, jp_serverapp):
    token = jp_serverapp.identity_provider.token
    status, body, _ = await fetch("GET", f"netapp-jlab/volumes?token={token}")
    assert (status, body["items"]) == (200, [])


@pytest.fixture
def browser(http_server_client, jp_base_url, jp_serverapp, fetch):
    """Log in as a browser does; return a function that sends requests with its cookies."""
    jar: dict[str, str] = {}

    async def send(method: str, path: str, body: bytes | None = None, **headers: str):
        if not jar:
            token = jp_serverapp.identity_provider.token
            for page in ("login", f"login?token={token}"):  # one sets _xsrf, the other who it is
                reply = await http_server_client.fetch(
                    f"{jp_base_url}{page}", raise_error=False, follow_redirects=False
                )
                for cookie in reply.headers.get_list("Set-Cookie"):
                    name, value = re.match(r"([^=]+)=([^;]*)", cookie).groups()
                    jar[name] = value
        cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
        xsrf = headers.pop("xsrf", "")
        if xsrf:
            headers["X-XSRFToken"] = jar["_xsrf"] if xsrf == "right" else xsrf
        return await fetch(method, path, body, Cookie=cookies, **headers)

    return send


async def test_a_browser_may_look(browser, http_server):
    here = {"Referer": f"http://127.0.0.1:{port_of(http_server)}/lab"}
    status, body, _ = await browser("GET", "netapp-jlab/volumes", **here)
    assert (status, body["items"]) == (200, [])


@pytest.mark.parametrize("xsrf", ["", "2|00000000|00000000000000000000000000000000|1", "x"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_a_foreign_page_can_not_change_anything(browser, core, method, xsrf):
    status, body, _ = await browser(
        method, "netapp-jlab/volumes/data", b"{}", xsrf=xsrf, **{"Content-Type": "application/json"}
    )
    assert (status, body["reason"]) == (403, "Denied")
    assert "_xsrf" in body["message"] or "XSRF" in body["message"]
    assert core.calls == []


async def test_the_page_itself_can(browser, core):
    body = b'{"name": "data", "size": "1Gi"}'
    json_type = {"Content-Type": "application/json"}
    status, made, _ = await browser("POST", "netapp-jlab/volumes", body, xsrf="right", **json_type)
    assert (status, made["name"]) == (201, "data")


async def test_another_origin_is_refused(browser, core):
    status, body, _ = await browser("GET", "netapp-jlab/volumes", Origin="https://evil.example")
    assert (status, body["reason"]) == (404, "NotFound")
    assert core.calls == []


async def test_a_preflight_needs_no_login(http_server_client, jp_base_url, core):
    reply = await http_server_client.fetch(f"{jp_base_url}netapp-jlab/volumes", method="OPTIONS")
    assert reply.code == 200
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    assert core.calls == []


# --- Authorizers -------------------------------------------------------------------------------


class Reader(Authorizer):
    """Lets everybody look, and writes down what it was asked for."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def is_authorized(self, handler, user, action, resource):
        self.asked.append((action, resource))
        return action == "read"


class TestAuthorizer:
    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        Reader.asked.clear()
        server = {**jp_server_config["ServerApp"], "authorizer_class": Reader}
        return Config({**jp_server_config, "ServerApp": server})

    async def test_looking_is_read(self, ask):
        for path in ("status", "volumes", "snapshots", "operations", "openapi.json"):
            assert (await ask("GET", path)).status == 200
        assert set(Reader.asked) == {("read", "netapp-jlab")}

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "volumes"),
            ("PATCH", "volumes/data"),
            ("DELETE", "volumes/data?confirm=data"),
            ("POST", "volumes/data/snapshots"),
            ("POST", "volumes/data/clones"),
            ("PATCH", "snapshots/monday"),
            ("DELETE", "snapshots/monday"),
            ("POST", "snapshots/monday/clones"),
            ("POST", "snapshots/monday/restores"),
            ("DELETE", "operations/1"),
            ("POST", "operations/1/undo"),
        ],
    )
    async def test_changing_is_write(self, ask, core, method, path):
        reply = await ask(method, path, {} if method != "DELETE" else None)
        assert (reply.status, reply.error().reason) == (403, "Denied")
        assert Reader.asked == [("write", "netapp-jlab")]
        assert core.calls == []


# --- Hub servers that others may enter -----------------------------------------------------------


class Hub(IdentityProvider):
    """Knows people by their token, as a hub does."""

    def get_user(self, handler):
        token = self.get_token(handler)
        return User(username=token) if token else None

    def is_token_authenticated(self, handler):
        return True


class TestGuests:
    @pytest.fixture
    def jp_server_config(self, jp_server_config, monkeypatch):
        monkeypatch.setenv("JUPYTERHUB_USER", "ada")
        server = {**jp_server_config["ServerApp"], "identity_provider_class": Hub}
        return Config({**jp_server_config, "ServerApp": server})

    @pytest.fixture(autouse=True)
    def full(self, core: Double) -> None:
        core.volumes_by_name["data"] = volume("data")

    async def test_the_owner_may_do_all(self, ask):
        ada = {"Authorization": "token ada"}
        reply = await ask("POST", "volumes", {"name": "new", "size": "1Gi"}, headers=ada)
        assert reply.status == 201
        assert (await ask("DELETE", "volumes/data?confirm=data", headers=ada)).status == 204

    async def test_a_guest_may_look(self, ask):
        assert (
            await ask("GET", "volumes/data", headers={"Authorization": "token bob"})
        ).status == 200

    async def test_a_guest_may_look_into_snapshots(self, ask, core):
        core.snapshots_by_name["monday"] = snapshot("monday", core.volumes_by_name["data"])
        core.contents["a"] = b"x"
        bob = {"Authorization": "token bob"}
        for path in ("files", "content?path=a"):
            assert (await ask("GET", f"snapshots/monday/{path}", headers=bob)).status == 200

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "volumes"),
            ("PATCH", "volumes/data"),
            ("DELETE", "volumes/data?confirm=data"),
            ("POST", "snapshots/monday/restores"),
            ("DELETE", "operations/1"),
        ],
    )
    async def test_a_guest_may_not_change_anything(self, ask, core, method, path):
        body = {} if method != "DELETE" else None
        reply = await ask(method, path, body, headers={"Authorization": "token bob"})
        assert (reply.status, reply.error().reason) == (403, "Guest")
        assert "belongs to ada" in reply.error().message
        assert core.calls == []


class TestBinder:
    """In a hub's pod, but visitors are known by a token only."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config, monkeypatch):
        monkeypatch.setenv("JUPYTERHUB_USER", "user-of-binder-x1")
        return jp_server_config

    async def test_who_has_the_token_may_do_all(self, ask):
        assert (await ask("POST", "volumes", {"name": "new", "size": "1Gi"})).status == 201


def port_of(server) -> int:
    return next(sock.getsockname()[1] for sock in server._sockets.values())
