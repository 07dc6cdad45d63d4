"""The whole way: REST, the real core, the embedded cluster, and real files."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from netapp_jlab.server.events import SCHEMA_ID

from .process import Cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster") / "home")
    yield cluster
    cluster.stop()


@pytest.fixture
def settings(cluster):
    return {
        "kubeconfig": cluster.kubeconfig,
        "mounts": cluster.mounts,
        "workspace_claim": "claim-ada",
        "user": "ada",
    }


@pytest.fixture
def core(app):
    """Leave the real one in its place."""


@pytest.fixture
def workspace(cluster) -> Path:
    return Path(cluster.mounts["claim-ada"])


async def finished(ask, begun: dict) -> dict:
    for _ in range(300):
        operation = (await ask("GET", f"operations/{begun['id']}")).json()
        if operation["state"] not in {"pending", "running"}:
            return operation
        await asyncio.sleep(0.1)
    pytest.fail(f"It does not end: {operation}")


async def ready(ask, name: str) -> dict:
    for _ in range(300):
        snapshot = (await ask("GET", f"snapshots/{name}")).json()
        if snapshot["phase"] == "ready":
            return snapshot
        await asyncio.sleep(0.1)
    pytest.fail(f"It does not become ready: {snapshot}")


async def test_what_there_is(ask, cluster):
    status = (await ask("GET", "status")).json()
    assert status["connected"]
    assert status["namespace"] == cluster.namespace
    assert status["workspace"]["claim"] == "claim-ada"
    volumes = {item["name"]: item for item in (await ask("GET", "volumes")).json()["items"]}
    assert volumes["claim-ada"]["role"] == "workspace"
    assert volumes["claim-ada"]["can"]["restore"]["allowed"]
    assert (await ask("GET", "snapshots")).json()["items"]
    assert (await ask("GET", "volumes/nothing")).status == 404


async def test_snapshot_break_restore_undo(ask, workspace):
    file = workspace / "precious.txt"
    file.write_text("good")
    made = await ask("POST", "volumes/claim-ada/snapshots", {"name": "good", "note": "before"})
    assert made.status == 201
    snapshot = await ready(ask, "good")
    assert (snapshot["note"], snapshot["author"]) == ("before", "ada")

    file.write_text("bad!")
    plan = await ask("POST", "snapshots/good/restores", {"dry_run": True})
    assert (plan.status, plan.json()["replace"]) == (200, 1)
    begun = await ask("POST", "snapshots/good/restores", {})
    assert begun.status == 202
    done = await finished(ask, begun.json())
    assert (done["state"], done["outcome"]["replaced"]) == ("done", 1)
    assert file.read_text() == "good"

    undone = await finished(ask, (await ask("POST", f"operations/{done['id']}/undo")).json())
    assert undone["state"] == "done"
    assert file.read_text() == "bad!"


async def test_looking_into_a_snapshot(ask, workspace, tmp_path):
    (tmp_path / "secret").write_text("not in any volume")
    folder = workspace / "looked-at"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "large.bin").write_bytes(bytes(range(256)) * 10_000)
    (folder / "note.html").write_text("<script>")
    (Path(os.fsdecode(os.fsencode(folder) + b"/odd\xff"))).touch()
    await ask("POST", "volumes/claim-ada/snapshots", {"name": "look"})
    await ready(ask, "look")
    shutil.rmtree(folder)

    listed = (await ask("GET", "snapshots/look/files?path=looked-at")).json()
    assert [(one["name"], one["kind"], one["size"]) for one in listed["items"]] == [
        ("large.bin", "file", 2_560_000),
        ("note.html", "file", 8),
        (r"odd\xff", "file", 0),
        ("out", "symlink", 0),
    ]
    whole = await ask("GET", "snapshots/look/content?path=looked-at/large.bin")
    assert (whole.status, whole.body) == (200, bytes(range(256)) * 10_000)
    part = await ask(
        "GET",
        "snapshots/look/content?path=looked-at/large.bin",
        headers={"Range": "bytes=2559990-"},
    )
    assert (part.status, part.body) == (206, bytes(range(246, 256)))
    odd = await ask("GET", r"snapshots/look/content?path=looked-at/odd\xff")
    assert (odd.status, odd.body) == (200, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("..", 400),
        ("../../../etc/passwd", 400),
        ("data/../../secret", 400),
        ("/etc/passwd", 400),
        ("./data", 400),
        ("data//rides.csv", 400),
        (r"data\q", 400),
        (".snapshot", 400),
        ("shared/rides.csv", 404),  # `shared` is a link to another volume
        ("no/such", 404),
        ("README.md/x", 404),
    ],
)
async def test_paths_that_lead_out_of_a_snapshot(ask, path, status):
    """As they come, and as a client writes them that wants to be clever."""
    for way in ("files", "content"):
        reply = await ask("GET", f"snapshots/first-look/{way}?path={path}")
        assert reply.status == status, (way, reply.body)
        again = await ask("GET", f"snapshots/first-look/{way}?path=%2e%2e%2f{path}")
        assert again.status in {400, 404}


async def test_folders_and_links_have_no_contents(ask):
    for path in ("data", "shared", ""):
        reply = await ask("GET", f"snapshots/first-look/content?path={path}")
        assert (reply.status, reply.error().reason) == (400, "Invalid")
    reply = await ask("GET", "snapshots/first-look/files?path=README.md")
    assert (reply.status, reply.error().reason) == (400, "Invalid")


async def test_clone_and_delete(ask):
    begun = await ask("POST", "volumes/shared-datasets/clones", {"name": "copy"})
    assert begun.status == 202
    assert (await finished(ask, begun.json()))["state"] == "done"
    volume = (await ask("GET", "volumes/copy")).json()
    assert volume["phase"] == "bound"
    assert (await ask("DELETE", "volumes/copy?confirm=nope")).status == 400
    plan = (await ask("DELETE", "volumes/copy?dry_run=true")).json()
    assert plan["refusal"]["allowed"]
    gone = await ask("DELETE", f"volumes/copy?confirm=copy&uid={volume['uid']}")
    assert gone.status == 204


async def test_ready_is_heard_at_once(ask, jp_ws_fetch):
    await ask("GET", "volumes")
    socket = await jp_ws_fetch("api", "events", "subscribe")
    await ask("POST", "volumes/claim-ada/snapshots", {"name": "heard"})
    began, phases = time.perf_counter(), []
    while "ready" not in phases:
        message = json.loads(await asyncio.wait_for(socket.read_message(), 10))
        if message["schema_id"] == SCHEMA_ID and message["name"] == "heard":
            phases.append(message["phase"])
    print(time.perf_counter() - began, phases)
    assert (await ask("GET", "snapshots/heard")).json()["phase"] == "ready"
    socket.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("POST", "volumes", {"name": "Nope", "size": "1Gi"}, 400, "Invalid"),
        ("POST", "volumes", {"name": "x", "size": "0"}, 400, "Invalid"),
        ("POST", "volumes", {"name": "x", "size": "-1Gi"}, 400, "Invalid"),
        ("POST", "volumes", {"name": "x", "size": "1Zi"}, 400, "Invalid"),
        ("POST", "volumes", {"name": "claim-ada", "size": "1Gi"}, 409, "AlreadyExists"),
        ("POST", "volumes", {"name": "x", "size": "1Gi", "storage_class": "none"}, 404, "NotFound"),
        ("PATCH", "volumes/claim-ada", {"size": "1Mi"}, 400, "Invalid"),
        ("POST", "volumes/nothing/snapshots", {}, 404, "NotFound"),
        ("POST", "snapshots/nothing/restores", {}, 404, "NotFound"),
        ("DELETE", "volumes/claim-ada?confirm=claim-ada", None, 409, "InUse"),
    ],
)
async def test_what_can_not_be(ask, method, path, body, status, reason):
    reply = await ask(method, path, body)
    assert (reply.status, reply.error().reason) == (status, reason), reply.error().message


class TestReadOnly:
    @pytest.fixture
    def settings(self, settings):
        return settings | {"read_only": True}

    async def test_it(self, ask):
        assert (await ask("GET", "volumes")).status == 200
        reply = await ask("POST", "volumes/claim-ada/snapshots", {"name": "no"})
        assert (reply.status, reply.error().reason) == (403, "ReadOnly")
        assert (await ask("GET", "snapshots/first-look/files")).status == 200
        assert (await ask("GET", "snapshots/first-look/content?path=README.md")).status == 200
