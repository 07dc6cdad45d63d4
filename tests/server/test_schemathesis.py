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
OPERATIONS = 22
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


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=CASES // OPERATIONS,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_operation(case, server, session, known):
    if case.meta.generation.mode is GenerationMode.POSITIVE and seen.total() % 2:
        lead_somewhere(case, known)
    response = case.call(base_url=server, session=session, timeout=10)
    seen[response.status_code] += 1
    case.validate_response(response, checks=PROMISES)


@pytest.fixture
def known(server, session) -> dict[str, list[str]]:
    """Names of what there is, by kind; ids of operations."""
    names = {}
    for kind, key in (("volumes", "name"), ("snapshots", "name"), ("operations", "id")):
        items = session.get(f"{server}/{kind}", timeout=10).json()["items"]
        names[kind] = [item[key] for item in items] or ["none"]
    return names


def lead_somewhere(case: schemathesis.Case, known: dict[str, list[str]]) -> None:
    """Make a request that is right be about something that there is, with a size that is one.

    Else nearly all would be about volumes that nobody has.
    """
    names = known[case.path.split("/")[1]] if case.path_parameters else []
    for parameter in case.path_parameters:
        # The first ones stay; each deletion takes one of the others.
        name = names.pop() if case.method == "DELETE" and len(names) > 1 else names[0]
        case.path_parameters[parameter] = name
        if case.query and "confirm" in case.query:
            case.query["confirm"] = name
        if case.query:
            case.query.pop("uid", None)
    if isinstance(case.body, dict):
        if "size" in case.body or case.path == "/volumes":
            case.body["size"] = "1Gi"
        if "name" in case.body:
            case.body["name"] = f"n{seen.total()}"


@pytest.mark.slow
def test_there_were_enough():
    assert seen.total() >= CASES
    assert {200, 201, 202, 204, 400, 404, 405, 409, 415} <= set(seen)
