"""The one test cluster of this machine: started, looked at, meddled with, and taken away."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import certificates, controlplane, images, network, node, processes, programs, sidecars
from .layout import (
    BIN,
    CGROUP,
    CONTAINERD,
    CSI_SOCKET,
    HERE,
    KUBECONFIG,
    LINK,
    NODE,
    OWNER,
    ROOT,
    RUN,
    ClusterError,
)
from .processes import Program
from .shell import run, works

START_SECONDS = 120.0


class Cluster:
    """The cluster that runs.

    Attributes
    ----------
    kubeconfig : Path
        Its administrator's.
    """

    kubeconfig = KUBECONFIG

    @staticmethod
    def running() -> Cluster:
        """Return the cluster of this repository.

        Raises
        ------
        ClusterError
            None runs.
        """
        if not Cluster.healthy():
            raise ClusterError("No test cluster runs: `make cluster` starts one.")
        return Cluster()

    @staticmethod
    def healthy() -> bool:
        """Whether all programs run and the API server says that it is ready."""
        all_run = all(processes.pid(program.name) is not None for program in _all())
        return all_run and works([*_kubectl(), "get", "--raw=/readyz"])

    # --- Faults ----------------------------------------------------------------------------------

    def stop(self, name: str) -> None:
        """Stop a program, politely."""
        processes.stop(_named(name).name)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a program: KILL, or STOP and CONT to make it hang."""
        processes.kill(_named(name).name, number)

    def start(self, name: str) -> None:
        """Start a program that was stopped."""
        processes.start(_named(name))

    def pid(self, name: str) -> int | None:
        """Return the pid of a program, None while it does not run."""
        return processes.pid(_named(name).name)

    def exec(self, command: Sequence[str]) -> str:
        """Run a command inside the cluster's network and return what it prints."""
        return run([*network.ENTER, *command])

    def await_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until the API server answers and the node is ready."""
        _until(_api_answers, "the API server", "kube-apiserver", seconds)
        _until(_node_ready, "the node", "kubelet", seconds)


def up() -> None:
    """Build what is missing, and start the cluster.

    Raises
    ------
    ClusterError
        It can not be started here, or one runs already and is not whole.
    """
    _refuse_elsewhere()
    if network.exists() or RUN.exists():
        if Cluster.healthy() and OWNER.read_text() == str(ROOT):
            print(f"The test cluster runs already. Kubeconfig: {KUBECONFIG}")
            return
        owner = OWNER.read_text() if OWNER.exists() else "somebody"
        raise ClusterError(
            f"A test cluster of {owner} is here, whole or in parts, and a machine can have one: "
            f"`make cluster-down` there removes it."
        )
    run([ROOT / ".ci" / "cluster-packages"], seconds=600)
    programs.build()
    images.build()
    began = time.monotonic()
    RUN.mkdir(parents=True)
    OWNER.write_text(str(ROOT))
    LINK.unlink(missing_ok=True)
    LINK.symlink_to(RUN)
    network.make()
    certificates.make()
    node.configure()
    _make_cgroup()
    _start()
    print(f"Ready after {time.monotonic() - began:.0f} s. Kubeconfig: {KUBECONFIG}", flush=True)


def refresh() -> None:
    """Bring the product's newest version into the user's image."""
    images.build()
    images.load()


def down() -> None:
    """Stop everything and remove what is left, also of a start that went wrong half way."""
    _refuse_elsewhere()
    if OWNER.exists() and OWNER.read_text() != str(ROOT):
        raise ClusterError(f"The test cluster belongs to {OWNER.read_text()}.")
    _delete_pods()
    order = [program.name for program in reversed(_all())]
    for name in sorted(processes.names(), key=lambda name: order.index(name)):
        if name != "containerd":
            processes.stop(name)
    _end_containers()
    processes.stop("containerd")
    _end_those_inside()
    _unmount()
    network.remove()
    _remove_cgroup()
    shutil.rmtree(RUN, ignore_errors=False) if RUN.exists() else None
    LINK.unlink(missing_ok=True)


# --- Starting -------------------------------------------------------------------------------------


def _all() -> list[Program]:
    return [*controlplane.programs(), *node.programs(), *sidecars.programs()]


def _named(name: str) -> Program:
    for program in _all():
        if program.name == name:
            return program
    known = ", ".join(program.name for program in _all())
    raise ClusterError(f"There is no program “{name}”: {known}.")


def _start() -> None:
    by_name = {program.name: program for program in _all()}
    processes.start(by_name["containerd"])
    for name in ("etcd", "kube-apiserver"):
        processes.start(by_name[name])
    _until(CONTAINERD.exists, "containerd", "containerd")
    images.load()
    _until(_api_answers, "the API server", "kube-apiserver")
    for crd in programs.crds():
        run([*_kubectl(), "apply", "--filename", crd])
    for name in ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"):
        processes.start(by_name[name])
    processes.start(by_name["csi-driver"])
    _until(CSI_SOCKET.exists, "the CSI driver", "csi-driver")
    run([*_kubectl(), "wait", "--for=condition=Established", "crd", "--all"])
    for name in ("snapshot-controller", "csi-provisioner", "csi-snapshotter", "csi-resizer"):
        processes.start(by_name[name])
    run([*_kubectl(), "apply", "--filename", HERE / "manifests"])
    _until(_node_ready, "the node", "kubelet")
    run([*_kubectl(), "wait", "--for=create", "serviceaccount/default", "--timeout=30s"])
    _until(_driver_registered, "the CSI driver's registration", "csi-driver")


def _refuse_elsewhere() -> None:
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        raise ClusterError(
            "The test cluster needs root on Debian 12: it makes mounts, a network namespace and "
            "cgroups. Everything else is tested by `make test`."
        )


def _kubectl() -> list[str]:
    return [str(BIN / "kubectl"), f"--kubeconfig={KUBECONFIG}"]


def _api_answers() -> bool:
    return works([*_kubectl(), "get", "--raw=/readyz"])


def _node_ready() -> bool:
    command = [*_kubectl(), "wait", "--for=condition=Ready", f"node/{NODE}", "--timeout=1s"]
    return works(command)


def _driver_registered() -> bool:
    command = [*_kubectl(), "get", "csinode", NODE, "-o", "jsonpath={.spec.drivers[*].name}"]
    return works(["sh", "-c", f"{' '.join(command)} | grep -q ."])


def _until(
    condition: Callable[[], bool], what: str, program: str, seconds: float = START_SECONDS
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if processes.pid(program) is None or time.monotonic() > deadline:
            tail = processes.log_tail(program)
            raise ClusterError(f"Waiting for {what} failed. The end of {program}'s log:\n{tail}")
        time.sleep(0.1)


# --- Ending ---------------------------------------------------------------------------------------


def _delete_pods() -> None:
    """Let the kubelet end the pods, if it can: it unmounts what it mounted."""
    if processes.pid("kubelet") is not None and _api_answers():
        command = ["delete", "pods", "--all", "--all-namespaces", "--grace-period=0", "--force"]
        works([*_kubectl(), *command, "--timeout=20s"], seconds=40)


def _end_containers() -> None:
    """End the containers that are left, through containerd where it runs."""
    ctr = ["ctr", f"--address={CONTAINERD}", "--namespace=k8s.io"]
    if processes.pid("containerd") is None or not CONTAINERD.exists():
        return
    with contextlib.suppress(ClusterError):
        for task in run([*ctr, "tasks", "list", "--quiet"]).split():
            works([*ctr, "tasks", "delete", "--force", task])


def _end_those_inside() -> None:
    """Kill what is left in the namespace, and the shims of containers that belong to ours."""
    shims = [pid for pid in _all_pids() if str(CONTAINERD) in _command_line(pid)]
    for pid in [*processes.inside(), *shims, *_in_cgroup()]:
        if pid != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + processes.STOP_SECONDS
    while list(processes.inside()) and time.monotonic() < deadline:
        time.sleep(0.05)


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (OSError, UnicodeDecodeError):
        return ""


def _unmount() -> None:
    """Unmount everything below the cluster's folder, and the namespaces that containers had."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    paths = [line.split()[1].replace("\\040", " ") for line in mounts]
    for path in reversed([path for path in paths if path.startswith(f"{RUN}/")]):
        subprocess.run(["umount", "--lazy", path], check=False, capture_output=True, timeout=30)
    for path in Path("/run/netns").glob("cni-*"):
        works(["ip", "netns", "delete", path.name])


def _cgroups() -> list[Path]:
    found = Path("/sys/fs/cgroup").glob(f"*{CGROUP}")
    unified = Path(f"/sys/fs/cgroup{CGROUP}")
    return [*found, *([unified] if unified.exists() else [])]


def _make_cgroup() -> None:
    """Make the kubelet's cgroup in every hierarchy (v1), or in the only one (v2)."""
    top = Path("/sys/fs/cgroup")
    if (top / "cgroup.controllers").exists():
        (top / CGROUP.lstrip("/")).mkdir(exist_ok=True)
        return
    for hierarchy in top.iterdir():
        if hierarchy.is_dir() and not hierarchy.is_symlink():
            (hierarchy / CGROUP.lstrip("/")).mkdir(exist_ok=True)
            if hierarchy.name.startswith("cpuset"):
                for name in ("cpuset.cpus", "cpuset.mems"):
                    value = (hierarchy / name).read_text()
                    (hierarchy / CGROUP.lstrip("/") / name).write_text(value)


def _in_cgroup() -> list[int]:
    found: list[int] = []
    for top in _cgroups():
        for file in top.rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                found += [int(word) for word in file.read_text().split()]
    return found


def _remove_cgroup() -> None:
    for top in _cgroups():
        for folder, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
