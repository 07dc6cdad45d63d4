from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from netapp_jlab.config import Settings
from netapp_jlab.k8s.client import Cluster

from .server import Answer, Script, Server, in_order


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers: ``serve(answer, …)`` answers in order, ``serve(script=…)`` as told."""
    servers = []

    def start(*answers: Answer, script: Script | None = None) -> Server:
        servers.append(Server(script or in_order(*answers)))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Connect to a server."""
    clusters = []

    def make(server: Server | str, token: str = "secret-token", **settings: Any) -> Cluster:
        url = server if isinstance(server, str) else server.url
        path = write_kubeconfig(tmp_path / "kubeconfig", url, token)
        fields = {"request_timeout": 5.0, "kubeconfig": str(path), **settings}
        clusters.append(Cluster(Settings(**fields)))
        return clusters[-1]

    yield make
    for cluster in clusters:
        cluster.close()


def write_kubeconfig(path: Path, url: str, token: str = "secret-token", **cluster: Any) -> Path:
    user: dict[str, Any] = {"token": token} if token else {}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [
            {"name": "test", "context": {"cluster": "c", "user": "u", "namespace": "lab"}},
            {"name": "other", "context": {"cluster": "c", "user": "u"}},
        ],
        "clusters": [{"name": "c", "cluster": {"server": url, **cluster}}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(content))
    return path
