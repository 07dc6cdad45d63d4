"""What counts: the options, then the Jupyter configuration, then the defaults."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from netapp_jlab.cli import main
from netapp_jlab.cli.parser import parse
from netapp_jlab.cli.settings import settings
from netapp_jlab.config import Settings
from netapp_jlab.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path) -> Path:
    """The Jupyter configuration folder that the tests' environment names."""
    made = tmp_path / "jupyter"
    made.mkdir()
    return made


def made(*argv: str) -> Settings:
    return settings(parse(["volumes", *argv]))


def test_without_anything_the_defaults():
    assert made() == Settings()


def test_options():
    found = made(
        *("--namespace", "lab", "--kubeconfig", "/k", "--context", "c", "--workspace", "home"),
        *("--timeout", "5", "--ready-timeout", "60"),
        *("--mount", "home=/home/jovyan", "--mount", "data=/data"),
    )
    assert (found.namespace, found.kubeconfig, found.context) == ("lab", "/k", "c")
    assert (found.request_timeout, found.ready_timeout) == (5.0, 60.0)
    assert found.workspace_claim == "home"
    assert found.mounts == {"home": "/home/jovyan", "data": "/data"}


def test_the_jupyter_configuration_counts_and_options_win(folder):
    (folder / "jupyter_server_config.py").write_text(
        "c.NetAppJLab.namespace = 'configured'\n"
        "c.NetAppJLab.read_only = True\n"
        "c.NetAppJLab.kubeconfig = '~/k'\n"
        "c.NetAppJLab.worker_threads = 3\n"
        "c.ServerApp.port = 1\n"
    )
    assert made().namespace == "configured"
    assert made().read_only
    assert made().kubeconfig == str(folder.parent / "k")
    assert made("-n", "asked").namespace == "asked"


def test_json_configuration_with_mounts(folder):
    content = {"NetAppJLab": {"mounts": {"home": "/home"}, "undo_days": 2}}
    (folder / "jupyter_server_config.json").write_text(json.dumps(content))
    assert made().mounts == {"home": "/home"}
    assert made().undo_days == 2.0
    assert made("--mount", "data=/data").mounts == {"data": "/data"}


@pytest.mark.parametrize(
    "content",
    ["c.NetAppJLab.undo_days = 'many'\n", "raise RuntimeError('broken')\n", "c.NetAppJLab =\n"],
)
def test_a_wrong_configuration_is_said(folder, content, capsys):
    (folder / "jupyter_server_config.py").write_text(content)
    with pytest.raises(Invalid, match="Jupyter configuration"):
        made()
    assert main(["volumes", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["reason"] == "Invalid"
