"""What a cluster leaves on a machine, and one that is started and ended as people do it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SLOT = "199"
NAME = f"netapp-jlab-cluster-{SLOT}"
NETWORK = f"nj{SLOT}"
RUN = Path("/var/lib", NAME)
BUILT_IN = ("/run/containerd", "/run/netns", "/var/lib/cni", "/var/lib/kubelet", "/var/log/pods")
ENVIRONMENT = {**os.environ, "NETAPP_JLAB_CLUSTER": SLOT}


def command(*words: str, seconds: float = 100) -> subprocess.CompletedProcess[str]:
    """Run a command on the cluster."""
    return subprocess.run(
        [sys.executable, "-m", "tests.cluster", *words],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def started() -> subprocess.Popen[bytes]:
    """Begin to start the cluster."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cluster", "up"],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def traces() -> dict[str, object]:
    """Return everything on this machine that is of this cluster."""
    return {
        "processes": _processes(),
        "mounts": _lines("/proc/self/mounts", NAME, f"{NETWORK} "),
        "devices": [path.name for path in Path("/sys/class/net").glob(f"{NETWORK}*")],
        "namespaces": [str(path) for path in Path("/run/netns").glob(f"{NETWORK}*")],
        "cgroups": [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{NAME}")],
        "folder": RUN.exists(),
    }


def surroundings() -> dict[str, object]:
    """Return what other programs of this machine would notice if it changed."""
    settings = (
        "vm/overcommit_memory",
        "kernel/panic",
        "kernel/panic_on_oops",
        "net/ipv4/ip_forward",
    )
    rules = subprocess.run(
        ["nft", "list", "ruleset"], capture_output=True, text=True, timeout=20, check=True
    )
    return {
        "folders": {path: os.path.exists(path) for path in BUILT_IN},
        "settings": {one: Path("/proc/sys", one).read_text() for one in settings},
        "rules": rules.stdout,
        "routes": _lines("/proc/net/route", ""),
    }


def _processes() -> list[str]:
    """Return the command lines of processes that name the cluster's folder or its cgroup."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                line = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                if NAME in line or NAME in (entry / "cgroup").read_text():
                    found.append(line)
    return found


def _lines(path: str, *words: str) -> list[str]:
    lines = Path(path).read_text().splitlines()
    return [line for line in lines if any(word in line for word in words)]
