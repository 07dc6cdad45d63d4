"""The clusters that the contract tests run on: the embedded one, or any real one."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
import urllib3
from kubernetes import client, config

from netapp_jlab.demo.storage.layout import Layout
from tests.cluster.csi.orders import Orders
from tests.cluster.faults.proxy import Proxy, answer

from .embedded import ARRAY
from .tools import ROOT, find_kubectl

PATIENCE = 30.0
TROUBLED = 3
"""Watches that get an answer of :data:`TROUBLE` before one gets through."""
_EXPIRED = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
_EXPIRED |= {"message": "too old resource version", "reason": "Expired", "code": 410}
TROUBLE = {
    "cut": b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"type": "ADDED", "object": {"kind"',
    "expire": answer(410, json.dumps(_EXPIRED).encode(), Content_Type="application/json"),
    "status": answer(503, Retry_After="1"),
    "html": answer(503, b"<html>Bad gateway</html>", Content_Type="text/html"),
    "close": b"",
}
"""What a watch gets instead of events."""


class Connection:
    """A cluster, seen from the outside.

    Attributes
    ----------
    kubeconfig : str
        Its administrator's kubeconfig.
    server, token, authority : str
        Address, bearer token and CA file.
    """

    def __init__(self, kubeconfig: str, home: Path) -> None:
        self.kubeconfig = kubeconfig
        self.home = home
        self.api = config.new_client_from_config(kubeconfig)
        settings = self.api.configuration
        self.server = settings.host
        self.authority = settings.ssl_ca_cert
        # the key in which the client keeps it differs between its versions
        tokens = [str(key).removeprefix("Bearer ") for key in settings.api_key.values()]
        self.token = tokens[0] if tokens else ""

    def path_of(self, volume: str) -> Path | None:
        """Return where the files of a PersistentVolume can be reached from here."""
        return None

    def stop(self) -> None:
        """End everything that was started."""
        self.api.close()


class Ours(Connection):
    """The test cluster, whose storage lies on this machine and misbehaves when told to."""

    FAULTS: ClassVar = {
        "provision_delay": ("CreateVolume", "delay"),
        "snapshot_delay": ("CreateSnapshot", "delay"),
        "snapshot_failures": ("CreateSnapshot", "code"),
    }

    def __init__(self, kubeconfig: str, home: Path) -> None:
        super().__init__(kubeconfig, home)
        self._run = Path(kubeconfig).resolve().parent
        self._array = Layout(str(self._run / "csi"))

    @staticmethod
    def recognises(kubeconfig: str) -> bool:
        """Whether this is the kubeconfig of the test cluster."""
        return (Path(kubeconfig).resolve().parent / "csi" / "volumes").is_dir()

    def path_of(self, volume: str) -> Path | None:
        return Path(self._array.volume(volume))

    @contextmanager
    def faults(self, namespace: str, **settings: float) -> Iterator[None]:
        """Let the driver misbehave for one namespace; settings as on the embedded cluster."""
        orders: dict[str, dict[str, object]] = {}
        for name, value in settings.items():
            if name not in self.FAULTS:
                pytest.skip(f"{name} can not be ordered on a real cluster")
            call, what = self.FAULTS[name]
            orders[call] = {what: "INTERNAL" if what == "code" else value, "namespace": namespace}
        with Orders(self._run / "csi-faults").given(**orders):
            yield

    @contextmanager
    def troubled(self, effect: str) -> Iterator[str]:
        """Trouble a few watches, in a proxy before the API server; yields its kubeconfig."""
        proxy = Proxy.before_cluster(Path(self.kubeconfig))
        left = itertools.repeat(TROUBLE[effect], TROUBLED)
        proxy.instead = lambda asked: next(left, None) if asked.watches else None
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield str(proxy.kubeconfig(Path(folder)))
            finally:
                proxy.close()


class Embedded(Connection):
    """The embedded cluster, in a process of its own."""

    def __init__(self, home: Path) -> None:
        ready = home / "ready.json"
        self.log = home / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.contract.embedded", str(home), str(ready)],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + PATIENCE
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                pytest.fail(f"the embedded cluster did not start:\n{self.log.read_text()}")
            time.sleep(0.02)
        super().__init__(json.loads(ready.read_text())["kubeconfig"], home)

    def path_of(self, volume: str) -> Path | None:
        return Path(Layout(str(self.home / ARRAY)).volume(volume))

    def stop(self) -> None:
        super().stop()
        self.process.terminate()
        self.process.wait(PATIENCE)

    @contextmanager
    def faults(self, namespace: str, **settings: object) -> Iterator[None]:
        """Let the whole cluster misbehave; see :mod:`netapp_jlab.demo.api.faults`."""
        self._switch("PUT", settings)
        try:
            yield
        finally:
            self._switch("DELETE")

    @contextmanager
    def troubled(self, effect: str) -> Iterator[str]:
        """Trouble a few watches; yields the kubeconfig to use."""
        fault = {"effect": effect, "resources": ["volumesnapshots"], "verbs": ["watch"]}
        with self.faults("", answers=[{**fault, "after": 1, "count": TROUBLED}]):
            yield self.kubeconfig

    def _switch(self, method: str, settings: dict[str, object] | None = None) -> None:
        with urllib3.PoolManager(ca_certs=self.authority) as pool:
            answer = pool.request(
                method,
                f"{self.server}/demo/faults",
                headers={
                    "Authorization": f"Bearer {self.token}",
                    "Content-Type": "application/json",
                },
                body=json.dumps(settings or {}),  # urllib3 1.26 knows no json=
            )
        assert answer.status == 200, answer.data


class Cluster:
    """What a test gets: a cluster, and a namespace that nobody else uses."""

    def __init__(self, connection: Connection, namespace: str) -> None:
        self._connection = connection
        self.namespace = namespace
        self.kubeconfig = connection.kubeconfig
        self.server = connection.server
        self.token = connection.token
        self.authority = connection.authority
        faults = getattr(connection, "faults", None)
        #: ``with cluster.faults(snapshot_delay=3.0): …``; None where nothing can be ordered.
        self.faults = partial(faults, namespace) if faults is not None else None
        #: ``with cluster.troubled("html") as kubeconfig: …``; None where nothing can be ordered.
        self.troubled = getattr(connection, "troubled", None)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace and return what it prints; it must succeed."""
        done = self._run(arguments, stdin)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def kubectl_fails(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace and return its complaint; it must fail."""
        done = self._run(arguments, stdin)
        assert done.returncode != 0, f"kubectl {' '.join(arguments)} succeeded: {done.stdout}"
        return done.stderr

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a kubectl that goes on by itself."""
        return subprocess.Popen(
            self._command(arguments), stdout=subprocess.PIPE, text=True, env=self._environment()
        )

    def get(self, *arguments: str) -> Any:
        """Return what ``kubectl get … -o json`` prints."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def volume_path(self, claim: str) -> Path | None:
        """Return where the files of a bound claim can be reached from here."""
        core = client.CoreV1Api(self._connection.api)
        found = core.read_namespaced_persistent_volume_claim(claim, self.namespace)
        return self._connection.path_of(found.spec.volume_name)

    def _run(
        self, arguments: tuple[str, ...], stdin: str | None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(arguments),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE * 2,
            env=self._environment(),
        )

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        common = ("--kubeconfig", self.kubeconfig, "--namespace", self.namespace)
        return [find_kubectl(), *common, *arguments]

    def _environment(self) -> dict[str, str]:
        # kubectl keeps what it discovered in its home
        return {**os.environ, "HOME": str(self._connection.home)}
