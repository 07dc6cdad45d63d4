"""Where there is no cluster, or none that answers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time

import pytest

from netapp_jlab import __version__
from netapp_jlab.cli import main
from netapp_jlab.models import Status

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: test
contexts: [{{name: test, context: {{cluster: test, user: test, namespace: lab}}}}]
clusters: [{{name: test, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: test, user: {{token: secret}}}}]
"""


@pytest.fixture
def closed_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]  # bound, but nobody listens


def test_no_kubeconfig(capsys):
    assert main(["volumes", "--json"]) == 7
    error = json.loads(capsys.readouterr().err)
    assert error["reason"] == "NoCluster"
    assert "netapp-jlab demo" in error["hint"]


def test_doctor_says_so(capsys):
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "error: " in out
    assert "netapp-jlab demo" in out


def test_doctor_as_json_is_the_status(capsys):
    import msgspec

    assert main(["doctor", "--json"]) == 1
    status = msgspec.json.decode(capsys.readouterr().out, type=Status, strict=True)
    assert not status.connected
    assert [problem.reason for problem in status.problems] == ["NoCluster"]


@pytest.mark.parametrize("command", [["volumes"], ["snapshot", "a"], ["operations"]])
def test_an_api_server_that_is_not_there(capsys, tmp_path, closed_port, command):
    config = tmp_path / "config"
    config.write_text(KUBECONFIG.format(port=closed_port))
    began = time.monotonic()
    assert main(["--kubeconfig", str(config), "--timeout", "5", "--json", *command]) == 7
    assert json.loads(capsys.readouterr().err)["reason"] == "Unreachable"
    assert time.monotonic() - began < 20


def test_a_kubeconfig_that_is_none(capsys, tmp_path):
    config = tmp_path / "config"
    config.write_text("{[")
    assert main(["--kubeconfig", str(config), "volumes", "--json"]) != 0
    assert json.loads(capsys.readouterr().err)["message"]


def test_the_module_runs_and_is_quick():
    began = time.monotonic()
    finished = subprocess.run(
        [sys.executable, "-m", "netapp_jlab", "--version"],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert finished.stdout == f"netapp-jlab {__version__}\n"
    assert time.monotonic() - began < 5


def test_help_imports_neither_kubernetes_nor_jupyter():
    code = (
        "import sys\n"
        "from netapp_jlab.cli.parser import parse\n"
        "parse(['volumes'])\n"
        "heavy = {'kubernetes', 'jupyter_core', 'traitlets', 'tornado', 'netapp_jlab.services'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20
    )
    assert finished.stdout == "[]\n", finished.stderr


def test_a_reader_that_has_seen_enough(tmp_path):
    finished = subprocess.run(
        f"{sys.executable} -m netapp_jlab --help | true",
        shell=True,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert "Traceback" not in finished.stderr
