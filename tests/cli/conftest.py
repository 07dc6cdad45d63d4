"""The command line on the cluster under test, with one volume mounted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import pytest

from netapp_jlab.cli import main
from netapp_jlab.models import ErrorBody

T = TypeVar("T")


class Result(NamedTuple):
    """What a run of the command line left."""

    code: int
    out: str
    err: str

    def model(self, kind: type[T]) -> T:
        """Return standard output as one of the models, strictly."""
        return msgspec.json.decode(self.out, type=kind, strict=True)

    def json(self) -> Any:
        return json.loads(self.out)

    def error(self) -> ErrorBody:
        """Return standard error as the JSON body of an error."""
        return msgspec.json.decode(self.err, type=ErrorBody, strict=True)


Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _no_configuration_of_this_machine(monkeypatch, tmp_path):
    """Neither the kubeconfig nor the Jupyter configuration of who runs the tests counts."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter"))
    for name in ("KUBECONFIG", "JUPYTER_CONFIG_PATH", "JUPYTERHUB_USER", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def here(cluster) -> list[str]:
    """The options that lead to the cluster under test."""
    return ["--kubeconfig", str(cluster.kubeconfig), "-n", cluster.namespace, "--timeout", "10"]


@pytest.fixture
def run(here, capsys) -> Run:
    """Run the command line in this process."""

    def run(*argv: str) -> Result:
        capsys.readouterr()
        code = main([*here, *argv])
        return Result(int(code), *capsys.readouterr())

    return run


@pytest.fixture
def ok(run) -> Run:
    """Run it and expect success."""

    def ok(*argv: str) -> Result:
        result = run(*argv)
        assert result.code == 0, result.err
        return result

    return ok


@pytest.fixture
def volume(ok) -> str:
    """A bound, empty volume."""
    ok("volumes", "create", "project1", "--size", "1Gi", "--note", "for the tests")
    return "project1"


@pytest.fixture
def root(cluster, volume, here) -> Path:
    """The volume mounted: its folder with three files, also known to `run`."""
    path = Path(cluster.volume_path(volume))
    here += ["--mount", f"{volume}={path}", "--workspace", volume]
    (path / "data").mkdir()
    (path / "data" / "a.csv").write_text("1,2,3\n")
    (path / "data" / "b.csv").write_text("4,5,6\n")
    (path / "model.ipynb").write_text("{}\n")
    return path
