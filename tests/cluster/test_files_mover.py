"""Files of snapshots, on a driver that shows them and on one that does not: no user sees which.

Everything runs in the user's own pod, under its real account.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .api import PODS, Api, eventually
from .workspace import COMMAND, HOME, Workspace, grant, start

BYTES = bytes(range(256)) * 12_000
HELPERS = "netapp-jlab.io/purpose=mover"
MAKE = r"""
import os
os.makedirs("data/deep", exist_ok=True)
open("data/deep/note.txt", "w").write("a note\n")
open("data/large.bin", "wb").write(bytes(range(256)) * 12_000)
open(b"data/odd\xff", "wb").close()
os.symlink("/etc", "data/out")
open("README.md", "w").write("hello\n")
"""
ASK = r"""
import json, sys, time, urllib.error, urllib.request
path, headers = sys.argv[1], json.loads(sys.argv[2])
request = urllib.request.Request("http://127.0.0.1:8899/netapp-jlab/" + path)
for name, value in {"Authorization": "token t", **headers}.items():
    request.add_header(name, value)
began = time.monotonic()
try:
    with urllib.request.urlopen(request, timeout=80) as answer:
        status, body, sent = answer.status, answer.read(), dict(answer.headers)
except urllib.error.HTTPError as error:
    status, body, sent = error.code, error.read(), dict(error.headers)
told = {"status": status, "seconds": time.monotonic() - began, "headers": sent}
sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + body)
"""


@pytest.fixture(scope="module", params=["csi-shown", "csi-hidden"])
def workspace(admin: Api, kubeconfig: Path, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """A user's pod with a volume of each class as its home, and a snapshot ``good`` of it."""
    namespace = f"files-{uuid.uuid4().hex[:8]}"
    admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    try:
        tiers = ("read", "snapshot", "full", "mover")
        grant(admin, namespace, "ada", *tiers)
        made = start(admin, kubeconfig, namespace, account="ada", storage_class=request.param)
        made.ok("python3", "-c", MAKE)
        made.product("snapshot", "home", "--name", "good")
        made.ok("sh", "-c", "rm -r data/deep data/out; echo spoilt > README.md")
        yield made
    finally:
        admin.request("DELETE", f"/api/v1/namespaces/{namespace}")


@pytest.fixture(scope="module")
def ask(workspace: Workspace) -> Iterator[Any]:
    """Ask the REST interface of a Jupyter server in the user's pod."""
    command = "cd /tmp && python3 -m netapp_jlab.server --no-browser --ServerApp.port=8899"
    command += " --IdentityProvider.token=t > /tmp/log 2>&1 & echo $!"
    pid = workspace.ok("sh", "-c", command).decode().strip()

    def ask(path: str, **headers: str) -> tuple[dict[str, Any], bytes]:
        out = workspace.ok("python3", "-c", ASK, path, json.dumps(headers))
        told, _, body = out.partition(b"\n")
        return json.loads(told), body

    def answers() -> bool:
        done = workspace.run("python3", "-c", ASK, "status", "{}")
        return done.code == 0

    eventually(answers)
    yield ask
    workspace.run("kill", pid)


def helpers(workspace: Workspace) -> list[str]:
    """Names of the helper pods that are not going."""
    found = workspace.admin.ask("GET", PODS.format(workspace.namespace), labelSelector=HELPERS)
    pods = [item["metadata"] for item in found["items"]]
    return [meta["name"] for meta in pods if "deletionTimestamp" not in meta]


def forget_helpers(workspace: Workspace) -> None:
    """Take the helper pods away, as a user's cluster may at any moment."""
    for name in helpers(workspace):
        path = f"{PODS.format(workspace.namespace)}/{name}"
        workspace.admin.ask("DELETE", path, {"gracePeriodSeconds": 0})


@pytest.fixture
def needs_helper(workspace: Workspace) -> bool:
    """Whether the volume shows no `.snapshot`."""
    return workspace.run("test", "-d", f"{HOME}/.snapshot").code != 0


def test_it_may_be_browsed_and_says_so(workspace: Workspace) -> None:
    shown = json.loads(workspace.product("volumes", "show", "home", "--json"))
    assert shown["can"]["browse"] == {"allowed": True, "reason": "", "hint": ""}
    assert shown["can"]["restore"]["allowed"]


def test_a_folder(workspace: Workspace, needs_helper: bool) -> None:
    began = time.monotonic()
    found = json.loads(workspace.product("files", "good", "data", "--json"))
    first = time.monotonic() - began
    assert [(one["name"], one["kind"], one["size"], one["link"]) for one in found["items"]] == [
        ("deep", "directory", 0, ""),
        ("large.bin", "file", len(BYTES), ""),
        (r"odd\xff", "file", 0, ""),
        ("out", "symlink", 0, "/etc"),
    ]
    assert len(helpers(workspace)) == needs_helper
    began = time.monotonic()
    workspace.product("files", "good", "data/deep")
    again = time.monotonic() - began
    print(f"first look {first:.1f} s, second {again:.1f} s")
    assert len(helpers(workspace)) == needs_helper, "a helper is used again"


def test_a_file_byte_for_byte(workspace: Workspace) -> None:
    assert workspace.product("cat", "good", "data/large.bin") == BYTES
    assert workspace.product("cat", "good", "README.md") == b"hello\n"
    assert workspace.product("cat", "good", "data/deep/note.txt") == b"a note\n"
    assert workspace.product("cat", "good", r"data/odd\xff") == b""


@pytest.mark.parametrize(
    ("command", "path", "code", "reason"),
    [
        ("files", "../..", 2, "Invalid"),
        ("files", "/etc", 2, "Invalid"),
        ("files", "data/out", 2, "Invalid"),
        ("cat", "data/out/passwd", 3, "NotFound"),
        ("cat", "data", 2, "Invalid"),
        ("cat", "no/such", 3, "NotFound"),
    ],
)
def test_what_can_not_be(
    workspace: Workspace, command: str, path: str, code: int, reason: str
) -> None:
    done = workspace.run(*COMMAND, command, "good", path, "--json")
    assert (done.code, json.loads(done.err.partition("command terminated")[0])["reason"]) == (
        code,
        reason,
    )
    assert done.out == b""


def test_rest(workspace: Workspace, ask: Any) -> None:
    told, body = ask("snapshots/good/files?path=data&match=LARGE")
    assert told["status"] == 200
    assert [one["name"] for one in json.loads(body)["items"]] == ["large.bin"]
    told, body = ask("snapshots/good/content?path=data/large.bin")
    assert (told["status"], body) == (200, BYTES)
    assert told["headers"]["Content-Type"] == "application/octet-stream"
    told, body = ask("snapshots/good/content?path=data/large.bin", Range="bytes=-6")
    assert (told["status"], body) == (206, BYTES[-6:])
    told, body = ask("snapshots/good/content?path=data/out")
    assert (told["status"], json.loads(body)["reason"]) == (400, "Invalid")


def test_a_helper_that_was_taken_away_starts_again_and_no_request_hangs(
    workspace: Workspace, ask: Any, needs_helper: bool
) -> None:
    forget_helpers(workspace)
    told, body = ask("snapshots/good/files?wait=1")
    steps = []
    while told["status"] == 202:
        steps.append(json.loads(body)["step"])
        assert steps[-1].endswith(".")
        assert len(steps) < 30, steps
        told, body = ask("snapshots/good/files?wait=1")
        assert told["seconds"] < 5
    assert told["status"] == 200, body
    assert [one["name"] for one in json.loads(body)["items"]] == ["data", "README.md"]
    assert len(helpers(workspace)) == needs_helper
    print(f"{told['seconds']:.1f} s", steps)


def test_a_helper_that_may_not_start_says_why(
    workspace: Workspace, ask: Any, needs_helper: bool
) -> None:
    forget_helpers(workspace)
    quotas = f"/api/v1/namespaces/{workspace.namespace}/resourcequotas"
    quota = {"metadata": {"name": "one"}, "spec": {"hard": {"pods": "1"}}}
    workspace.admin.create(quotas, quota)
    eventually(lambda: workspace.admin.get(f"{quotas}/one").get("status", {}).get("used"))
    try:
        told, body = ask("snapshots/good/files?wait=20")
        if not needs_helper:
            assert told["status"] == 200, "no helper, no pod"
            return
        error = json.loads(body)
        assert (told["status"], error["reason"]) == (422, "QuotaExceeded")
        done = workspace.run(*COMMAND, "files", "good")
        assert done.code == 6
        assert error["message"] in done.err
        print(error)
    finally:
        workspace.admin.ask("DELETE", f"{quotas}/one")
    assert json.loads(workspace.product("files", "good", "--json"))["total"] == 2


def test_chosen_files_come_back(workspace: Workspace) -> None:
    workspace.product("restore", "good", "--path", "data/deep", "--yes")
    assert workspace.ok("cat", f"{HOME}/data/deep/note.txt") == b"a note\n"
    assert workspace.ok("cat", f"{HOME}/README.md") == b"spoilt\n"
