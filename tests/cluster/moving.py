"""A volume of a user whose driver shows no snapshots, and clients outside of the cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netapp_jlab import Client
from netapp_jlab.models import SnapshotOrder

from .api import CLAIMS, PODS, Api, eventually
from .workspace import HOME, IMAGE, Workspace

MOVERS = "netapp-jlab.io/purpose=mover"
MANY = 3000
"""Files of :data:`FILL_MANY`: to bring them back takes some seconds."""
FILL_MANY = f"""
import os
for folder in range(30):
    os.makedirs(f"many/{{folder}}", exist_ok=True)
    for number in range({MANY} // 30):
        with open(f"many/{{folder}}/{{number}}", "wb") as file:
            file.write(bytes([number % 256]) * 20_000)
"""
COUNT = "import os; print(sum(len(names) for _, _, names in os.walk('many')))"


@dataclass(frozen=True)
class Volume:
    """The volume, in use by a user's pod."""

    workspace: Workspace

    @property
    def namespace(self) -> str:
        return self.workspace.namespace

    def python(self, code: str) -> str:
        """Run Python in the user's home, as the user."""
        return self.workspace.ok("python3", "-c", code).decode()

    def read(self, path: str) -> str:
        return self.workspace.ok("cat", f"{HOME}/{path}").decode()

    def write(self, path: str, text: str) -> None:
        self.workspace.ok(
            "sh", "-c", f"mkdir -p $(dirname {path}); cat > {path}", stdin=text.encode()
        )

    def count(self) -> int:
        return int(self.python(COUNT))


def settings(at: Path, namespace: str, **others: Any) -> dict[str, Any]:
    """Return settings of a client outside of the cluster."""
    return {
        "kubeconfig": str(at),
        "namespace": namespace,
        "mover_image": IMAGE,
        "mover_owner": "h",
        "ready_timeout": 90.0,
        "user": "ada",
        **others,
    }


def cut(client: Client, name: str) -> None:
    """Cut a snapshot of the user's volume and wait until it is ready."""
    client.snapshots.create("home", SnapshotOrder(name=name))
    client.snapshots.wait(name, timeout=60)


def movers(admin: Api, namespace: str) -> list[dict[str, Any]]:
    """Return the helper pods."""
    found = admin.ask("GET", PODS.format(namespace), labelSelector=MOVERS)
    items: list[dict[str, Any]] = found["items"]
    return items


def running(admin: Api, namespace: str) -> list[dict[str, Any]]:
    """Return those that are not going."""
    return [
        pod
        for pod in movers(admin, namespace)
        if "deletionTimestamp" not in pod["metadata"] and pod["status"]["phase"] != "Succeeded"
    ]


def nothing_left(admin: Api, namespace: str, seconds: float = 60.0) -> None:
    """Wait until no helper pod and none of their claims is left."""

    def gone() -> bool:
        claims = admin.ask("GET", CLAIMS.format(namespace), labelSelector=MOVERS)["items"]
        return not claims and not movers(admin, namespace)

    eventually(gone, seconds)


SCRIPT = """
import json, sys, time
from netapp_jlab import Client
from netapp_jlab.models import RestoreOrder
client = Client(**json.loads(sys.argv[1]))
client.start()
started = client.restores.start(sys.argv[2], RestoreOrder())
print(started.id, flush=True)
client.operations.wait(started.id, timeout=120)
"""


def script_arguments(chosen: dict[str, Any], snapshot: str) -> list[str]:
    """Return the arguments of Python for a process that restores."""
    return ["-c", SCRIPT, json.dumps(chosen), snapshot]
