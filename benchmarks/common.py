"""What the benchmarks work on: a demo of their own, and connections to it."""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import queue
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import websocket
import yaml

ROOT = Path(__file__).resolve().parent.parent
NAMESPACE = "jupyter"
WORKSPACE = "claim-ada"
CLAIMS_OF = "/api/v1/namespaces/{}/persistentvolumeclaims"
SNAPSHOTS_OF = "/apis/snapshot.storage.k8s.io/v1/namespaces/{}/volumesnapshots"
CLAIMS, SNAPSHOTS = CLAIMS_OF.format(NAMESPACE), SNAPSHOTS_OF.format(NAMESPACE)
START_SECONDS = 120.0
ANSWER_SECONDS = 60.0


# --- Connections ----------------------------------------------------------------------------------


class Connection:
    """A kept-alive connection to one server.

    Parameters
    ----------
    url : str
        ``scheme://host:port``.
    token : str
        Value of the ``Authorization`` header.
    authority : str
        Certificates to trust, as PEM.
    pair : str
        Own certificate and its key, as PEM, in place of a token.
    """

    def __init__(self, url: str, token: str, authority: str = "", pair: str = "") -> None:
        where = urlsplit(url)
        host, port = where.hostname or "", where.port
        self._made: http.client.HTTPConnection
        if where.scheme == "https":
            trust = ssl.create_default_context(cadata=authority)
            if pair:
                _show(trust, pair)
            self._made = http.client.HTTPSConnection(
                host, port, context=trust, timeout=ANSWER_SECONDS
            )
        else:
            self._made = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = token

    def open(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> http.client.HTTPResponse:
        """Send a request and return the answer, its body unread."""
        sent = {**self._headers, **headers}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        self._made.request(method, path, data, sent)
        return self._made.getresponse()

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> bytes:
        """Send a request and return the body of its answer, which must be no error."""
        answer = self.open(method, path, body, **headers)
        read = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {read[:500]!r}")
        return read

    def patch(self, path: str, body: Any) -> bytes:
        """Send a JSON merge patch and return the body of its answer."""
        return self.send("PATCH", path, body, **{"Content-Type": "application/merge-patch+json"})

    def cut(self) -> None:
        """End what another thread reads, which has the lock that :meth:`close` waits for."""
        if self._made.sock is not None:
            self._made.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._made.close()


def _show(trust: ssl.SSLContext, pair: str) -> None:
    """Let a context show a certificate; the library wants it in a file, if only for a moment."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(pair)
        file.flush()
        trust.load_cert_chain(file.name)


class Arrivals:
    """What a stream brings, each with the moment at which it came; read in a thread."""

    def __init__(self, lines: Iterator[bytes | str], close: Callable[[], None]) -> None:
        self._lines = lines
        self._close = close
        self._came: queue.SimpleQueue[tuple[float, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, wanted: Callable[[Any], bool], seconds: float = 30.0) -> float:
        """Return when the first one came that is `wanted` (``time.perf_counter``)."""
        deadline = time.monotonic() + seconds
        while True:
            came, what = self._came.get(timeout=max(0.0, deadline - time.monotonic()))
            if wanted(what):
                return came

    def close(self) -> None:
        self._close()

    def _read(self) -> None:
        try:
            for line in self._lines:
                came = time.perf_counter()
                self._came.put((came, json.loads(line)))
        except (OSError, ValueError, http.client.HTTPException, websocket.WebSocketException):
            return  # closed, by this side or the other


def watch(connection: Connection, path: str) -> Arrivals:
    """Watch a collection from now on; the connection is used up."""
    version = json.loads(connection.send("GET", f"{path}?limit=1"))["metadata"]["resourceVersion"]
    stream = connection.open("GET", f"{path}?watch=true&resourceVersion={version}")
    return Arrivals(iter(stream.readline, b""), connection.cut)


def page_events(url: str, token: str) -> Arrivals:
    """Subscribe to the events of a Jupyter server as a page does."""
    address = f"{url.replace('http', 'ws', 1)}/api/events/subscribe"
    made = websocket.create_connection(
        address, header=[f"Authorization: token {token}"], timeout=ANSWER_SECONDS
    )
    return Arrivals(iter(made.recv, ""), made.shutdown)


# --- The demo -------------------------------------------------------------------------------------


@contextmanager
def temporary_home(where: str | None = None) -> Iterator[Path]:
    """Yield a folder that is removed afterwards."""
    home = tempfile.mkdtemp(prefix="netapp-jlab-bench-", dir=where)
    try:
        yield Path(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(command: list[str], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process of this repository, and end it afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdout=output, stderr=output, **options
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Demo:
    """A running demo: JupyterLab and its embedded cluster."""

    def __init__(self, home: Path, ready: dict[str, str]) -> None:
        self.home = home
        self.kubeconfig = ready["kubeconfig"]
        self.url = ready["url"].partition("/lab")[0]
        self.token = ready["token"]

    def jupyter(self) -> Connection:
        """Connect to the Jupyter server."""
        return Connection(self.url, f"token {self.token}")

    def cluster(self, *, admin: bool = False) -> Connection:
        """Connect to the API server, as the demo's user or as its administrator."""
        return connect(self.kubeconfig + (".admin" if admin else ""))

    def events(self) -> Arrivals:
        """Subscribe to the Jupyter server's events."""
        return page_events(self.url, self.token)

    def misbehave(self, **faults: Any) -> None:
        """Switch faults of the cluster (``netapp_jlab.demo.api.faults.Settings``)."""
        connection = self.cluster(admin=True)
        connection.send("PUT", "/demo/faults", faults)
        connection.close()


def connect(kubeconfig: str) -> Connection:
    """Connect to the API server of a kubeconfig with one cluster and one user."""
    found = yaml.safe_load(Path(kubeconfig).read_text(encoding="utf-8"))
    cluster, user = found["clusters"][0]["cluster"], found["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    if "token" in user:
        return Connection(cluster["server"], f"Bearer {user['token']}", authority)
    parts = (user["client-certificate-data"], user["client-key-data"])
    pair = "".join(base64.b64decode(part).decode() for part in parts)
    return Connection(cluster["server"], "", authority, pair)


@contextmanager
def demo(home: Path) -> Iterator[Demo]:
    """Start the demo in `home`, and end it afterwards."""
    ready, log = home / "ready.json", home / "demo.log"
    command = ["-m", "netapp_jlab", "demo", "--no-browser"]
    command += ["--home", str(home / "demo"), "--ready-file", str(ready)]
    with running(command, log) as process:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The demo did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield Demo(home / "demo", json.loads(ready.read_text(encoding="utf-8")))


def kubectl() -> str:
    """Return the kubectl to use: ``$KUBECTL``, that of the tests, else one in the PATH."""
    ours = ROOT / ".cache/bin/kubectl"
    found = os.environ.get("KUBECTL") or (str(ours) if ours.exists() else shutil.which("kubectl"))
    if not found:
        raise RuntimeError("There is no kubectl: name one in $KUBECTL, or `make test` builds one.")
    return found


# --- A cluster that is there already --------------------------------------------------------------

TEST_CLUSTER = ROOT / ".cache/cluster/run/kubeconfig"


def add_kubeconfig(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a cluster."""
    text = "of the cluster to use; default: the test cluster's (`make cluster`)"
    parser.add_argument("--kubeconfig", default=str(TEST_CLUSTER), help=text)


def given_kubeconfig(path: str) -> Path:
    """Return the kubeconfig to use, or end with what is wrong."""
    found = Path(path).expanduser()
    if not found.exists():
        raise SystemExit(f"There is no {found}: `make cluster` starts one, or name --kubeconfig.")
    return found


def conditions(cluster: Connection) -> dict[str, Any]:
    """Return what a result depends on: the API server's version, and how busy the machine is."""
    version = json.loads(cluster.send("GET", "/version"))["gitVersion"]
    return {"Kubernetes": version, **load()}


def load() -> dict[str, str]:
    """Return how busy the machine is."""
    return {"load before": f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"}
