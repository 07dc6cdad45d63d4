"""Two hosts whose clocks are minutes apart: neither takes what the other one works on.

The clock that is off is a function in the other process; the machine's own is left alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp_jlab.services import client as client_module
from netapp_jlab.services import records

from .api import Api, eventually
from .faults.scene import Scene, fill, tree

OTHER_HOST = """
import sys, threading
from datetime import datetime, timedelta, timezone

from netapp_jlab import Client
from netapp_jlab.models import CloneOrder
from netapp_jlab.services import clones, lease, records, runner

kubeconfig, namespace, minutes = sys.argv[1:]
off = lambda: datetime.now(timezone.utc) + timedelta(minutes=float(minutes))
for module in (clones, lease, runner):
    module.now = off
records._host = lambda: "another-host:1"
lease.RENEW = 1.0
clones.Clones.work = lambda self, held, tell: held.pause(600)  # the storage takes its time
client = Client(kubeconfig=kubeconfig, namespace=namespace)
print(client.clones.from_snapshot("good", CloneOrder(name="copy")).id, flush=True)
threading.Event().wait(600)
"""
FILES = {"a.csv": "1,2\n"}
TAKEOVER = 6.0
"""Seconds; instead of the real ones, in proportion to the renewals."""


@pytest.fixture
def scene(admin: Api, kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Scene]:
    """A namespace of its own."""
    made = Scene(admin, kubeconfig, namespace, tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("minutes", [-5, 5], ids=["behind", "ahead"])
def test_a_live_lease_is_left_alone_and_a_dead_one_is_taken_up(
    scene: Scene, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "TAKEOVER", TAKEOVER)
    monkeypatch.setattr(client_module, "SWEEP_EVERY", 0.5)
    fill(scene.volume("project1"), FILES)
    client = scene.client()
    scene.cut(client, "project1", "good")
    other = subprocess.Popen(
        [
            *(sys.executable, "-W", "ignore", "-c", OTHER_HOST),
            *(str(scene.kubeconfig), scene.namespace, str(minutes)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert other.stdout is not None
        operation = other.stdout.readline().strip()
        client.start()
        threading.Event().wait(TAKEOVER * 1.5)
        assert client.operations.get(operation).state == "running"
        assert not client.operations.get(operation).message
    finally:
        other.kill()
        other.communicate(timeout=20)
    eventually(lambda: client.operations.get(operation).state == "done", TAKEOVER * 5)
    assert tree(scene.files_of("copy")) == FILES
