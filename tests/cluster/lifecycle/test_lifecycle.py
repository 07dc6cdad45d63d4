"""Whatever happens to a cluster, `down` leaves nothing of it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .machine import NETWORK, ROOT, RUN, command, started, surroundings, traces

NOTHING = {
    "processes": [],
    "mounts": [],
    "devices": [],
    "namespaces": [],
    "cgroups": [],
    "folder": False,
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "left"},
    "spec": {
        "containers": [
            {"name": "c", "image": "netapp-jlab/user:test", "imagePullPolicy": "Never"}
            | {"command": ["sleep", "infinity"]}
        ],
    },
}
STAGES = {
    "its folder": RUN,
    "its network": Path("/run/netns") / NETWORK,
    "its mounts": RUN / "private" / "ready",
    "containerd": RUN / "containerd.sock",
    "the kubelet": RUN / "pid" / "kubelet",
    "the sidecars": RUN / "pid" / "csi-resizer",
}
STAGE_SECONDS = 60.0

pytestmark = pytest.mark.disturbing


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """Nothing is here before and after each test, and the machine is as before."""
    assert command("down").returncode == 0
    before = surroundings()
    yield
    done = command("down")
    assert done.returncode == 0, done.stderr
    assert traces() == NOTHING
    assert surroundings() == before


def test_a_cluster_of_which_anything_was_killed():
    done = command("up")
    assert done.returncode == 0, done.stderr
    assert f"Kubeconfig: {RUN}/kubeconfig" in done.stdout
    found = traces()
    assert all(found[one] for one in NOTHING), found
    _run_a_pod()
    for name in ("kubelet", "containerd", "mounts", "csi-driver"):
        assert command("kill", name).returncode == 0
    assert command("status").returncode == 1
    done = command("down")
    assert done.returncode == 0, done.stderr
    assert traces() == NOTHING
    assert not (ROOT / ".cache" / "cluster" / "run-199").is_symlink()
    assert (ROOT / ".cache" / "cluster" / "last-logs-199" / "kubelet.log").exists()


@pytest.mark.parametrize("stage", STAGES)
def test_a_start_that_was_killed(stage: str):
    start = started()
    try:
        deadline = time.monotonic() + STAGE_SECONDS
        while not STAGES[stage].exists():
            assert start.poll() is None, "it ended before"
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        start.kill()
        start.wait()
    again = command("up")
    assert again.returncode == 1
    assert "cluster-down" in again.stderr


def test_nothing_is_no_matter():
    assert command("status").returncode == 1
    done = command("exec", "--", "true")
    assert done.returncode == 1
    assert "make cluster" in done.stderr


def test_only_processes_of_the_cluster_are_ended():
    (RUN / "pid").mkdir(parents=True)
    (RUN / "owner").write_text(str(ROOT))
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (RUN / "pid" / "etcd").write_text(f"{bystander.pid} 1")  # the pid was used again
        assert command("down").returncode == 0
        assert bystander.poll() is None
    finally:
        bystander.send_signal(signal.SIGKILL)
        bystander.wait()


def test_the_cluster_of_another_repository_is_left_alone(tmp_path: Path):
    RUN.mkdir()
    (RUN / "owner").write_text(str(tmp_path))
    for words in ("down", "up"):
        done = command(words)
        assert done.returncode == 1
        assert str(tmp_path) in done.stderr
    assert RUN.exists()
    tmp_path.rmdir()  # nobody there could end it any more


def _run_a_pod() -> None:
    kubectl = [f"{ROOT}/.cache/cluster/bin/kubectl", f"--kubeconfig={RUN}/kubeconfig"]
    for words, stdin in (
        (["apply", "-f", "-"], json.dumps(POD)),
        (["wait", "--for=condition=Ready", "pod/left", "--timeout=60s"], ""),
    ):
        subprocess.run([*kubectl, *words], input=stdin, text=True, check=True, timeout=90)
    assert "sleep infinity " in traces()["processes"]
