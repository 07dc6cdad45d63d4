"""Files of a driver that shows no snapshots, through helper pods, on a real cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from netapp_jlab import Client
from netapp_jlab.errors import Invalid, NotFound
from netapp_jlab.models import RestoreOrder

from .api import PODS, Api, eventually
from .moving import (
    FILL_MANY,
    MANY,
    Volume,
    cut,
    movers,
    nothing_left,
    running,
    script_arguments,
    settings,
)
from .workspace import grant, start

MakeClient = Callable[..., Client]


@pytest.fixture(scope="module")
def volume(admin: Api, kubeconfig: Path) -> Iterator[Volume]:
    namespace = f"mover-{uuid.uuid4().hex[:8]}"
    admin.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
    try:
        grant(admin, namespace, "ada", "read")
        yield Volume(start(admin, kubeconfig, namespace, account="ada", storage_class="csi-hidden"))
    finally:
        admin.request("DELETE", f"/api/v1/namespaces/{namespace}")


@pytest.fixture
def make(kubeconfig: Path, volume: Volume) -> Iterator[MakeClient]:
    clients: list[Client] = []

    def make(**others: Any) -> Client:
        client = Client(**settings(kubeconfig, volume.namespace, **others))
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def many(volume: Volume, kubeconfig: Path) -> str:
    """A snapshot with many files."""
    volume.python(FILL_MANY)
    with Client(**settings(kubeconfig, volume.namespace)) as client:
        cut(client, "many")
    return "many"


def wait(client: Client, operation: str) -> Any:
    return client.operations.wait(operation, timeout=100)


def until_begun(volume: Volume) -> None:
    """Wait until some of the many files are back."""
    eventually(lambda: volume.count() > 0, every=0.0)


def test_look_and_read(make: MakeClient, volume: Volume, admin: Api) -> None:
    volume.write("look/a.txt", "first\n")
    client = make()
    cut(client, "look")
    volume.write("look/a.txt", "second\n")
    began = time.monotonic()
    client.files.prepare("look")
    took = time.monotonic() - began
    print(f"a helper started in {took:.2f} s")
    assert took < 5
    assert [one.name for one in client.files.list("look", "look").items] == ["a.txt"]
    assert client.files.read("look", "look/a.txt") == b"first\n"
    with pytest.raises(NotFound):
        client.files.read("look", "look/b.txt")
    with pytest.raises(Invalid):
        client.files.list("look", "../..")
    (pod,) = running(admin, volume.namespace)
    began = time.monotonic()
    other = make()
    other.files.list("look")
    print(f"another process had it in {time.monotonic() - began:.2f} s")
    assert [one["metadata"]["uid"] for one in running(admin, volume.namespace)] == [
        pod["metadata"]["uid"]
    ]
    other.close()
    assert client.files.read("look", "look/a.txt") == b"first\n", "it is still in use"
    client.close()
    nothing_left(admin, volume.namespace)


def test_the_pod_has_no_more_rights_than_it_needs(
    make: MakeClient, volume: Volume, admin: Api
) -> None:
    client = make()
    cut(client, "rights")
    client.files.prepare("rights")
    (pod,) = running(admin, volume.namespace)
    spec, meta = pod["spec"], pod["metadata"]
    (container,) = spec["containers"]
    assert not spec["automountServiceAccountToken"]
    assert spec["securityContext"]["runAsUser"] == 1000
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert meta["name"].startswith("mover-h-")
    assert meta["labels"]["netapp-jlab.io/owner"] == "h"
    claims = [one for one in spec["volumes"] if "persistentVolumeClaim" in one]
    assert [one["persistentVolumeClaim"]["readOnly"] for one in claims] == [True]
    assert "home" not in str(spec["volumes"]), "to look at a snapshot needs no live volume"
    assert [one.name for one in client.volumes.list().items] == ["home"], "its copy is no volume"


def test_restore_and_undo(make: MakeClient, volume: Volume, admin: Api) -> None:
    volume.write("work/plan.txt", "good\n")
    volume.write("work/keep.txt", "same\n")
    client = make()
    cut(client, "good")
    volume.write("work/plan.txt", "spoilt by somebody\n")
    volume.write("work/new.txt", "made since\n")
    volume.workspace.ok("rm", "work/keep.txt")

    order = RestoreOrder(paths=("work",), remove_extra=True)
    plan = client.restores.plan("good", order)
    assert (plan.create, plan.replace, plan.remove) == (1, 1, 1)

    done = wait(client, client.restores.start("good", order).id)
    assert done.state == "done", done
    assert (done.outcome.created, done.outcome.replaced, done.outcome.removed) == (1, 1, 1)
    assert volume.read("work/plan.txt") == "good\n"
    assert volume.read("work/keep.txt") == "same\n"
    assert volume.workspace.run("cat", "work/new.txt").code != 0
    assert client.snapshots.get(done.safety_snapshot).phase == "ready"

    undone = wait(client, client.operations.undo(done.id).id)
    assert undone.state == "done", undone
    assert volume.read("work/plan.txt") == "spoilt by somebody\n"
    assert volume.read("work/new.txt") == "made since\n"
    client.close()
    nothing_left(admin, volume.namespace)


def test_a_path_that_leads_nowhere(make: MakeClient, volume: Volume, admin: Api) -> None:
    client = make()
    cut(client, "nowhere")
    done = wait(client, client.restores.start("nowhere", RestoreOrder(paths=("no/such",))).id)
    assert (done.state, done.outcome) == ("failed", None)
    assert "no/such" in done.message
    client.close()
    nothing_left(admin, volume.namespace)


def test_cancel(make: MakeClient, volume: Volume, admin: Api, many: str) -> None:
    volume.workspace.ok("rm", "-r", "many")
    client = make()
    started = client.restores.start(many, RestoreOrder(paths=("many",)))
    until_begun(volume)
    client.operations.cancel(started.id)
    done = wait(client, started.id)
    assert done.state == "cancelled"
    left = volume.count()
    assert 0 < left < MANY
    time.sleep(1)
    assert volume.count() == left, "nothing goes on behind the user's back"
    nothing_left(admin, volume.namespace)
    undone = wait(client, client.operations.undo(started.id).id)
    assert undone.state == "done"
    assert volume.workspace.run("ls", "many").code != 0


def test_kill_of_our_process_and_another_takes_over(
    make: MakeClient, volume: Volume, admin: Api, many: str, kubeconfig: Path
) -> None:
    volume.workspace.run("rm", "-rf", "many")
    process = subprocess.Popen(
        [sys.executable, *script_arguments(settings(kubeconfig, volume.namespace), many)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    operation = process.stdout.readline().strip()
    until_begun(volume)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    (pod,) = running(admin, volume.namespace)
    client = make()
    client.start()
    done = wait(client, operation)
    assert done.state == "done", done
    assert volume.count() == MANY
    assert done.outcome.created >= MANY, "the helper went on, and its outcome was found"
    assert pod["metadata"]["name"].startswith("mover-h-")
    client.close()
    nothing_left(admin, volume.namespace)


def test_the_helper_is_deleted_in_the_middle(
    make: MakeClient, volume: Volume, admin: Api, many: str
) -> None:
    volume.workspace.run("rm", "-rf", "many")
    client = make()
    started = client.restores.start(many, RestoreOrder(paths=("many",)))
    until_begun(volume)
    (pod,) = running(admin, volume.namespace)
    name = pod["metadata"]["name"]
    admin.request("DELETE", f"{PODS.format(volume.namespace)}/{name}", {"gracePeriodSeconds": 0})
    done = wait(client, started.id)
    assert done.state == "done", done
    assert volume.count() == MANY
    client.close()
    nothing_left(admin, volume.namespace)


def test_it_is_removed_when_nobody_uses_it(make: MakeClient, volume: Volume, admin: Api) -> None:
    client = make(mover_idle_minutes=0.1)
    cut(client, "idle")
    client.start()
    client.files.list("idle")
    assert len(running(admin, volume.namespace)) == 1
    nothing_left(admin, volume.namespace)
    assert client.files.list("idle").total >= 1, "and is started again when it is needed"


def test_what_a_crash_leaves_is_swept(
    make: MakeClient, volume: Volume, admin: Api, kubeconfig: Path
) -> None:
    cut(make(), "crash")
    code = (
        "import json, sys, time; from netapp_jlab import Client\n"
        "client = Client(**json.loads(sys.argv[1])); client.files.prepare('crash')\n"
        "print('ready', flush=True); time.sleep(100)"
    )
    chosen = settings(kubeconfig, volume.namespace, mover_idle_minutes=0.1)
    arguments = script_arguments(chosen, "crash")[2:]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    eventually(
        lambda: [one["status"]["phase"] for one in movers(admin, volume.namespace)] == ["Succeeded"]
    )
    stranger = make(mover_owner="other")
    stranger.start()
    time.sleep(2)
    assert len(movers(admin, volume.namespace)) == 1, "it is not the stranger's"
    make().start()
    nothing_left(admin, volume.namespace)
