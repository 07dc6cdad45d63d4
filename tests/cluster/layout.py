"""Where the test cluster keeps what, and how its parts are reached."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

SLOT = int(os.environ.get("NETAPP_JLAB_CLUSTER", "0"))
"""One cluster of a machine is enough; another number gives one beside it, in all its parts."""
_SUFFIX = f"-{SLOT}" if SLOT else ""
NAME = f"netapp-jlab-cluster{_SUFFIX}"

CACHE = ROOT / ".cache" / "cluster"
BIN = CACHE / "bin"
IMAGES = CACHE / "images"
STAMPS = CACHE / "stamps"
LINK = CACHE / f"run{_SUFFIX}"
"""A link to :data:`RUN`, so that everything is found below the repository."""
LAST_LOGS = CACHE / f"last-logs{_SUFFIX}"
"""The logs of the cluster that was removed last."""

RUN = Path("/var/lib") / NAME
"""Not below the repository, whose path may be too long for Unix sockets (108 bytes)."""
LOGS = RUN / "log"
PIDS = RUN / "pid"
PKI = RUN / "pki"
KUBECONFIG = RUN / "kubeconfig"
CONTAINERD = RUN / "containerd.sock"
KUBELET = RUN / "kubelet"
CSI = RUN / "csi"
"""The array: every volume is a directory below it."""
CSI_SOCKET = RUN / "csi.sock"
CSI_FAULTS = RUN / "csi-faults"
OWNER = RUN / "owner"
"""Names the repository that started it."""
STARTED = RUN / "started"
"""There once the start is complete."""
MADE = RUN / "made"
"""Names the folders outside that had to be made: they go with the cluster."""

NETWORK = f"nj{SLOT or ''}"
OUTSIDE, INSIDE = f"198.18.{SLOT}.1", f"198.18.{SLOT}.2"
"""Both ends of the only way into the network namespace; 198.18.0.0/15 is for tests (RFC 2544)."""
PODS, SERVICES, API_SERVICE = "10.1.0.0/24", "10.0.0.0/24", "10.0.0.1"
SERVER = f"https://{INSIDE}:6443"
NODE = os.uname().nodename.lower()
DRIVER = "csi.netapp-jlab.io"
CGROUP = f"/{NAME}"


class ClusterError(Exception):
    """The cluster can not do what is asked; the message says what to do."""
