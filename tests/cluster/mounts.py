"""The mount namespace that the cluster's programs share.

What the kubelet, containerd and the CSI driver mount is seen by them and by pods only, and goes
when the last of them ends. In it some paths that those programs have built in lead into the
cluster's own folder: a kubelet or a containerd of this machine's own is not disturbed, nor are its
kernel's settings.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from . import network
from .layout import MADE, NAME, RUN
from .processes import Program

HOLDER = "mounts"
"""A program that does nothing but keep the namespace."""
PRIVATE = RUN / "private"
BUILT_IN = ("/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")
SETTINGS = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1_000_000,
    "kernel/keys/root_maxbytes": 25_000_000,
}
"""What the kubelet wants of the kernel, and would set (k8s.io/component-helpers, node/util/sysctl).
It finds files that say so."""
READY = PRIVATE / "ready"


def holder() -> Program:
    """Return the program that makes the namespace and keeps it."""
    covered = {path: path for path in BUILT_IN}
    covered |= {path: f"/proc/sys/{path}" for path in SETTINGS}
    binds = [f"mount --bind {_private(path)} {over}" for path, over in covered.items()]
    script = "\n".join(["mount --make-rshared /", *binds, f"touch {READY}", "exec sleep infinity"])
    # Slave: what this machine mounts later is seen inside, but nothing comes out.
    command = ["unshare", "--mount", "--propagation=slave", "--", "sh", "-euc", script]
    return Program(HOLDER, command)


def prepare() -> None:
    """Make what the namespace's paths lead to."""
    for path in BUILT_IN:
        _private(path).mkdir(parents=True)
        if not os.path.isdir(path):
            with MADE.open("a") as made:
                made.write(f"{path}\n")
            os.makedirs(path)
    for path, value in SETTINGS.items():
        _private(path).write_text(f"{value}\n")


def remove() -> None:
    """Unmount what others mounted below the cluster's folder, and remove the folders it made."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    paths = [line.split()[1].replace("\\040", " ") for line in mounts]
    for path in reversed([path for path in paths if path.startswith(f"{RUN}/")]):
        subprocess.run(["umount", "--lazy", path], check=False, capture_output=True, timeout=30)
    made = MADE.read_text().splitlines() if MADE.exists() else []
    others = sorted(RUN.parent.glob(f"{NAME.partition('-cluster')[0]}-cluster*/{MADE.name}"))
    heirs = [other for other in others if other != MADE]
    if heirs:  # another cluster's namespace is mounted on them
        with heirs[0].open("a") as file:
            file.writelines(f"{path}\n" for path in made)
        return
    for path in made:
        if path == str(network.FOLDER) and not any(network.FOLDER.iterdir()):
            subprocess.run(["umount", path], check=False, capture_output=True, timeout=30)
        with contextlib.suppress(OSError):
            os.rmdir(path)  # only if it is empty: others may have put something there


def _private(path: str) -> Path:
    return PRIVATE / path.strip("/").replace("/", "-")
