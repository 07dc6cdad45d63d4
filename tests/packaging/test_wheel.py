"""The wheel is complete: it installs into an empty environment that has no Node."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from netapp_jlab import __version__

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
DATA = f"netapp_jlab-{__version__}.data/data"
LABEXTENSION = f"{DATA}/share/jupyter/labextensions/netapp-jlab"


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Return what `command` printed; fail with it where it failed."""
    finished = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Build from a copy of the tree, so that nothing is left behind in it."""
    if not (ROOT / "netapp_jlab/labextension/static/style.js").exists():
        pytest.fail("the front end is not built: `make test` builds it first")
    copy = tmp_path_factory.mktemp("source")
    listed = run("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT).split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    shutil.copytree(ROOT / "netapp_jlab/labextension", copy / "netapp_jlab/labextension")
    run(sys.executable, "-m", "build", "--no-isolation", cwd=copy)
    return copy / "dist"


def test_the_wheel_carries_front_end_and_server_configuration(archives):
    (wheel,) = archives.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        f"{LABEXTENSION}/package.json",
        f"{LABEXTENSION}/install.json",
        f"{LABEXTENSION}/static/style.js",
        f"{DATA}/etc/jupyter/jupyter_server_config.d/netapp_jlab.json",
        "netapp_jlab/py.typed",
        "netapp_jlab/cli/__init__.py",
    } <= names
    assert any(n.startswith(f"{LABEXTENSION}/static/remoteEntry.") for n in names)
    assert any(n.startswith(f"{LABEXTENSION}/schemas/netapp-jlab/") for n in names)
    strays = ("netapp_jlab/labextension/", "node_modules", "tests/", "labextension/src")
    assert not [n for n in names if any(stray in n for stray in strays)]


def test_the_source_archive_can_be_built_from(archives):
    (archive,) = archives.glob("*.tar.gz")
    top = f"netapp_jlab-{__version__}"
    with tarfile.open(archive) as opened:
        names = set(opened.getnames())
    assert {
        f"{top}/pyproject.toml",
        f"{top}/LICENSE",
        f"{top}/labextension/package-lock.json",
        f"{top}/labextension/src/index.ts",
        f"{top}/netapp_jlab/labextension/static/style.js",
    } <= names
    assert not [n for n in names if "node_modules" in n]


def test_it_installs_and_is_enabled_without_node(archives, tmp_path):
    (wheel,) = archives.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    bin_ = tmp_path / "venv/bin"
    # Only the environment's own programs: no node, no npm, no jlpm of somebody else.
    env = {
        **os.environ,
        "PATH": str(bin_),
        "HOME": str(tmp_path),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
    }
    env.pop("PYTHONPATH", None)
    pinned = ROOT / ".ci/constraints.txt"
    run(bin_ / "pip", "install", "-q", "--no-compile", "-c", pinned, wheel, cwd=tmp_path, env=env)

    def out(*command: str) -> str:
        said = run(bin_ / command[0], *command[1:], cwd=tmp_path, env=env)
        return re.sub(r"\x1b\[\d+m|(?<=\S)  +", " ", said).replace("  ", " ")

    assert out("netapp-jlab", "--version") == f"netapp-jlab {__version__}\n"
    listed = out("jupyter", "labextension", "list")
    (line,) = [line for line in listed.splitlines() if "netapp-jlab" in line]
    assert "enabled" in line
    assert "OK" in line
    servers = out("jupyter", "server", "extension", "list")
    assert re.search(r"\bnetapp_jlab enabled", servers)
    assert re.search(rf"\bnetapp_jlab {re.escape(__version__)}? ?OK", servers)
