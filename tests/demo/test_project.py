"""The sample project: believable, alike each time, and with a history that differs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nbformat
import pytest

from netapp_jlab.demo.project import access
from netapp_jlab.demo.project import seed as seeding
from netapp_jlab.demo.project.seed import seed
from netapp_jlab.k8s import naming

from .world import World

NAMESPACE = "jupyter"


@pytest.fixture
def seeded(world: World) -> World:
    seed(world.store, world.storage)
    return world


def _folder(world: World, claim: str) -> Path:
    return Path(world.storage.path(world.bound(claim, NAMESPACE)["spec"]["volumeName"]))


def _snapshots(world: World) -> dict[str, dict]:
    items = world.store.list("VolumeSnapshot", NAMESPACE).items
    return {item["metadata"]["name"]: item for item in items}


def _tree(world: World, snapshot: str) -> Path:
    bound = _snapshots(world)[snapshot]["status"]["boundVolumeSnapshotContentName"]
    content = world.find("VolumeSnapshotContent", bound, None)
    return Path(world.storage.path(content["status"]["snapshotHandle"]))


def test_project(seeded: World) -> None:
    workspace = _folder(seeded, "claim-ada")
    names = {str(file.relative_to(workspace)) for file in workspace.rglob("*") if file.is_file()}
    assert {name for name in names if not name.startswith((".snapshot", "shared"))} == {
        "README.md",
        "data/rides.csv",
        "data/stations.csv",
        "data/weather.csv",
        "notebooks/1-explore-rides.ipynb",
        "notebooks/2-forecast.ipynb",
        "results/forecast.csv",
        "results/next.md",
    }
    assert (workspace / "shared" / "README.md").exists()
    rides = list(csv.DictReader((workspace / "data/rides.csv").read_text().splitlines()))
    assert len(rides) == 32_486
    assert max(float(ride["distance"]) for ride in rides) < 20
    for path in (workspace / "notebooks").iterdir():
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert all(cell.outputs for cell in notebook.cells if "def bars" in cell.source)
    forecast = (workspace / "notebooks/2-forecast.ipynb").read_text()
    assert "mean absolute error: 35.9 rides a day" in forecast


def test_history_is_in_the_past_and_differs(seeded: World) -> None:
    snapshots = _snapshots(seeded)
    order = ["fresh-data", "first-look", "distances-corrected", "nightly", "forecast-works"]
    times = [snapshots[name]["status"]["creationTime"] for name in order]
    assert times == sorted(times)
    assert times == [snapshots[name]["metadata"]["creationTimestamp"] for name in order]
    claim = seeded.find("PersistentVolumeClaim", "claim-ada", NAMESPACE)
    assert claim["metadata"]["creationTimestamp"] < times[0]
    for name in order:
        meta = snapshots[name]["metadata"]
        assert meta["labels"][naming.VOLUME_UID] == claim["metadata"]["uid"]
        assert meta["annotations"][naming.NOTE]
        assert meta["annotations"][naming.AUTHOR] in ("ada", "schedule")
        assert json.loads(meta["annotations"][naming.ORIGIN])["kind"]
    before, after = _tree(seeded, "first-look"), _tree(seeded, "distances-corrected")
    old, new = before / "data/rides.csv", after / "data/rides.csv"
    assert old.read_text() != new.read_text()
    assert old.stat().st_mtime < new.stat().st_mtime
    same = "data/weather.csv"
    assert (before / same).stat().st_mtime_ns == (after / same).stat().st_mtime_ns
    assert (before / "ideas.txt").exists()
    assert not (_tree(seeded, "nightly") / "ideas.txt").exists()
    assert not (_tree(seeded, "nightly") / "results").exists()


def test_account_has_the_rights_that_are_shipped() -> None:
    yaml = pytest.importorskip("yaml")
    shipped = {}
    for name in ("read", "snapshot", "full", "classes"):
        text = (Path(__file__).parents[2] / "rbac" / "roles" / name / "role.yaml").read_text()
        for document in yaml.safe_load_all(text):
            if document["kind"] == "ClusterRole":
                shipped[document["metadata"]["name"]] = document["rules"]
    assert shipped == {**access.IN_NAMESPACE, **access.CLUSTER_WIDE}


def test_seeding_leaves_no_hook(seeded: World) -> None:
    assert not any("_mutate" in hook.__name__ for hook in seeded.store.mutation)
    pod = seeded.find("Pod", "jupyter-ada", NAMESPACE)
    assert pod["status"]["phase"] == "Running"


def test_controllers_that_do_nothing_are_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "_PATIENCE", 0.2)
    world.controllers.stop()
    with pytest.raises(
        TimeoutError, match=r"PersistentVolumeClaim jupyter/shared-datasets did not"
    ):
        seed(world.store, world.storage)
