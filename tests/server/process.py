"""A Jupyter server with the extension, and a cluster for it, as processes of their own."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import requests

import netapp_jlab

ROOT = Path(netapp_jlab.__file__).parent.parent
TOKEN = {"Authorization": "token t"}


class Server:
    """Starts at once; :attr:`url` answers when the constructor returns.

    Parameters
    ----------
    home : Path
        Directory for all that the process writes.
    module : str
        What ``python -m`` runs.
    *arguments : str
        Its arguments, after those that every test needs.
    """

    def __init__(self, home: Path, module: str, *arguments: str, **environment: str) -> None:
        home.mkdir(exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = home / "jupyter_server_config.json"
        config.write_text('{"ServerApp": {"jpserver_extensions": {"netapp_jlab": true}}}')
        self.log = home / "log"
        self.url = f"http://127.0.0.1:{port}/netapp-jlab"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-W", "ignore", "-m", module),
                    *("--no-browser", "--allow-root", f"--ServerApp.root_dir={home}"),
                    f"--ServerApp.port={port}",
                    *("--ServerApp.port_retries=0", "--IdentityProvider.token=t"),
                    *arguments,
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home)}
                | {"JUPYTER_CONFIG_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home / "run")}
                | environment,
            )
        self._wait()

    def get(self, path: str, **options: object) -> requests.Response:
        return requests.get(f"{self.url}/{path}", headers=TOKEN, timeout=20, **options)

    def get_in_vain(self, path: str) -> threading.Thread:
        """Ask in a thread, whether an answer comes or not."""

        def ask() -> None:
            with suppress(requests.RequestException):
                self.get(path)

        thread = threading.Thread(target=ask)
        thread.start()
        return thread

    def stop(self) -> float:
        """Ask it to end, and return the seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
        return time.monotonic() - began

    def _wait(self) -> None:
        for _ in range(300):
            try:
                requests.get(f"{self.url}/nothing", timeout=5)
            except requests.ConnectionError:
                time.sleep(0.1)
            else:
                return
            if self.process.poll() is not None:
                break
        self.process.kill()
        raise RuntimeError(self.log.read_text())


class Cluster:
    """The embedded cluster with its sample project; runs when the constructor returns.

    Attributes
    ----------
    kubeconfig : str
        Path of the kubeconfig of the demo's user.
    namespace : str
        That user's namespace.
    mounts : dict[str, str]
        Claim name to path.
    """

    def __init__(self, home: Path) -> None:
        home.mkdir()
        reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "netapp_jlab.demo.launcher.serve"),
                *("--home", str(home), "--ready-fd", str(writer)),
            ],
            pass_fds=[writer],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            if not select.select([pipe], [], [], 60)[0]:
                self.stop()
                raise TimeoutError("The embedded cluster did not start")
            told = json.loads(pipe.read())
        self.kubeconfig: str = told["kubeconfig"]
        self.namespace: str = told["namespace"]
        self.mounts: dict[str, str] = told["mounts"]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
