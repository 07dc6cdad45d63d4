"""Deleting what a sweep has found, which nobody asked for at this moment."""

from __future__ import annotations

import logging
from typing import Any

from netapp_jlab.errors import Conflict, Forbidden, NotFound
from netapp_jlab.k8s.client import Cluster
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot

log = logging.getLogger(__name__)


def discard(cluster: Cluster, kind: Kind[Any], found: Claim | VolumeSnapshot) -> None:
    """Delete an object if it is still the same one, and if we may.

    One that may not be deleted, because a policy keeps it for another user for example, must not
    keep a sweep from those that come after it.

    Raises
    ------
    Upstream
        The API server can not be asked.
    """
    meta = found.metadata
    try:
        cluster.delete(kind, meta.name, uid=meta.uid)
    except NotFound:
        pass  # somebody else did
    except (Conflict, Forbidden) as error:
        log.info("%s is left over and stays: %s", meta.name, error.message)
