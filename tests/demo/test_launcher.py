"""``netapp-jlab demo`` as a whole: real processes, real files, real signals."""

from __future__ import annotations

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/namespaces/jupyter/volumesnapshots"


class Demo:
    """A running demo."""

    def __init__(self, home: Path, process: subprocess.Popen[str], ready: dict[str, str]) -> None:
        self.home = home
        self.process = process
        self.ready = ready
        self.lab = ready["url"].partition("/lab")[0]

    def jupyter(self, path: str, token: str | None = None) -> Any:
        token = self.ready["token"] if token is None else token
        return fetch(f"{self.lab}{path}", f"token {token}")

    def kubernetes(self, path: str, body: Any = None, method: str = "") -> Any:
        return kubernetes(Path(self.ready["kubeconfig"]), path, body, method)

    def pids(self) -> list[int]:
        """The launcher's children."""
        listing = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listing.split()]

    def child(self, word: str) -> int:
        return next(pid for pid in self.pids() if word in Path(f"/proc/{pid}/cmdline").read_text())


def fetch(url: str, authorization: str, body: Any = None, method: str = "", context: Any = None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method or None)
    request.add_header("Authorization", authorization)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=20, context=context) as answer:
        return json.load(answer)


def kubernetes(kubeconfig: Path, path: str, body: Any = None, method: str = "") -> Any:
    """Ask the API server as a kubeconfig says."""
    config = json.loads(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    return fetch(cluster["server"] + path, f"Bearer {user['token']}", body, method, context)


@contextmanager
def running(home: Path, *arguments: str) -> Iterator[Demo]:
    ready = home.parent / f"{home.name}.ready"
    ready.unlink(missing_ok=True)  # a killed demo leaves it
    command = [
        *(sys.executable, "-m", "netapp_jlab", "demo", "--no-browser"),
        *("--home", str(home), "--ready-file", str(ready), *arguments),
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while not ready.exists():
                if process.poll() is not None:
                    pytest.fail(process.stdout.read() if process.stdout else "")
                assert time.monotonic() < deadline, "not ready in time"
                time.sleep(0.05)
            yield Demo(home, process, json.loads(ready.read_text()))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def stop(demo: Demo, number: signal.Signals) -> str:
    """Send a signal and return what the demo said."""
    demo.process.send_signal(number)
    output = demo.process.communicate(timeout=30)[0]
    assert isinstance(output, str)
    return output


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 15
    while not all(map(gone, pids)):
        assert time.monotonic() < deadline, "children outlived the demo"
        time.sleep(0.05)


def test_first_start_and_restart(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as demo:
        _check_jupyter(demo)
        _check_rights(demo)
        _check_second_demo_is_refused(demo)
        address = json.loads((home / "kubeconfig").read_text())["clusters"][0]["cluster"]["server"]
        snapshot = {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshot",
            "metadata": {"name": "mine"},
            "spec": {"source": {"persistentVolumeClaimName": "claim-ada"}},
        }
        demo.kubernetes(SNAPSHOTS, snapshot)
        (home / "workspace" / "mine.txt").write_text("kept")
        pids = demo.pids()
        output = stop(demo, signal.SIGINT)
        assert demo.process.returncode == 0
        assert "JupyterLab is ready:" in output
        assert "Stopping the demo" in output
        assert not (tmp_path / "home.ready").exists()
        wait_gone(pids)
    with running(home) as demo:
        assert (home / "workspace" / "mine.txt").read_text() == "kept"
        names = [item["metadata"]["name"] for item in demo.kubernetes(SNAPSHOTS)["items"]]
        assert len(names) == 8
        assert "mine" in names
        again = json.loads((home / "kubeconfig").read_text())["clusters"][0]["cluster"]["server"]
        assert again == address
        _check_death_of_the_cluster(demo)


def _check_jupyter(demo: Demo) -> None:
    assert demo.ready["url"].startswith("http://127.0.0.1:")
    assert demo.ready["url"].endswith(f"/lab?token={demo.ready['token']}")
    for file in (demo.home.parent / "home.ready", demo.home / "kubeconfig"):
        assert file.stat().st_mode & 0o777 == 0o600
    listing = {entry["name"] for entry in demo.jupyter("/api/contents")["content"]}
    assert listing == {"README.md", "data", "notebooks", "results", "shared"}
    shared = demo.jupyter("/api/contents/shared/traffic")["content"]
    assert {entry["name"] for entry in shared} == {"counts-2024.csv", "counts-2025.csv"}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        demo.jupyter("/api/contents", token="wrong")
    news = demo.jupyter("/lab/api/settings/@jupyterlab/apputils-extension:notification")
    assert news["schema"]["properties"]["fetchNews"]["default"] == "false"


def _check_rights(demo: Demo) -> None:
    claims = demo.kubernetes("/api/v1/namespaces/jupyter/persistentvolumeclaims")["items"]
    assert [claim["metadata"]["name"] for claim in claims] == ["claim-ada", "shared-datasets"]
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "SelfSubjectReview",
    }
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    user = demo.kubernetes(path, review)["status"]["userInfo"]["username"]
    assert user == "system:serviceaccount:jupyter:ada"
    for path in ("/api/v1/namespaces/jupyter/secrets", "/api/v1/persistentvolumeclaims"):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            demo.kubernetes(path)
    demo.kubernetes("/apis/storage.k8s.io/v1/storageclasses")


def _check_second_demo_is_refused(demo: Demo) -> None:
    command = [sys.executable, "-m", "netapp_jlab", "demo", "--no-browser", "--home"]
    done = subprocess.run(
        [*command, str(demo.home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 5
    assert f"Another demo is running in {demo.home}" in done.stderr
    assert demo.process.poll() is None


def _check_death_of_the_cluster(demo: Demo) -> None:
    """Killed under its hands, the demo says so, with the last words, and ends JupyterLab too."""
    pids = demo.pids()
    os.kill(demo.child("launcher.serve"), signal.SIGKILL)
    output = demo.process.communicate(timeout=30)[0]
    assert demo.process.returncode == 1
    assert "The embedded cluster ended by signal SIGKILL" in output
    assert str(demo.home / "logs" / "cluster.log") in output
    wait_gone(pids)


def test_killed_launcher_leaves_nothing_running(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home, "--faults", '{"snapshot_delay": 30}') as demo:
        faults = kubernetes(home / "kubeconfig.admin", "/demo/faults")
        assert faults["snapshot_delay"] == 30
        pids = demo.pids()
        assert len(pids) == 2
        demo.process.kill()
        demo.process.wait(10)
        wait_gone(pids)
    with running(home, "--storage", str(home / "array")) as demo:
        os.kill(demo.child("jupyterlab"), signal.SIGKILL)
        output = demo.process.communicate(timeout=30)[0]
        assert "JupyterLab ended by signal SIGKILL" in output
    command = [sys.executable, "-m", "netapp_jlab", "demo", "--no-browser", "--home", str(home)]
    done = subprocess.run(
        [*command, "--storage", str(tmp_path / "elsewhere")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "The volumes of this demo are in" in done.stderr


def test_first_start_that_was_killed_begins_anew(tmp_path: Path) -> None:
    for seconds in (0.6, 0.9, 1.2, 1.5):
        reader, writer = os.pipe()
        with subprocess.Popen(
            [
                *(sys.executable, "-m", "netapp_jlab.demo.launcher.serve"),
                *("--home", str(tmp_path), "--ready-fd", str(writer)),
            ],
            cwd=ROOT,
            pass_fds=[writer],
        ) as process:
            os.close(writer)
            time.sleep(seconds)
            process.kill()
        os.close(reader)
    reader, writer = os.pipe()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "netapp_jlab.demo.launcher.serve"),
            *("--home", str(tmp_path), "--ready-fd", str(writer)),
        ],
        cwd=ROOT,
        pass_fds=[writer],
    ) as process:
        os.close(writer)
        with open(reader) as pipe:
            told = json.load(pipe)
        names = [
            item["metadata"]["name"]
            for item in kubernetes(Path(told["kubeconfig"]), SNAPSHOTS)["items"]
        ]
        assert len(names) == len(set(names)) == 7
        assert len(os.listdir(tmp_path / "array" / "volumes")) == 2
        process.terminate()
        assert process.wait(20) == 0
