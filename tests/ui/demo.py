"""The demo as a process, and what a test does behind the browser's back."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
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

    def operations(self) -> set[str]:
        """Ids of all operations."""
        return {entry["id"] for entry in self.rest("GET", "operations")["items"]}

    def wait_for_operation(self, known: set[str]) -> dict[str, Any]:
        """Wait until an operation that is not `known` has ended; returns it."""
        deadline = time.monotonic() + 30
        while True:
            for entry in self.rest("GET", "operations")["items"]:
                if entry["id"] not in known and entry["finished_at"]:
                    assert entry["state"] == "done", entry
                    return dict(entry)
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def take(self, volume: str, name: str, note: str) -> None:
        """Take a snapshot, and wait until it is cut."""
        self.rest("POST", f"volumes/{volume}/snapshots", {"name": name, "note": note})
        deadline = time.monotonic() + 30
        while self.rest("GET", f"snapshots/{name}")["phase"] != "ready":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    # --- The cluster ---

    def faults(self, **settings: object) -> None:
        """Switch on exactly these faults of the embedded cluster."""
        self.cluster("PUT", "/demo/faults", settings)

    def forget_faults(self) -> None:
        self.cluster("DELETE", "/demo/faults")

    def cluster(self, method: str, path: str, body: object = None) -> Any:
        """Ask the API server as an administrator; returns the decoded body."""
        return self.cluster_all(method, path, [body])[0]

    def cluster_all(self, method: str, path: str, bodies: Sequence[object]) -> list[Any]:
        """Ask the same with one body after the other, over one connection."""
        config = json.loads((self._home / "kubeconfig.admin").read_text())
        server = urllib.parse.urlsplit(config["clusters"][0]["cluster"]["server"])
        trust = ssl.create_default_context(cafile=str(self._home / "ca.crt"))
        headers = {
            "Authorization": f"Bearer {config['users'][0]['user']['token']}",
            "Content-Type": "application/json",
        }
        connection = http.client.HTTPSConnection(server.netloc, timeout=30, context=trust)
        answers = []
        for body in bodies:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status < 300, text
            answers.append(json.loads(text) if text else None)
        connection.close()
        return answers
