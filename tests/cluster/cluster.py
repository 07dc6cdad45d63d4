"""The test cluster that runs: looked at and meddled with. `start` and `remove` begin and end it."""

from __future__ import annotations

import signal
from collections.abc import Sequence

from . import controlplane, kube, mounts, node, processes, sidecars
from .layout import KUBECONFIG, OWNER, RUN, STARTED, ClusterError
from .processes import Program
from .shell import run


class Cluster:
    """The cluster that runs on this machine.

    Programs are `etcd`, `kube-apiserver`, `kube-controller-manager`, `kube-scheduler`,
    `snapshot-controller`, `containerd`, `kubelet`, `kube-proxy`, `csi-driver`, `csi-provisioner`,
    `csi-snapshotter` and `csi-resizer`.

    Attributes
    ----------
    kubeconfig : Path
        Its administrator's.
    """

    kubeconfig = KUBECONFIG

    @staticmethod
    def running() -> Cluster:
        """Return the cluster that runs.

        Raises
        ------
        ClusterError
            None runs, or it is not whole.
        """
        if not OWNER.exists():
            raise ClusterError("No test cluster runs: `make cluster` starts one.")
        if missing := Cluster.missing():
            raise ClusterError(f"Of the test cluster this is missing: {', '.join(missing)}.")
        return Cluster()

    @staticmethod
    def missing() -> list[str]:
        """Return the programs that do not run, and what else is not whole."""
        names = [name for name in all_programs() if processes.pid(name) is None]
        if not STARTED.exists():
            return [*names, "the rest of its start"]
        return names or ([] if kube.api_answers() else ["the API server's answer"])

    def stop(self, name: str) -> None:
        """Stop a program, politely."""
        processes.stop(named(name).name)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a program: KILL, or STOP and CONT to make it hang."""
        processes.kill(named(name).name, number)

    def start(self, name: str) -> None:
        """Start a program that was stopped or killed; see :meth:`await_ready`."""
        processes.start(named(name))

    def pid(self, name: str) -> int | None:
        """Return the pid of a program, None while it does not run."""
        return processes.pid(named(name).name)

    def exec(self, command: Sequence[str], *, seconds: float = 120.0) -> str:
        """Run a command inside the cluster's network and mounts and return what it prints.

        Raises
        ------
        ClusterError
            It failed; with what it said.
        """
        return run([*processes.enter(), *command], seconds=seconds)

    def await_ready(self, seconds: float = kube.START_SECONDS) -> None:
        """Wait until the API server answers, the node is ready and knows its CSI driver.

        Raises
        ------
        ClusterError
            It takes too long.
        """
        kube.until(kube.api_answers, "the API server", "kube-apiserver", seconds)
        kube.until(kube.node_ready, "the node", "kubelet", seconds)
        kube.until(kube.driver_registered, "the CSI driver's registration", "csi-driver", seconds)


def all_programs() -> dict[str, Program]:
    """Return every program of the cluster by its name."""
    found = [mounts.holder(), *controlplane.programs(), *node.programs(), *sidecars.programs()]
    return {program.name: program for program in found}


def named(name: str) -> Program:
    """Return the program of a name.

    Raises
    ------
    ClusterError
        There is none; with those there are.
    """
    known = all_programs()
    if name not in known:
        raise ClusterError(f"There is no program “{name}”: {', '.join(known)}.")
    if not RUN.exists():
        raise ClusterError("No test cluster runs: `make cluster` starts one.")
    return known[name]
