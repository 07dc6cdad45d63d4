"""The cluster under test: the embedded one, or the one that an environment variable names."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from .clusters import PATIENCE, Cluster, Connection, Embedded, Ours

#: Runs the same tests on a real cluster.
KUBECONFIG = "NETAPP_JLAB_TEST_KUBECONFIG"


@pytest.fixture(scope="session")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A running cluster, for all tests of the session."""
    home: Path = tmp_path_factory.mktemp("cluster")
    given = os.environ.get(KUBECONFIG)
    made = _given(given, home) if given else Embedded(home)
    yield made
    made.stop()


def _given(kubeconfig: str, home: Path) -> Connection:
    kind = Ours if Ours.recognises(kubeconfig) else Connection
    return kind(kubeconfig, home)


@pytest.fixture
def cluster(connection: Connection) -> Iterator[Cluster]:
    """The cluster, with a fresh namespace that goes away with the test."""
    core = client.CoreV1Api(connection.api)
    name = f"test-{uuid.uuid4().hex[:10]}"
    core.create_namespace({"metadata": {"name": name}})
    _await_account(core, name)
    yield Cluster(connection, name)
    core.delete_namespace(name)


def _await_account(core: client.CoreV1Api, namespace: str) -> None:
    """Wait until pods can be created: a controller gives each namespace its account."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            core.read_namespaced_service_account("default", namespace)
        except ApiException as error:
            if error.status != 404 or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
