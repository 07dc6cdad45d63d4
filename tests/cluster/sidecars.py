"""The CSI driver and the programs that stand between it and Kubernetes."""

from __future__ import annotations

import sys

from .layout import (
    BIN,
    CSI,
    CSI_FAULTS,
    CSI_SOCKET,
    KUBECONFIG,
    KUBELET,
    NODE,
    ROOT,
)
from .processes import Program

PACE = (
    "--retry-interval-start=200ms",
    "--retry-interval-max=5s",
    "--kube-api-qps=100",
    "--kube-api-burst=200",
)
"""For a cluster that nobody else waits for. By default these programs pause for up to minutes after
a failure, and send five requests a second: a snapshot takes a second or two then."""


def programs() -> list[Program]:
    """Return them in the order of their start."""
    common = [f"--csi-address={CSI_SOCKET}", f"--kubeconfig={KUBECONFIG}"]
    return [
        Program(
            "csi-driver",
            [
                sys.executable,
                "-m",
                "tests.cluster.csi",
                f"--endpoint=unix://{CSI_SOCKET}",
                f"--registration-dir={KUBELET}/plugins_registry",
                f"--root={CSI}",
                f"--node={NODE}",
                f"--faults={CSI_FAULTS}",
            ],
            {"PYTHONPATH": str(ROOT)},
        ),
        Program(
            "csi-provisioner",
            [
                f"{BIN}/csi-provisioner",
                *common,
                *PACE,
                "--feature-gates=Topology=false",
                "--extra-create-metadata",
                "--volume-name-uuid-length=-1",
            ],
        ),
        Program(
            "csi-snapshotter",
            [f"{BIN}/csi-snapshotter", *common, *PACE, "--extra-create-metadata"],
        ),
        Program("csi-resizer", [f"{BIN}/csi-resizer", *common, *PACE]),
    ]
