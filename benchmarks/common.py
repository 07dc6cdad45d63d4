"""What the benchmarks work on: a demo of their own, and connections to it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import connections

ROOT = Path(__file__).resolve().parent.parent
NAMESPACE = "jupyter"
WORKSPACE = "claim-ada"
CLAIMS_OF = "/api/v1/namespaces/{}/persistentvolumeclaims"
SNAPSHOTS_OF = "/apis/snapshot.storage.k8s.io/v1/namespaces/{}/volumesnapshots"
CLAIMS, SNAPSHOTS = CLAIMS_OF.format(NAMESPACE), SNAPSHOTS_OF.format(NAMESPACE)
START_SECONDS = 120.0


# --- The demo -------------------------------------------------------------------------------------


@contextmanager
def temporary_home(where: str | None = None) -> Iterator[Path]:
    """Yield a folder that is removed afterwards."""
    home = tempfile.mkdtemp(prefix="netapp-jlab-bench-", dir=where)
    try:
        yield Path(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(command: list[str], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process of this repository, and end it afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdout=output, stderr=output, **options
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Demo:
    """A running demo: JupyterLab and its embedded cluster."""

    def __init__(self, home: Path, ready: dict[str, str]) -> None:
        self.home = home
        self.kubeconfig = ready["kubeconfig"]
        self.url = ready["url"].partition("/lab")[0]
        self.token = ready["token"]

    def jupyter(self) -> connections.Connection:
        """Connect to the Jupyter server."""
        return connections.Connection(self.url, f"token {self.token}")

    def cluster(self, *, admin: bool = False) -> connections.Connection:
        """Connect to the API server, as the demo's user or as its administrator."""
        return connections.connect(self.kubeconfig + (".admin" if admin else ""))

    def events(self) -> connections.Arrivals:
        """Subscribe to the Jupyter server's events."""
        return connections.page_events(self.url, self.token)

    def misbehave(self, **faults: Any) -> None:
        """Switch faults of the cluster (``netapp_jlab.demo.api.faults.Settings``)."""
        connection = self.cluster(admin=True)
        connection.send("PUT", "/demo/faults", faults)
        connection.close()


@contextmanager
def demo(home: Path) -> Iterator[Demo]:
    """Start the demo in `home`, and end it afterwards."""
    ready, log = home / "ready.json", home / "demo.log"
    command = ["-m", "netapp_jlab", "demo", "--no-browser"]
    command += ["--home", str(home / "demo"), "--ready-file", str(ready)]
    with running(command, log) as process:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The demo did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield Demo(home / "demo", json.loads(ready.read_text(encoding="utf-8")))


def kubectl() -> str:
    """Return the kubectl to use: ``$KUBECTL``, that of the tests, else one in the PATH."""
    ours = ROOT / ".cache/bin/kubectl"
    found = os.environ.get("KUBECTL") or (str(ours) if ours.exists() else shutil.which("kubectl"))
    if not found:
        raise RuntimeError("There is no kubectl: name one in $KUBECTL, or `make test` builds one.")
    return found


# --- A cluster that is there already --------------------------------------------------------------

TEST_CLUSTER = ROOT / ".cache/cluster/run/kubeconfig"


def add_kubeconfig(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a cluster."""
    text = "of the cluster to use; default: the test cluster's (`make cluster`)"
    parser.add_argument("--kubeconfig", default=str(TEST_CLUSTER), help=text)


def given_kubeconfig(path: str) -> Path:
    """Return the kubeconfig to use, or end with what is wrong."""
    found = Path(path).expanduser()
    if not found.exists():
        raise SystemExit(f"There is no {found}: `make cluster` starts one, or name --kubeconfig.")
    return found


def conditions(cluster: connections.Connection) -> dict[str, Any]:
    """Return what a result depends on: the API server's version, and how busy the machine is."""
    version = json.loads(cluster.send("GET", "/version"))["gitVersion"]
    return {"Kubernetes": version, **load()}


def load() -> dict[str, str]:
    """Return how busy the machine is."""
    return {"load before": f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"}
