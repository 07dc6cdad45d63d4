"""Where the test cluster keeps what, and how its parts are reached."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
CACHE = ROOT / ".cache" / "cluster"
BIN = CACHE / "bin"
IMAGES = CACHE / "images"
IMAGE_STORE = CACHE / "containerd"
STAMPS = CACHE / "stamps"
LINK = CACHE / "run"
"""A link to :data:`RUN`, so that everything is found below the repository."""

RUN = Path("/var/lib/netapp-jlab-cluster")
"""One place for the whole machine: there is one cluster. Short, as it holds Unix sockets."""
LOGS = RUN / "log"
PIDS = RUN / "pid"
PKI = RUN / "pki"
KUBECONFIG = RUN / "kubeconfig"
CONTAINERD = RUN / "containerd.sock"
KUBELET = RUN / "kubelet"
CSI = RUN / "csi"
"""The array: every volume is a directory below it."""
CSI_SOCKET = RUN / "csi.sock"
CSI_FAULTS = RUN / "csi-faults.json"
OWNER = RUN / "owner"
"""Names the repository that started it."""

NETWORK = "nj"
OUTSIDE, INSIDE = "198.18.0.1", "198.18.0.2"
"""Both ends of the only way into the network namespace; 198.18.0.0/15 is for tests (RFC 2544)."""
PODS, SERVICES, API_SERVICE = "10.1.0.0/24", "10.0.0.0/24", "10.0.0.1"
SERVER = f"https://{INSIDE}:6443"
NODE = os.uname().nodename
DRIVER = "csi.netapp-jlab.io"
CGROUP = "/netapp-jlab-cluster"


class ClusterError(Exception):
    """The cluster can not do what is asked; the message says what to do."""
