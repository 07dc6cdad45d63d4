"""Ends the test cluster, and leaves nothing behind: also of a start that went wrong half way."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import cgroups, mounts, network, processes
from .layout import LAST_LOGS, LINK, LOGS, OWNER, ROOT, RUN, ClusterError
from .start import refuse_elsewhere


def down() -> None:
    """Kill everything, and remove what is left; nothing at all is no matter.

    Its data are thrown away, so nobody is asked to end politely. Mounts go with their namespace,
    devices and packet filters with theirs.

    Raises
    ------
    ClusterError
        Another repository started it, or something does not end.
    """
    refuse_elsewhere()
    owner = OWNER.read_text() if OWNER.exists() else str(ROOT)
    if owner != str(ROOT) and Path(owner).exists():
        raise ClusterError(f"{owner} started the test cluster: `make cluster-down` there ends it.")
    processes.kill_all()
    network.remove()
    cgroups.remove()
    mounts.remove()
    if LOGS.exists():
        shutil.rmtree(LAST_LOGS, ignore_errors=True)
        shutil.copytree(LOGS, LAST_LOGS, symlinks=True)
    if RUN.exists():
        shutil.rmtree(RUN)
    LINK.unlink(missing_ok=True)
