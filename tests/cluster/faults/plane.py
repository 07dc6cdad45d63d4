"""A control plane whose programs a test stops, starts and freezes."""

from __future__ import annotations

import base64
import json
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tests.cluster.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLLOWERS = (
    "kube-controller-manager",
    "kube-scheduler",
    "snapshot-controller",
    "csi-provisioner",
    "csi-snapshotter",
    "csi-resizer",
    "kubelet",
)
"""They look at their own copies of the past for up to a minute after the API server is back; those
that start anew list everything first."""
ETCD = "http://127.0.0.1:2379"


class Plane(Protocol):
    """What a test of faults needs of a control plane; names are those of the programs."""

    kubeconfig: Path

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a program."""

    def start(self, name: str) -> None:
        """Start it again, and wait until it can be used."""

    def etcd(self, call: str, **body: Any) -> Any:
        """Ask etcd by its JSON gateway (https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/)."""


class RealPlane:
    """The one of the test cluster."""

    def __init__(self) -> None:
        self._cluster = Cluster.running()
        self.kubeconfig = Path(self._cluster.kubeconfig)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a program."""
        self._cluster.kill(name, number)

    def start(self, name: str) -> None:
        """Start it again, and wait until the cluster is ready."""
        self._cluster.start(name)
        self._cluster.await_ready()
        if name == "kube-apiserver":
            for one in FOLLOWERS:
                if self._cluster.pid(one) is not None:
                    self._cluster.kill(one)
                self._cluster.start(one)
            self._cluster.await_ready()

    def etcd(self, call: str, **body: Any) -> Any:
        """Ask etcd, which listens inside the cluster's network only."""
        script = "import sys, urllib.request as u; sys.stdout.write(u.urlopen(u.Request("
        script += "sys.argv[1], sys.argv[2].encode()), timeout=10).read().decode())"
        command = ["python3", "-c", script, f"{ETCD}/v3/{call}", json.dumps(body)]
        return json.loads(self._cluster.exec(command))


@contextmanager
def without(plane: Plane, name: str) -> Iterator[None]:
    """Do without a program for the duration of a block: it is killed, which takes no time."""
    plane.kill(name)
    try:
        yield
    finally:
        plane.start(name)


def compact(plane: Plane) -> None:
    """Let etcd forget everything but the present, so that old resourceVersions answer 410."""
    revision = plane.etcd("kv/range", key=base64.b64encode(b"/none").decode())["header"]["revision"]
    plane.etcd("kv/compaction", revision=revision, physical=True)
