"""Keys, certificates and kubeconfigs, made anew at each start by openssl."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from .layout import API_SERVICE, INSIDE, KUBECONFIG, NODE, PKI, SERVER
from .shell import run

DAYS = "7"
SANS = ",".join(
    [
        "DNS:localhost",
        "DNS:kubernetes",
        "DNS:kubernetes.default",
        "DNS:kubernetes.default.svc",
        *(f"IP:{address}" for address in ("127.0.0.1", API_SERVICE, INSIDE)),
    ]
)
CLIENTS = {
    "admin": "/O=system:masters/CN=admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "proxy": "/CN=system:kube-proxy",
    "kubelet": f"/O=system:nodes/CN=system:node:{NODE}",
}


def make() -> None:
    """Make everything in :data:`~tests.cluster.layout.PKI`, and the administrator's kubeconfig."""
    PKI.mkdir(parents=True, exist_ok=True)
    PKI.chmod(0o700)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made = ["-keyout", f"{PKI}/ca.key", "-out", f"{PKI}/ca.crt", "-days", DAYS]
    run(["openssl", "req", "-x509", *key, *made, "-subj", "/CN=netapp-jlab-cluster"])
    for name, subject in {"apiserver": "/CN=kube-apiserver", **CLIENTS}.items():
        request = f"{PKI}/{name}.csr"
        made = ["-keyout", f"{PKI}/{name}.key", "-out", request]
        names = ["-subj", subject, "-addext", f"subjectAltName={SANS}"]
        run(["openssl", "req", *key, *made, *names])
        signed = ["-in", request, "-out", f"{PKI}/{name}.crt", "-days", DAYS]
        by = ["-CA", f"{PKI}/ca.crt", "-CAkey", f"{PKI}/ca.key", "-CAcreateserial"]
        run(["openssl", "x509", "-req", *signed, *by, "-copy_extensions", "copy"])
    run(["openssl", "genrsa", "-out", f"{PKI}/accounts.key", "2048"])
    run(["openssl", "rsa", "-in", f"{PKI}/accounts.key", "-pubout", "-out", f"{PKI}/accounts.pub"])
    for name in CLIENTS:
        kubeconfig(name, KUBECONFIG if name == "admin" else PKI / f"{name}.kubeconfig")


def kubeconfig(client: str, path: Path) -> None:
    """Write the kubeconfig of a client."""
    user = {
        "client-certificate-data": _encoded(PKI / f"{client}.crt"),
        "client-key-data": _encoded(PKI / f"{client}.key"),
    }
    cluster = {"server": SERVER, "certificate-authority-data": _encoded(PKI / "ca.crt")}
    path.touch(0o600)
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "netapp-jlab-cluster", "cluster": cluster}],
                "users": [{"name": client, "user": user}],
                "contexts": [
                    {
                        "name": client,
                        "context": {"cluster": "netapp-jlab-cluster", "user": client},
                    }
                ],
                "current-context": client,
            },
            indent=1,
        )
    )


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
