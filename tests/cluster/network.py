"""The network namespace that the whole cluster lives in.

It has no default route, so nothing in it reaches beyond this machine, and everything that pods,
kube-proxy and the network plug-ins make is in it: with the namespace it is gone.
"""

from __future__ import annotations

import json
from pathlib import Path

from .layout import INSIDE, MADE, NETWORK, OUTSIDE, ClusterError
from .shell import run, works

FOLDER = Path("/run/netns")
PATH = FOLDER / NETWORK
DEVICE = f"{NETWORK}-out"
ENTER = ("nsenter", f"--net={PATH}", "--")
"""Begins a command inside. Not `ip netns exec`: that has mounts of its own."""

# The machine's own services are no business of pods either: whoever is inside only answers.
_FENCE = """
table inet fence {
  chain out { type filter hook output priority 0; oifname "eth0" ct state new drop; }
  chain through { type filter hook forward priority 0; oifname "eth0" ct state new drop; }
}
"""


def make() -> None:
    """Make the namespace and the way into it.

    Raises
    ------
    ClusterError
        The addresses are in use on this machine.
    """
    taken = json.loads(run(["ip", "-json", "address", "show", "to", f"{OUTSIDE}/30"]))
    if any(taken):
        raise ClusterError(f"{OUTSIDE}/30 is in use here: set NETAPP_JLAB_CLUSTER=1, or 2, …")
    if f" {FOLDER} " not in Path("/proc/self/mounts").read_text():
        with MADE.open("a") as made:  # `ip` mounts it when it makes the first namespace
            made.write(f"{FOLDER}\n")
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
    run([*ENTER, "nft", "-f", "-"], stdin=_FENCE.encode())


def exists() -> bool:
    """Whether the namespace is there."""
    return PATH.exists()


def remove() -> None:
    """Remove both; what is not there is no matter."""
    works(["ip", "link", "delete", DEVICE])
    works(["ip", "netns", "delete", NETWORK])
    PATH.unlink(missing_ok=True)  # a name that was never mounted
