"""Jupyter servers for the benchmarks, with settings of their own and a clock on their start."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import common
import connections

_POLL = 0.005
_LAB = "from jupyterlab.labapp import main; sys.exit(main())"


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Attributes
    ----------
    seconds : float
        From its start to its first answer.
    """

    url: str
    token: str
    pid: int
    seconds: float

    def connect(self) -> connections.Connection:
        """Connect to it."""
        return connections.Connection(self.url, f"token {self.token}")


@contextmanager
def lab(
    folder: Path, config: dict[str, Any], *, preload: str = "", extensions: Path | None = None
) -> Iterator[Lab]:
    """Start JupyterLab, wait for its first answer, and end it afterwards.

    Parameters
    ----------
    folder : Path
        For its configuration, its files and its log.
    config : dict
        Its configuration, besides address and token; the user's is not read.
    preload : str
        Modules to import before it starts, separated by commas.
    extensions : Path | None
        The folder of its front-end extensions; None for none.
    """
    port, token = _free_port(), secrets.token_hex(16)
    folders = {name: folder / name for name in ("config", "data", "runtime", "files")}
    for each in folders.values():
        each.mkdir(parents=True, exist_ok=True)
    server = {
        "port": port,
        "port_retries": 0,
        "open_browser": False,
        "allow_root": True,
        "root_dir": str(folders["files"]),
        **config.get("ServerApp", {}),
    }
    lab_app = {
        "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "news_url": None,
        "labextensions_path": [str(extensions)] if extensions else [],
        "extra_labextensions_path": [],
    }
    whole = {
        **config,
        "ServerApp": server,
        "LabApp": lab_app,
        "IdentityProvider": {"token": token},
    }
    for name in ("jupyter_server_config.json", "jupyter_lab_config.json"):
        (folders["config"] / name).write_text(json.dumps(whole), encoding="utf-8")
    known = {name: text for name, text in os.environ.items() if not name.startswith("JUPYTER")}
    env = {
        **known,
        "JUPYTER_CONFIG_DIR": str(folders["config"]),
        "JUPYTER_DATA_DIR": str(folders["data"]),
        "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
    }
    code = f"import sys{', ' if preload else ''}{preload}; sys.argv[:] = ['jupyter-lab']; {_LAB}"
    began = time.perf_counter()
    with common.running(["-c", code], folder / "jupyter.log", env=env) as process:
        _wait_until_up(port, process.poll, folder / "jupyter.log")
        seconds = time.perf_counter() - began
        yield Lab(f"http://127.0.0.1:{port}", token, process.pid, seconds)


def demo_settings(demo: common.Demo) -> dict[str, Any]:
    """Return what the extension is told in the demo."""
    path = demo.home / "jupyter" / "config" / "jupyter_server_config.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    return {
        "NetAppJLab": known["NetAppJLab"],
        "ServerApp": {"jpserver_extensions": {"netapp_jlab": True}},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(port: int, ended: Any, log: Path) -> None:
    deadline = time.monotonic() + common.START_SECONDS
    while ended() is None and time.monotonic() < deadline:
        try:
            probe = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            probe.request("GET", "/api")
            probe.getresponse().read()
            probe.close()
        except OSError:
            time.sleep(_POLL)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
