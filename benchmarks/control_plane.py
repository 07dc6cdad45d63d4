"""etcd and an API server for one benchmark: nobody else uses them, and no controller changes them.

The programs are those of the test cluster (``make cluster`` builds them).
"""

from __future__ import annotations

import base64
import http.client
import json
import queue
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import common
import connections
import yaml

BIN = common.ROOT / ".cache/cluster/bin"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WRITERS = 8
_MODULE = "github.com/kubernetes-csi/external-snapshotter/client/v8"
_READY_SECONDS = 60.0


@dataclass(frozen=True)
class ControlPlane:
    """A running one; it has the connections that a demo has.

    Attributes
    ----------
    kubeconfig : str
        Its path; the user may do everything.
    """

    kubeconfig: str

    def cluster(self) -> connections.Connection:
        """Connect to the API server."""
        return connections.connect(self.kubeconfig)


@contextmanager
def running(home: Path) -> Iterator[ControlPlane]:
    """Start one with the snapshot kinds and the demo's namespace, and end it afterwards."""
    for program in ("etcd", "kube-apiserver"):
        if not (BIN / program).exists():
            raise SystemExit(f"There is no {BIN / program}: `make cluster` builds it.")
    home.mkdir()
    clients, peers, port = _free_ports(3)
    etcd, token, key = f"http://127.0.0.1:{clients}", secrets.token_hex(16), home / "accounts.key"
    (home / "tokens.csv").write_text(f"{token},bench,bench,system:masters\n", encoding="utf-8")
    make_key = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"]
    subprocess.run([*make_key, "-out", str(key)], check=True)
    peer = f"http://127.0.0.1:{peers}"
    commands = [
        [
            "etcd",
            f"--data-dir={home}/etcd",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
        [
            "kube-apiserver",
            f"--etcd-servers={etcd}",
            f"--secure-port={port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={home}/pki",
            f"--token-auth-file={home}/tokens.csv",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            # There is no controller that would make the namespaces' default accounts.
            "--disable-admission-plugins=ServiceAccount",
        ],
    ]
    with ExitStack() as stack:
        started = [
            stack.enter_context(_program(command, home / f"{command[0]}.log"))
            for command in commands
        ]
        plane = ControlPlane(str(home / "kubeconfig"))
        _wait_until_up(home, port, token, started)
        _prepare(plane)
        yield plane


@contextmanager
def _program(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]], stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _wait_until_up(
    home: Path, port: int, token: str, started: list[subprocess.Popen[bytes]]
) -> None:
    """Wait for the certificate that the API server makes itself, and for its word."""
    certificate, kubeconfig = home / "pki" / "apiserver.crt", home / "kubeconfig"
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            authority = certificate.read_bytes()
            kubeconfig.write_text(_kubeconfig(port, token, authority), encoding="utf-8")
            connection = connections.connect(str(kubeconfig))
            connection.send("GET", "/readyz")
            connection.close()
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            ended = any(one.poll() is not None for one in started)
            if ended or time.monotonic() > deadline:
                log = (home / "kube-apiserver.log").read_text()[-2000:]
                raise RuntimeError(f"The API server did not start:\n{log}") from error
            time.sleep(0.2)
        else:
            return


def _kubeconfig(port: int, token: str, authority: bytes) -> str:
    encoded = base64.b64encode(authority).decode()
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": encoded}
    made = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "bench", "cluster": cluster}],
        "users": [{"name": "bench", "user": {"token": token}}],
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        "current-context": "bench",
    }
    return json.dumps(made)


def _prepare(plane: ControlPlane) -> None:
    find = ["go", "list", "-m", "-f", "{{.Dir}}", _MODULE]
    where = subprocess.run(
        find, cwd=common.ROOT / "tests/cluster", check=True, capture_output=True, text=True
    ).stdout.strip()
    cluster = plane.cluster()
    for file in sorted(Path(where).glob("config/crd/snapshot.storage.k8s.io_*.yaml")):
        cluster.send("POST", CRDS, _with_status(yaml.safe_load(file.read_text(encoding="utf-8"))))
    cluster.send("POST", "/api/v1/namespaces", {"metadata": {"name": common.NAMESPACE}})
    deadline = time.monotonic() + _READY_SECONDS
    while not _serves(cluster, common.SNAPSHOTS):
        if time.monotonic() > deadline:
            raise RuntimeError("The API server does not serve snapshots.")
        time.sleep(0.2)
    cluster.close()


def _with_status(kind: Any) -> Any:
    """Let objects of a kind be created with their status, in one request in place of two."""
    for version in kind["spec"]["versions"]:
        version.pop("subresources", None)
    return kind


def _serves(cluster: connections.Connection, path: str) -> bool:
    answer = cluster.open("GET", path)
    answer.read()
    return answer.status == 200


def create(plane: ControlPlane, objects: list[tuple[str, Any]]) -> dict[str, str]:
    """Create objects with their status, each given with the path of its collection.

    Returns
    -------
    dict[str, str]
        The uid that each name got.
    """
    waiting: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    for one in objects:
        waiting.put(one)
    uids: dict[str, str] = {}
    failed: list[Exception] = []

    def work() -> None:
        connection = plane.cluster()
        try:
            while not failed:
                path, body = waiting.get_nowait()
                made = json.loads(connection.send("POST", path, body))
                uids[made["metadata"]["name"]] = made["metadata"]["uid"]
                if not body.get("status", {}).items() <= made.get("status", {}).items():
                    made["status"] = body["status"]
                    connection.send("PUT", f"{path}/{body['metadata']['name']}/status", made)
        except queue.Empty:
            pass  # all is done
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            failed.append(error)
        finally:
            connection.close()

    _all_at_once(work, WRITERS)
    if failed:
        raise failed[0]
    return uids


def _all_at_once(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
