"""The network namespace that the whole cluster lives in.

It has no default route, so nothing in it reaches beyond this machine, and everything that pods,
kube-proxy and the network plug-ins make is in it: with the namespace it is gone.
"""

from __future__ import annotations

from pathlib import Path

from .layout import INSIDE, NETWORK, OUTSIDE
from .shell import run, works

PATH = Path("/run/netns") / NETWORK
DEVICE = f"{NETWORK}-out"
ENTER = ("nsenter", f"--net={PATH}", "--")
"""Begins a command inside. Not `ip netns exec`: that has mounts of its own, and the kubelet's must
be seen by containerd."""


def make() -> None:
    """Make the namespace and the way into it."""
    run(["ip", "netns", "add", NETWORK])
    run(["ip", "link", "add", DEVICE, "type", "veth", "peer", "name", "eth0", "netns", NETWORK])
    run(["ip", "address", "add", f"{OUTSIDE}/30", "dev", DEVICE])
    run(["ip", "link", "set", DEVICE, "up"])
    for words in (
        ["link", "set", "lo", "up"],
        ["address", "add", f"{INSIDE}/30", "dev", "eth0"],
        ["link", "set", "eth0", "up"],
    ):
        run(["ip", "-n", NETWORK, *words])


def exists() -> bool:
    """Whether the namespace is there."""
    return PATH.exists()


def remove() -> None:
    """Remove both; what is not there is no matter."""
    works(["ip", "link", "delete", DEVICE])
    works(["ip", "netns", "delete", NETWORK])
