"""Thousands of generated requests, right and wrong: no answer is a server error or undocumented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode, checks

from netapp_jlab.server.openapi import document

from .process import TOKEN, Cluster, Server

CASES = 5_000
OPERATIONS = 20
PROMISES = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.allow_header_conformance,
]

schema = schemathesis.openapi.from_dict(document())
seen: Counter[int] = Counter()
tries: Counter[str] = Counter()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    """The whole product on the embedded cluster; gives the address of the interface."""
    home = tmp_path_factory.mktemp("server")
    cluster = Cluster(home / "cluster")
    try:
        server = Server(
            home / "jupyter",
            "netapp_jlab.server",
            f"--NetAppJLab.kubeconfig={cluster.kubeconfig}",
            *(f"--NetAppJLab.mounts={claim}={path}" for claim, path in cluster.mounts.items()),
            "--NetAppJLab.workspace_claim=claim-ada",
            "--ServerApp.log_level=ERROR",
        )
        try:
            yield server.url
            assert "Traceback" not in server.log.read_text()
        finally:
            server.stop()
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers.update(TOKEN)
        yield session


@schema.parametrize()
@settings(
    max_examples=CASES // OPERATIONS,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_operation(case, server, session):
    lead_somewhere(case, session, server)
    response = case.call(base_url=server, session=session, timeout=10)
    seen[response.status_code] += 1
    case.validate_response(response, checks=PROMISES)


def lead_somewhere(case: schemathesis.Case, session: requests.Session, server: str) -> None:
    """Let every other request that is right be about something that there is.

    Else nearly all would be about volumes that nobody has, and ask for sizes that are none.
    """
    tries["all"] += 1
    if case.meta.generation.mode is not GenerationMode.POSITIVE or tries["all"] % 2:
        return
    tries["real"] += 1
    collection = case.path.split("/")[1]
    for parameter in case.path_parameters:  # the first one stays, later ones may be deleted
        items = session.get(f"{server}/{collection}", timeout=10).json()["items"]
        key = "id" if parameter == "id" else "name"
        index = -1 if case.method == "DELETE" and len(items) > 1 else 0
        case.path_parameters[parameter] = items[index][key] if items else "none"
        if case.method == "DELETE" and case.query:
            case.query |= {"confirm": items[index][key]} if collection == "volumes" else {}
            case.query.pop("uid", None)
    if isinstance(case.body, dict):
        case.body |= {"size": "1Gi"} if "size" in case.body or case.path == "/volumes" else {}
        case.body |= {"name": f"n{tries['real']}"} if "name" in case.body else {}


def test_there_were_enough():
    assert seen.total() >= CASES
    assert {200, 201, 202, 204, 400, 404, 405, 409, 415} <= set(seen)
