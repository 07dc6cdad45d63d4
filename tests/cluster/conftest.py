"""Fixtures on the test cluster, which `make test-cluster` names in NETAPP_JLAB_TEST_KUBECONFIG."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from .api import ACCOUNTS, Api, eventually

VARIABLE = "NETAPP_JLAB_TEST_KUBECONFIG"

# Without a cluster there is nothing to test here; `make test` is complete without.
collect_ignore_glob = [] if os.environ.get(VARIABLE) else ["test_*.py"]


@pytest.fixture(scope="session")
def kubeconfig() -> Path:
    """The administrator's kubeconfig of the cluster."""
    return Path(os.environ[VARIABLE])


@pytest.fixture(scope="session")
def admin(kubeconfig: Path) -> Api:
    """The cluster's administrator."""
    return Api.of_kubeconfig(kubeconfig)


@pytest.fixture
def namespace(admin: Api) -> Iterator[str]:
    """A namespace that nobody else uses, with its default service account."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    account = f"{ACCOUNTS.format(name)}/default"
    eventually(lambda: admin.request("GET", account).status == 200)
    yield name
    admin.request("DELETE", f"/api/v1/namespaces/{name}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what stops programs of the cluster when all else has run."""
    items.sort(key=lambda item: item.get_closest_marker("disturbing") is not None)
