"""Every route does what it says, and refuses what it can not do."""

from __future__ import annotations

import pytest

from netapp_jlab.server.handlers import HANDLERS
from netapp_jlab.server.routes import ROUTES

from .double import GIB, Double, snapshot, volume


@pytest.fixture
def full(core: Double) -> Double:
    """A volume ``data`` with a snapshot ``monday``."""
    core.volumes_by_name["data"] = volume("data")
    core.snapshots_by_name["monday"] = snapshot("monday", core.volumes_by_name["data"])
    return core


def test_each_route_has_one_handler():
    assert [handler.route for handler in HANDLERS] == list(ROUTES)


async def test_status_has_the_interface_version(ask):
    reply = await ask("GET", "status")
    assert reply.status == 200
    assert reply.json()["api_version"] == 1


async def test_a_volume_from_birth_to_death(ask):
    assert (await ask("GET", "volumes")).json() == {"items": [], "stale_since": None}
    made = await ask("POST", "volumes", {"name": "data", "size": "2Gi", "note": "µ\n\t✓"})
    assert made.status == 201
    assert made.json()["requested"] == 2 * GIB
    assert made.json()["note"] == "µ\n\t✓"
    listed = (await ask("GET", "volumes")).json()["items"]
    assert listed == [made.json()] == [(await ask("GET", "volumes/data")).json()]

    grown = await ask("PATCH", "volumes/data", {"size": "3Gi"})
    assert (grown.status, grown.json()["requested"]) == (200, 3 * GIB)

    plan = await ask("DELETE", "volumes/data?dry_run=true")
    assert (plan.status, plan.json()["uid"]) == (200, made.json()["uid"])
    refused = await ask("DELETE", "volumes/data?confirm=dat")
    assert (refused.status, refused.error().reason) == (400, "Invalid")
    changed = await ask("DELETE", "volumes/data?confirm=data&uid=other")
    assert (changed.status, changed.error().reason) == (409, "Changed")
    assert (await ask("GET", "volumes/data")).status == 200
    gone = await ask("DELETE", f"volumes/data?confirm=data&uid={made.json()['uid']}")
    assert (gone.status, gone.body) == (204, b"")
    missing = await ask("GET", "volumes/data")
    assert (missing.status, missing.error().reason) == (404, "NotFound")


async def test_a_volume_is_made_once_for_one_click(ask):
    order = {"name": "data", "size": "1Gi", "request_id": "click-1"}
    first = await ask("POST", "volumes", order)
    again = await ask("POST", "volumes", order)
    other = await ask("POST", "volumes", order | {"request_id": "click-2"})
    assert first.json() == again.json()
    assert (other.status, other.error().reason) == (409, "AlreadyExists")


async def test_a_snapshot_from_birth_to_death(ask, full):
    origin = {"kind": "notebook", "notebook": "a b.ipynb"}
    made = await ask("POST", "volumes/data/snapshots", {"name": "tuesday", "origin": origin})
    assert made.status == 201
    assert made.json()["origin"]["notebook"] == "a b.ipynb"
    for path in ("snapshots", "volumes/data/snapshots"):
        names = [item["name"] for item in (await ask("GET", path)).json()["items"]]
        assert names == ["monday", "tuesday"]

    noted = await ask("PATCH", "snapshots/tuesday", {"note": "before cleaning"})
    assert (noted.status, noted.json()["note"]) == (200, "before cleaning")
    assert (await ask("GET", "snapshots/tuesday")).json() == noted.json()

    assert (await ask("DELETE", "snapshots/tuesday?dry_run=1")).json()["name"] == "tuesday"
    assert (await ask("DELETE", "snapshots/tuesday?uid=other")).status == 409
    assert (await ask("DELETE", "snapshots/tuesday")).status == 204
    assert (await ask("GET", "snapshots/tuesday")).status == 404


async def test_snapshots_of_an_unknown_volume(ask, full):
    assert (await ask("GET", "volumes/nothing/snapshots")).status == 404
    assert (await ask("POST", "volumes/nothing/snapshots", {})).status == 404


@pytest.mark.parametrize("path", ["volumes/data/clones", "snapshots/monday/clones"])
async def test_a_clone_is_an_operation(ask, full, path):
    begun = await ask("POST", path, {"name": "copy"})
    assert begun.status == 202
    assert (begun.json()["kind"], begun.json()["volume"]) == ("clone", "copy")
    assert (await ask("GET", f"operations/{begun.json()['id']}")).json() == begun.json()


async def test_a_restore_its_plan_its_cancellation_and_its_undo(ask, full):
    plan = await ask("POST", "snapshots/monday/restores", {"dry_run": True})
    assert (plan.status, plan.json()["copy_bytes"]) == (200, 3)
    assert (await ask("GET", "operations")).json() == {"items": []}

    begun = await ask("POST", "snapshots/monday/restores", {"paths": ["a.txt"]})
    assert begun.status == 202
    path = f"operations/{begun.json()['id']}"
    early = await ask("POST", f"{path}/undo")
    assert (early.status, early.error().reason) == (409, "NotReady")
    stopped = await ask("DELETE", path)
    assert (stopped.status, stopped.json()["state"]) == (202, "cancelled")
    undone = await ask("POST", f"{path}/undo")
    assert (undone.status, undone.json()["undo_of"]) == (202, begun.json()["id"])
    assert len((await ask("GET", "operations")).json()["items"]) == 2


async def test_unknown_operations(ask):
    assert (await ask("GET", "operations/0815")).status == 404
    assert (await ask("DELETE", "operations/0815")).status == 404
    assert (await ask("POST", "operations/0815/undo")).status == 404


async def test_the_document_is_served(ask):
    reply = await ask("GET", "openapi.json")
    assert reply.json()["openapi"] == "3.1.0"


@pytest.mark.parametrize(
    "path", ["", "nothing", "volumes/", "volumes/a/b/c", "volumes//snapshots", "openapi-json"]
)
async def test_unknown_paths(ask, path):
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        reply = await ask(method, path, {} if method == "POST" else None)
        assert (reply.status, reply.error().reason) == (404, "NotFound")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "volumes", "GET, POST, OPTIONS"),
        ("DELETE", "volumes", "GET, POST, OPTIONS"),
        ("POST", "status", "GET, OPTIONS"),
        ("GET", "volumes/data/clones", "POST, OPTIONS"),
        ("PATCH", "operations/1", "GET, DELETE, OPTIONS"),
        ("TRACE", "volumes", "GET, POST, OPTIONS"),
    ],
)
async def test_unknown_methods(ask, method, path, allow):
    reply = await ask(method, path, b"{}" if method in {"PUT", "POST", "PATCH"} else None)
    assert (reply.status, reply.error().reason) == (405, "MethodNotAllowed")
    assert reply.headers["Allow"] == allow


async def test_head_is_no_method_here(ask):
    reply = await ask("HEAD", "volumes")
    assert (reply.status, reply.body) == (405, b"")


async def test_an_answer_is_not_sent_twice(ask, full):
    first = await ask("GET", "snapshots")
    assert first.headers["Cache-Control"] == "no-store"
    tag = {"If-None-Match": first.headers["Etag"]}
    again = await ask("GET", "snapshots", headers=tag)
    assert (again.status, again.body) == (304, b"")
    await ask("PATCH", "snapshots/monday", {"note": "new"})
    assert (await ask("GET", "snapshots", headers=tag)).status == 200
