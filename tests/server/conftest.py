"""A Jupyter server with the extension in this process, over the core in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest
from jupyter_server.serverapp import ServerApp
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPResponse
from traitlets.config import Config

from netapp_jlab.models import ErrorBody
from netapp_jlab.server.app import NetAppJLab

from .conformance import check_answer
from .double import Double


@pytest.fixture
def settings() -> dict[str, Any]:
    """What stands under ``c.NetAppJLab``; a test changes it before it asks for the server."""
    return {"namespace": "jupyter"}


@pytest.fixture
def jp_server_config(settings: dict[str, Any]) -> Config:
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"netapp_jlab": True}},
            "NetAppJLab": settings,
        }
    )


@pytest.fixture
def app(jp_serverapp: ServerApp) -> NetAppJLab:
    point = jp_serverapp.extension_manager.extension_points["netapp_jlab"]
    assert isinstance(point.app, NetAppJLab)
    return point.app


@pytest.fixture
def core(app: NetAppJLab) -> Double:
    """The core that the extension will use; made here, so that a test can prepare it."""
    double = Double(app.core_settings())
    app.runtime.make = lambda settings: double
    return double


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def error(self) -> ErrorBody:
        return msgspec.json.decode(self.body, type=ErrorBody, strict=True)


@pytest.fixture
def ask(jp_fetch: Callable[..., Any], app: NetAppJLab, core: Double) -> Callable[..., Any]:
    """Send a request below ``netapp-jlab/`` and check the answer against the document."""

    async def send(method: str, path: str, body: Any = None, **options: Any) -> Reply:
        headers = options.pop("headers", {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers = {"Content-Type": "application/json"} | headers
        path, _, query = path.partition("?")
        if query:
            options["params"] = dict(part.split("=") for part in query.split("&"))
        answer: HTTPResponse = await jp_fetch(
            "netapp-jlab",
            path,
            method=method,
            body=body,
            headers=headers,
            raise_error=False,
            allow_nonstandard_methods=True,
            **options,
        )
        if answer.code == 599:  # no answer at all
            answer.rethrow()
        reply = Reply(answer.code, dict(answer.headers), answer.body or b"")
        kind = reply.headers.get("Content-Type", "application/json")
        check_answer(method, path, reply.status, reply.body, kind)
        return reply

    return send


@pytest.fixture
def token(jp_auth_header: dict[str, str]) -> dict[str, str]:
    """Headers of a request that may come in."""
    return dict(jp_auth_header)
