"""A client of the product on the cluster under test, and volumes with files in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netapp_jlab import Client
from netapp_jlab.config import Settings
from netapp_jlab.models import Snapshot, SnapshotOrder, Volume, VolumeOrder

PATIENCE = 30.0


@pytest.fixture
def settings(cluster) -> Settings:
    return Settings(
        kubeconfig=str(cluster.kubeconfig),
        namespace=cluster.namespace,
        user="ada",
        request_timeout=10.0,
        ready_timeout=PATIENCE,
    )


@pytest.fixture
def make_client(settings) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(**overrides: object) -> Client:
        client = Client(settings, **overrides)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client) -> Client:
    return make_client()


@pytest.fixture
def volume(client) -> Volume:
    """A bound, empty volume “project1” of 1 GiB."""
    client.volumes.create(VolumeOrder(name="project1", size="1Gi"))
    return client.volumes.wait("project1", timeout=PATIENCE)


@pytest.fixture
def mounted(cluster, volume, make_client) -> tuple[Client, Path]:
    """A client that has “project1” mounted, and where."""
    path = cluster.volume_path("project1")
    assert path is not None
    client = make_client(mounts={"project1": str(path)}, workspace_claim="project1")
    return client, Path(path)


@pytest.fixture
def cut(client) -> Callable[..., Snapshot]:
    """Cut a snapshot of a volume and wait until it is ready."""

    def cut(volume: str = "project1", **order: object) -> Snapshot:
        made = client.snapshots.create(volume, SnapshotOrder(**order))
        return client.snapshots.wait(made.name, timeout=PATIENCE)

    return cut


def fill(root: Path, files: dict[str, str]) -> None:
    """Write text files below a folder."""
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def tree(root: Path) -> dict[str, str]:
    """Return all files below a folder, without the snapshots, as path to text."""
    found = {}
    for folder, folders, names in os.walk(root):
        if Path(folder) == root and ".snapshot" in folders:
            folders.remove(".snapshot")
        for name in names:
            place = Path(folder) / name
            found[str(place.relative_to(root))] = place.read_text()
    return found


@pytest.fixture(name="fill")
def fill_fixture() -> Callable[[Path, dict[str, str]], None]:
    return fill


@pytest.fixture(name="tree")
def tree_fixture() -> Callable[[Path], dict[str, str]]:
    return tree
