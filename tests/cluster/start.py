"""Starts the test cluster."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from . import certificates, cgroups, images, kube, mounts, network, node, processes, programs
from .cluster import Cluster, all_programs
from .layout import (
    CONTAINERD,
    CSI_SOCKET,
    HERE,
    KUBECONFIG,
    LINK,
    LOGS,
    OWNER,
    ROOT,
    RUN,
    STARTED,
    ClusterError,
)

PACKAGES = ROOT / ".ci" / "cluster-packages"


def up() -> None:
    """Build what is missing, and start the cluster; one that runs already gets the newest image.

    Raises
    ------
    ClusterError
        It can not be started here, or one is here already and is not whole.
    """
    refuse_elsewhere()
    if network.exists() or RUN.exists():
        _running_already()
        return
    build()
    began = time.monotonic()
    _make()
    with ThreadPoolExecutor(1) as beside:
        _start(beside)
    print(f"Ready after {time.monotonic() - began:.0f} s. Logs: {LOGS}")
    print(f"Kubeconfig: {KUBECONFIG}", flush=True)


def build() -> None:
    """Install, build and download what is missing, which takes minutes the first time."""
    subprocess.run([PACKAGES], check=True, timeout=900)
    with ThreadPoolExecutor(2) as both:  # one computes, the other waits for the network
        for built in [both.submit(programs.build), both.submit(images.build)]:
            built.result()


def refresh() -> None:
    """Bring the product's newest version into the user's image of the cluster that runs."""
    Cluster.running()
    images.build()
    images.load()


def refuse_elsewhere() -> None:
    """Refuse to work where it can not.

    Raises
    ------
    ClusterError
        This is not Debian, or not root.
    """
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        raise ClusterError(
            "The test cluster needs root on Debian 12: it makes mounts, a network namespace and "
            "cgroups. Everything else is tested by `make test`."
        )


def _running_already() -> None:
    owner = OWNER.read_text() if OWNER.exists() else "an unknown repository"
    missing = Cluster.missing()
    if missing:
        raise ClusterError(
            f"A test cluster of {owner} is here, and lacks {', '.join(missing)}. "
            "`make cluster-down` removes it."
        )
    if owner != str(ROOT):
        raise ClusterError(
            f"The test cluster of {owner} runs here: `make cluster-down` there ends it, "
            "NETAPP_JLAB_CLUSTER=1 starts another beside it."
        )
    refresh()
    print(f"The test cluster runs already. Logs: {LOGS}")
    print(f"Kubeconfig: {KUBECONFIG}", flush=True)


def _make() -> None:
    """Make everything that programs find when they start."""
    RUN.mkdir(mode=0o711, parents=True)
    OWNER.write_text(str(ROOT))
    LINK.unlink(missing_ok=True)
    LINK.symlink_to(RUN)
    network.make()
    certificates.make()
    node.configure()
    cgroups.make()
    mounts.prepare()


def _start(beside: ThreadPoolExecutor) -> None:
    waiting = all_programs()

    def start(*names: str) -> None:
        for name in names:
            processes.start(waiting[name])

    start(mounts.HOLDER)
    kube.until(mounts.READY.exists, "the mount namespace", mounts.HOLDER)
    start("etcd", "kube-apiserver", "containerd", "csi-driver")
    kube.until(CONTAINERD.exists, "containerd", "containerd")
    loaded: Future[None] = beside.submit(images.load)
    kube.until(kube.api_answers, "the API server", "kube-apiserver")
    start("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
    for crd in programs.crds():
        kube.apply(crd)
    kube.await_established()
    kube.until(CSI_SOCKET.exists, "the CSI driver", "csi-driver")
    start("snapshot-controller", "csi-provisioner", "csi-snapshotter", "csi-resizer")
    kube.apply(HERE / "manifests")
    kube.until(kube.node_ready, "the node", "kubelet")
    kube.until(kube.driver_registered, "the CSI driver's registration", "csi-driver")
    kube.until(kube.account_exists, "the service account", "kube-controller-manager")
    loaded.result()
    STARTED.touch()
