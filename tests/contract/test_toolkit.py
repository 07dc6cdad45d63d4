"""The NetApp DataOps Toolkit, as it comes from PyPI, does its whole work on the cluster.

Its functions wait in steps of five seconds, so they are all run in one test.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

VERSION = "3.1.0"
CLIENT = "kubernetes~=35.0"
"""The oldest client that it takes: 37 refuses the claims that its ``create_volume`` builds."""
ROOT = Path(__file__).parents[2]
VENV = ROOT / ".cache" / "toolkit-venv"

# Reads {"call", "arguments"} a line, and answers {"result"} or {"error"}.
DRIVER = """
import json, sys
from netapp_dataops import k8s
answers = sys.stdout
sys.stdout = sys.stderr  # where its own messages may go
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"result": getattr(k8s, asked["call"])(**asked["arguments"])}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer, default=str), file=answers, flush=True)
"""

Toolkit = Callable[..., Any]


@pytest.fixture(scope="module")
def toolkit_python() -> str:
    """The Python of an environment with the toolkit in it, made once and kept."""
    done = VENV / f".with-toolkit-{VERSION}"
    python = VENV / "bin" / "python"
    if not done.exists():
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        toolkit = f"netapp-dataops-k8s=={VERSION}"
        install = [str(python), "-m", "pip", "install", "-q", toolkit, CLIENT]
        subprocess.run(install, check=True, timeout=600)
        done.touch()
        print(f"installed netapp-dataops-k8s {VERSION} in {time.monotonic() - began:.0f} s")
    return str(python)


@pytest.fixture
def toolkit(cluster: Any, toolkit_python: str, tmp_path: Path) -> Iterator[Toolkit]:
    """Calls a function of the toolkit in the cluster's namespace."""
    env = {"KUBECONFIG": str(cluster.kubeconfig), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [toolkit_python, "-c", DRIVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=env,
        ) as driver,
    ):
        assert driver.stdin is not None
        assert driver.stdout is not None

        def call(function: str, **arguments: Any) -> Any:
            arguments.setdefault("namespace", cluster.namespace)
            driver.stdin.write(json.dumps({"call": function, "arguments": arguments}) + "\n")
            driver.stdin.flush()
            line = driver.stdout.readline()
            assert line, (tmp_path / "log").read_text()
            answer = json.loads(line)
            assert "error" not in answer, f"{function}: {answer['error']}"
            return answer["result"]

        try:
            yield call
        finally:
            driver.kill()


@pytest.fixture
def snapshot_class(cluster: Any) -> str:
    """The toolkit wants to be told a class; any of the default driver's does."""
    with config.new_client_from_config(str(cluster.kubeconfig)) as api:
        classes = client.CustomObjectsApi(api).list_cluster_custom_object(
            "snapshot.storage.k8s.io", "v1", "volumesnapshotclasses"
        )
    return str(classes["items"][0]["metadata"]["name"])


@pytest.mark.slow
@pytest.mark.timeout(900)  # the first time it is installed
def test_toolkit_unchanged(cluster: Any, toolkit: Toolkit, snapshot_class: str) -> None:
    toolkit("create_volume", pvc_name="project1", volume_size="1Gi")
    (volume,) = toolkit("list_volumes")
    assert volume["PersistentVolumeClaim (PVC) Name"] == "project1"
    assert (volume["Status"], volume["Size"], volume["Clone"]) == ("Bound", "1Gi", "No")
    _write(cluster, "project1", "before")

    name = toolkit(
        "create_volume_snapshot", pvc_name="project1", volume_snapshot_class=snapshot_class
    )
    assert name.startswith("ntap-dsutil.")
    (snapshot,) = toolkit("list_volume_snapshots")
    assert snapshot["VolumeSnapshot Name"] == name
    assert snapshot["Ready to Use"] is True
    assert snapshot["Source PersistentVolumeClaim (PVC)"] == "project1"

    _write(cluster, "project1", "spoilt")
    toolkit("clone_volume", new_pvc_name="copy", source_pvc_name="project1",
            source_snapshot_name=name, volume_snapshot_class=snapshot_class)  # fmt: skip
    volumes = {
        entry["PersistentVolumeClaim (PVC) Name"]: entry for entry in toolkit("list_volumes")
    }
    assert volumes["copy"]["Clone"] == "Yes"
    assert volumes["copy"]["Source PVC"] == "project1"
    assert volumes["copy"]["Source VolumeSnapshot"] == name
    _check(cluster, "copy", "before")
    _check(cluster, "project1", "spoilt")

    toolkit("restore_volume_snapshot", snapshot_name=name)
    _check(cluster, "project1", "before")

    toolkit("delete_volume", pvc_name="copy")
    toolkit("delete_volume_snapshot", snapshot_name=name)
    assert toolkit("list_volume_snapshots") == []
    toolkit("delete_volume", pvc_name="project1")
    assert toolkit("list_volumes") == []


def _file(cluster: Any, claim: str) -> Path | None:
    folder = cluster.volume_path(claim)
    return None if folder is None else Path(folder) / "data.txt"


def _write(cluster: Any, claim: str, text: str) -> None:
    file = _file(cluster, claim)
    if file is not None:  # where volumes can be reached from here
        file.write_text(text)


def _check(cluster: Any, claim: str, text: str) -> None:
    file = _file(cluster, claim)
    if file is not None:
        assert file.read_text() == text
