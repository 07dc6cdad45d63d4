"""The embedded cluster as a child process, as its parent sees it."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from netapp_jlab.demo.launcher.process import Process, StartError

if TYPE_CHECKING:
    from netapp_jlab.demo.launcher.home import Home
    from netapp_jlab.demo.launcher.options import Options

__all__ = ["Cluster", "start_cluster"]

_PATIENCE = 90.0  # seconds until the cluster answers; the first start makes the sample project


class Cluster(NamedTuple):
    """A running cluster.

    Attributes
    ----------
    process : Process
        Its process.
    kubeconfig : str
        Kubeconfig of the demo's user.
    namespace : str
        That user's namespace.
    mounts : dict[str, str]
        Claim name to path, the workspace first.
    """

    process: Process
    kubeconfig: str
    namespace: str
    mounts: dict[str, str]


def start_cluster(home: Home, options: Options) -> Cluster:
    """Start the cluster and wait until it answers and has its sample project.

    Raises
    ------
    StartError
        It ended, or took too long.
    """
    reader, writer = os.pipe()
    try:
        command = [
            *(sys.executable, "-m", "netapp_jlab.demo.launcher.serve"),
            *("--home", home.path, "--ready-fd", str(writer)),
            *("--faults", options.faults_json()),
            *(("--storage", options.storage) if options.storage else ()),
        ]
        process = Process(
            "The embedded cluster",
            command,
            log=home.log("cluster"),
            env=os.environ,
            pass_fds=[writer],
        )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    deadline = time.monotonic() + _PATIENCE
    try:
        told = _read(reader, deadline)
    finally:
        os.close(reader)
    if not told:
        if time.monotonic() >= deadline or process.wait(10.0) is None:
            process.stop()
            raise StartError(
                f"The embedded cluster did not answer within {_PATIENCE:.0f} s.",
                last_words=process.last_words(),
            )
        raise process.obituary()
    return Cluster(process=process, **json.loads(told))


def _read(reader: int, deadline: float) -> bytes:
    """Read what the child says, until it closes the pipe or the time is up."""
    told = b""
    while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
        part = os.read(reader, 65536)
        if not part:
            return told
        told += part
    return b""
