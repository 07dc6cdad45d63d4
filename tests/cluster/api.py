"""A real API server as one of its accounts sees it, by plain HTTP: no client stands between."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import urllib3
import yaml

from tests.contract.tools import find_kubectl

T = TypeVar("T")
PATIENCE = 60.0
CLAIMS = "/api/v1/namespaces/{}/persistentvolumeclaims"
PODS = "/api/v1/namespaces/{}/pods"
SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/namespaces/{}/volumesnapshots"
ACCOUNTS = "/api/v1/namespaces/{}/serviceaccounts"


@dataclass(frozen=True)
class Answer:
    """What the API server said."""

    status: int
    text: str

    @property
    def body(self) -> Any:
        """The answer's JSON."""
        return json.loads(self.text)

    @property
    def refused(self) -> bool:
        """Whether a right or a policy forbids it."""
        return self.status in (401, 403) or (
            self.status == 422 and "ValidatingAdmissionPolicy" in self.text
        )


class Api:
    """One account on one API server.

    Parameters
    ----------
    server : str
        Its address.
    authority : str
        File with its CA.
    token : str
        Bearer token; empty with a certificate.
    certificate : tuple[str, str] | None
        Files with a client certificate and its key.
    """

    def __init__(
        self,
        server: str,
        authority: str,
        *,
        token: str = "",
        certificate: tuple[str, str] | None = None,
    ) -> None:
        self.server = server
        self.authority = authority
        self.token = token
        cert, key = certificate or (None, None)
        self._pool = urllib3.PoolManager(ca_certs=authority, cert_file=cert, key_file=key)

    @classmethod
    def of_kubeconfig(cls, kubeconfig: Path) -> Api:
        """Return the account of a kubeconfig that has one cluster and one user."""
        found = yaml.safe_load(kubeconfig.read_text())
        cluster, user = found["clusters"][0]["cluster"], found["users"][0]["user"]
        folder = Path(tempfile.mkdtemp(prefix="netapp-jlab-test-"))
        authority = folder / "ca.crt"
        authority.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
        if "token" in user:
            return cls(cluster["server"], str(authority), token=user["token"])
        pair = (folder / "client.crt", folder / "client.key")
        for file, field in zip(pair, ("client-certificate-data", "client-key-data"), strict=True):
            file.touch(0o600)
            file.write_bytes(base64.b64decode(user[field]))
        return cls(cluster["server"], str(authority), certificate=(str(pair[0]), str(pair[1])))

    def as_token(self, token: str) -> Api:
        """Return another account on the same API server."""
        return Api(self.server, self.authority, token=token)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "",
        headers: Mapping[str, str] | None = None,
        **query: object,
    ) -> Answer:
        """Send a request and return the answer, whatever it is; `headers` come before ours."""
        sent = {"Accept": "application/json", **(headers or {})}
        if self.token and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            patch = "application/merge-patch+json"
            sent["Content-Type"] = content_type or (
                patch if method == "PATCH" else "application/json"
            )
        answer = self._pool.request(
            method,
            f"{self.server}{path}{'?' + urlencode(query) if query else ''}",
            headers=sent,
            body=None if body is None else json.dumps(body),
            timeout=PATIENCE,
            retries=False,
        )
        return Answer(answer.status, answer.data.decode())

    def ask(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """Send a request that must succeed, and return the answer's JSON."""
        answer = self.request(method, path, body, **options)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer.body

    def get(self, path: str) -> Any:
        """Return an object or a list."""
        return self.ask("GET", path)

    def create(self, path: str, body: object) -> Any:
        """Create an object in a collection."""
        return self.ask("POST", path, body)

    def token_of(self, namespace: str, account: str) -> str:
        """Return a real token of a service account, as the kubelet gets one for a pod."""
        path = f"{ACCOUNTS.format(namespace)}/{account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token: str = self.create(path, body)["status"]["token"]
        return token


def kubectl(kubeconfig: Path, *arguments: str, stdin: str | None = None) -> str:
    """Run kubectl and return what it prints; it must succeed."""
    done = subprocess.run(
        [find_kubectl(), "--kubeconfig", str(kubeconfig), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "HOME": tempfile.gettempdir()},
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def eventually(what: Callable[[], T], seconds: float = PATIENCE, every: float = 0.2) -> T:
    """Return the first true result of `what`; an assertion that fails counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = what()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        else:
            if found:
                return found
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(every)
