"""etcd, the API server, the controllers and the scheduler."""

from __future__ import annotations

from .layout import BIN, INSIDE, KUBECONFIG, PKI, RUN, SERVICES
from .processes import Program
from .sidecars import PACE

ETCD = "http://127.0.0.1:2379"
_ETCD_PEERS = "http://127.0.0.1:2380"
_ISSUER = "https://kubernetes.default.svc"


def programs() -> list[Program]:
    """Return them in the order of their start."""
    return [
        Program(
            "etcd",
            [
                f"{BIN}/etcd",
                f"--data-dir={RUN}/etcd",
                f"--listen-client-urls={ETCD}",
                f"--advertise-client-urls={ETCD}",
                f"--listen-peer-urls={_ETCD_PEERS}",
                f"--initial-advertise-peer-urls={_ETCD_PEERS}",
                f"--initial-cluster=default={_ETCD_PEERS}",
                "--unsafe-no-fsync",  # its data live as long as the cluster
                "--log-level=warn",
            ],
        ),
        Program(
            "kube-apiserver",
            [
                f"{BIN}/kube-apiserver",
                f"--etcd-servers={ETCD}",
                "--secure-port=6443",
                "--bind-address=0.0.0.0",
                f"--advertise-address={INSIDE}",
                f"--tls-cert-file={PKI}/apiserver.crt",
                f"--tls-private-key-file={PKI}/apiserver.key",
                f"--client-ca-file={PKI}/ca.crt",
                f"--service-account-key-file={PKI}/accounts.pub",
                f"--service-account-signing-key-file={PKI}/accounts.key",
                f"--service-account-issuer={_ISSUER}",
                f"--service-cluster-ip-range={SERVICES}",
                "--authorization-mode=Node,RBAC",
                "--allow-privileged",
                "--kubelet-preferred-address-types=InternalIP",  # there are no names
                f"--kubelet-client-certificate={PKI}/admin.crt",
                f"--kubelet-client-key={PKI}/admin.key",
            ],
        ),
        Program(
            "kube-controller-manager",
            [
                f"{BIN}/kube-controller-manager",
                f"--kubeconfig={PKI}/controller-manager.kubeconfig",
                f"--service-account-private-key-file={PKI}/accounts.key",
                f"--root-ca-file={PKI}/ca.crt",
                "--use-service-account-credentials",
                "--kube-api-qps=100",
                "--kube-api-burst=200",
                "--allocate-node-cidrs=false",
                "--leader-elect=false",
            ],
        ),
        Program(
            "kube-scheduler",
            [
                f"{BIN}/kube-scheduler",
                f"--kubeconfig={PKI}/scheduler.kubeconfig",
                "--leader-elect=false",
            ],
        ),
        Program(
            "snapshot-controller",
            [
                f"{BIN}/snapshot-controller",
                f"--kubeconfig={KUBECONFIG}",
                *PACE,
            ],
        ),
    ]
