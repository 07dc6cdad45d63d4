"""The demo as a process, and what a test does behind the browser's back."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "netapp_jlab" / "labextension"
PATIENCE = 100.0


class Demo:
    """``netapp-jlab demo`` with this tree's front end.

    Attributes
    ----------
    url, token : str
        Of JupyterLab.
    workspace : Path
        The files of the workspace.
    """

    def __init__(self, folder: Path) -> None:
        assert (BUILT / "package.json").exists(), (
            "build the front end first: npm install && npm run build, in labextension/"
        )
        self._folder = folder
        self._home = folder / "home"
        self._ready = folder / "ready.json"
        self.url = self.token = ""
        self.workspace = self._home / "workspace"

    def __enter__(self) -> Demo:  # noqa: PYI034 - Self is newer than Python 3.10
        extensions = self._folder / "jupyter" / "labextensions"
        extensions.mkdir(parents=True)
        (extensions / "netapp-jlab").symlink_to(BUILT, target_is_directory=True)
        command = [sys.executable, "-m", "netapp_jlab", "demo", "--no-browser", "--port", "0"]
        command += ["--home", str(self._home), "--ready-file", str(self._ready)]
        env = {
            **os.environ,
            "JUPYTER_PATH": str(extensions.parent),
            "JUPYTERLAB_WORKSPACES_DIR": str(self._folder / "workspaces"),
            "PYTHONPATH": str(ROOT),
        }
        log = (self._folder / "log").open("wb")
        self._process = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=self._folder)
        log.close()
        deadline = time.monotonic() + PATIENCE
        while not self._ready.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(f"no demo:\n{(self._folder / 'log').read_text()}")
            time.sleep(0.1)
        told = json.loads(self._ready.read_text())
        self.url, self.token = told["url"], told["token"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)

    # --- The REST interface, for what a test prepares or looks up ---

    def setting(self, plugin: str, **values: object) -> None:
        """Write the user's settings of a plugin of JupyterLab."""
        self._ask("PUT", f"lab/api/settings/{plugin}", {"raw": json.dumps(values)})

    def rest(self, method: str, path: str, body: object = None) -> Any:
        """Ask the server extension; returns the decoded body."""
        return self._ask(method, f"netapp-jlab/{path}", body)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        parts = urllib.parse.urlsplit(self.url)
        request = urllib.request.Request(
            f"{parts.scheme}://{parts.netloc}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def snapshots(self, volume: str) -> list[dict[str, Any]]:
        return list(self.rest("GET", f"volumes/{volume}/snapshots")["items"])

    # --- The cluster ---

    def faults(self, **settings: object) -> None:
        """Switch on exactly these faults of the embedded cluster."""
        self.cluster("PUT", "/demo/faults", settings)

    def forget_faults(self) -> None:
        self.cluster("DELETE", "/demo/faults")

    def cluster(self, method: str, path: str, body: object = None) -> Any:
        """Ask the API server as an administrator."""
        config = json.loads((self._home / "kubeconfig.admin").read_text())
        server = config["clusters"][0]["cluster"]["server"]
        request = urllib.request.Request(
            server + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {config['users'][0]['user']['token']}",
                "Content-Type": "application/json",
            },
        )
        trust = ssl.create_default_context(cafile=str(self._home / "ca.crt"))
        with urllib.request.urlopen(request, timeout=30, context=trust) as answer:
            text = answer.read()
        return json.loads(text) if text else None
