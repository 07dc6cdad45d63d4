"""The questions that starting the cluster asks of it, by its own kubectl."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from . import processes
from .layout import BIN, KUBECONFIG, NODE, ClusterError
from .shell import run, works

START_SECONDS = 120.0
"""How long a part of the cluster may take to get ready."""


def apply(path: Path) -> None:
    """Bring the objects of a file or a folder into the cluster."""
    run([*kubectl(), "apply", "--filename", path])


def kubectl() -> list[str]:
    """Return the words that begin an administrator's command."""
    return [str(BIN / "kubectl"), f"--kubeconfig={KUBECONFIG}"]


def await_established() -> None:
    """Wait until the API server knows the kinds that were applied."""
    run([*kubectl(), "wait", "--for=condition=Established", "crd", "--all"])


def api_answers() -> bool:
    """Whether the API server says that it is ready."""
    return works([*kubectl(), "get", "--raw=/readyz"])


def node_ready() -> bool:
    """Whether the node takes pods."""
    ready = '{.status.conditions[?(@.type=="Ready")].status}'
    return _says(["get", "node", NODE], ready) == "True"


def driver_registered() -> bool:
    """Whether the kubelet knows the CSI driver."""
    return bool(_says(["get", "csinode", NODE], "{.spec.drivers[*].name}"))


def account_exists() -> bool:
    """Whether the controllers made the service account that pods need."""
    return works([*kubectl(), "get", "serviceaccount", "default"])


def until(
    condition: Callable[[], bool], what: str, program: str, seconds: float = START_SECONDS
) -> None:
    """Wait for a condition that a program brings about.

    Raises
    ------
    ClusterError
        The program ended, or it takes too long; with the end of its log.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if processes.pid(program) is None or time.monotonic() > deadline:
            tail = processes.log_tail(program)
            raise ClusterError(f"Waiting for {what} failed. The end of {program}'s log:\n{tail}")
        time.sleep(0.1)


def _says(command: list[str], path: str) -> str:
    words = [*kubectl(), *command, f"--output=jsonpath={path}"]
    try:
        return run(words, seconds=30).strip()
    except ClusterError:
        return ""
