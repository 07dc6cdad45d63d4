"""A user's pod as a hub starts it: the image with JupyterLab, and a claim as the home."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.contract.tools import ROOT, find_kubectl

from .api import CLAIMS, PODS, Api, eventually

IMAGE = "netapp-jlab/user:test"
HOME = "/home/jovyan"
UID = 1000
COMMAND = ("python3", "-m", "netapp_jlab")
_RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/{}"


@dataclass(frozen=True)
class Done:
    """What a command left."""

    code: int
    out: bytes
    err: str


@dataclass(frozen=True)
class Workspace:
    """A running pod of a user.

    Attributes
    ----------
    pod, claim : str
        Names; the claim is mounted at :data:`HOME`.
    """

    admin: Api
    kubeconfig: Path
    namespace: str
    pod: str
    claim: str

    def run(self, *command: str, stdin: bytes = b"", seconds: float = 90) -> Done:
        """Run a command in the pod; bytes go in and come out as they are."""
        done = subprocess.run(
            [
                *(find_kubectl(), "--kubeconfig", str(self.kubeconfig), "-n", self.namespace),
                *("exec", "-i", self.pod, "--", *command),
            ],
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr.decode())

    def ok(self, *command: str, stdin: bytes = b"") -> bytes:
        """Run a command that must succeed, and return what it printed."""
        done = self.run(*command, stdin=stdin)
        assert done.code == 0, f"{command}: {done.out.decode(errors='replace')} {done.err}"
        return done.out

    def product(self, *arguments: str) -> bytes:
        """Run the command line, which must succeed, and return what it printed."""
        return self.ok(*COMMAND, *arguments)


def rules(*roles: str) -> list[dict[str, Any]]:
    """Return what some of ``rbac/roles/`` grant."""
    paths = [ROOT / "rbac" / "roles" / role / "role.yaml" for role in roles]
    documents = [one for path in paths for one in yaml.safe_load_all(path.read_text())]
    found = [one for one in documents if one["kind"] in ("Role", "ClusterRole")]
    return [rule for role in found for rule in role["rules"]]


def grant(admin: Api, namespace: str, account: str, *roles: str) -> None:
    """Make an account that may do, in its namespace, what these of ``rbac/roles/`` grant."""
    admin.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": account}})
    base = _RBAC.format(namespace)
    role = {"metadata": {"name": account}, "rules": rules(*roles)}
    admin.create(f"{base}/roles", role)
    admin.create(
        f"{base}/rolebindings",
        {
            "metadata": {"name": account},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": account,
            },
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        },
    )


def start(
    admin: Api,
    kubeconfig: Path,
    namespace: str,
    *,
    account: str,
    storage_class: str,
    claim: str = "home",
) -> Workspace:
    """Start a user's pod on a new claim; returns once it runs."""
    admin.create(
        CLAIMS.format(namespace),
        {
            "metadata": {"name": claim},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": storage_class,
                "resources": {"requests": {"storage": "1Gi"}},
            },
        },
    )
    pod = f"jupyter-{account}"
    admin.create(
        PODS.format(namespace),
        {
            "metadata": {"name": pod},
            "spec": {
                "serviceAccountName": account,
                "securityContext": {"runAsUser": UID, "runAsGroup": 100, "fsGroup": 100},
                "terminationGracePeriodSeconds": 0,
                "containers": [
                    {
                        "name": "notebook",
                        "image": IMAGE,
                        "imagePullPolicy": "Never",
                        "command": ["sleep", "infinity"],
                        "workingDir": HOME,
                        "env": [{"name": "HOME", "value": HOME}, {"name": "USER", "value": "ada"}],
                        "volumeMounts": [{"name": "home", "mountPath": HOME}],
                    }
                ],
                "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": claim}}],
            },
        },
    )
    path = f"{PODS.format(namespace)}/{pod}"
    eventually(lambda: admin.get(path)["status"]["phase"] == "Running")
    return Workspace(admin, kubeconfig, namespace, pod, claim)
