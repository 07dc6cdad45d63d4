"""A store, and a server in this process, for the tests of the API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp_jlab.demo.api.bootstrap import open_cluster
from netapp_jlab.demo.api.store import Store

from .serving import Api, Serving


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A fresh cluster's store, with the service account that pods need."""
    opened = open_cluster(str(tmp_path / "cluster.sqlite"))
    opened.create("ServiceAccount", {"metadata": {"name": "default", "namespace": "default"}})
    yield opened
    opened.close()


@pytest.fixture
def serving(store: Store, tmp_path: Path) -> Iterator[Serving]:
    """The store, served over HTTPS."""
    with Serving(store, tmp_path) as running:
        yield running


@pytest.fixture
def api(serving: Serving) -> Api:
    """The administrator's view of the server."""
    return serving.api()
