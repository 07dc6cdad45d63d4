"""What Binder runs: ``postBuild`` once, ``start`` for every user, in this repository."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from .test_launcher import ROOT, SNAPSHOTS, kubernetes, wait_gone

BINDER = ROOT / "binder"


def test_post_build(tmp_path: Path) -> None:
    """It installs this repository; ``pip`` itself is not run here, only asked for."""
    log = tmp_path / "log"
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\necho "python $*" >> {log}\n')
    python.chmod(0o755)
    repository = tmp_path / "repository"
    (repository / "labextension" / "node_modules" / "x").mkdir(parents=True)
    env = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"}
    subprocess.run([BINDER / "postBuild"], cwd=repository, env=env, check=True, timeout=30)
    assert log.read_text() == "python -m pip install --no-cache-dir .\n"
    assert not (repository / "labextension" / "node_modules").exists()


def test_environment_has_what_post_build_needs() -> None:
    yaml = pytest.importorskip("yaml")
    environment = yaml.safe_load((BINDER / "environment.yml").read_text())
    assert {"python=3.11", "pip"} <= set(environment["dependencies"])
    assert any(item.startswith("nodejs") for item in environment["dependencies"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _get(url: str) -> dict:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


def test_start_serves_the_demo(tmp_path: Path) -> None:
    port = _free_port()
    home = tmp_path / "home"
    jupyter = [
        *("jupyter-lab", "--ip=127.0.0.1", f"--port={port}", "--no-browser", "--allow-root"),
        *("--ServerApp.base_url=/user/x/", "--IdentityProvider.token=secret"),
        *("--ServerApp.trust_xheaders=True",),
    ]
    env = {
        **os.environ,
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    for name in ("XDG_DATA_HOME", "KUBECONFIG", "JUPYTER_CONFIG_DIR"):
        env.pop(name, None)
    home.mkdir()
    log = tmp_path / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [BINDER / "start", *jupyter], cwd=ROOT, env=env, stdout=output, stderr=output
        ) as process,
    ):
        try:
            base = f"http://127.0.0.1:{port}/user/x"
            _wait_for(process, f"{base}/api/status?token=secret", log)
            listing = _get(f"{base}/api/contents?token=secret")["content"]
            assert {entry["name"] for entry in listing} >= {"README.md", "notebooks", "shared"}
            folder = home / ".local" / "share" / "netapp-jlab" / "demo"
            snapshots = kubernetes(folder / "kubeconfig", SNAPSHOTS)["items"]
            assert len(snapshots) == 7
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            cluster = [int(pid) for pid in children.split()]
            assert cluster
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        wait_gone(cluster)


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            _get(url)
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        else:
            return


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [((), 2, "usage:"), (("no-such-program",), 127, "no-such-program: No such file")],
)
def test_start_without_a_server(
    tmp_path: Path, command: tuple[str, ...], code: int, says: str
) -> None:
    env = {
        **os.environ,
        "NETAPP_JLAB_DEMO_HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [BINDER / "start", *command],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert says in done.stderr
