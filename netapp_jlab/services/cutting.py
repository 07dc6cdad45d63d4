"""Waiting until a snapshot is ready."""

from __future__ import annotations

import time
from collections.abc import Callable

from netapp_jlab.errors import Refused, Timeout
from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.client import Cluster
from netapp_jlab.k8s.wire import VolumeSnapshot

FAILING_FOR = 5.0
"""Seconds for which a reported error may still pass.

The snapshot controller and the driver's sidecar try again by themselves, at first after a second
(``--retry-interval-start``). After an outage of the API server, or when two of them write to the
same object, their first word is an error.
"""


def wait_until_cut(
    cluster: Cluster, name: str, *, timeout: float, cancel: Callable[[], None]
) -> VolumeSnapshot:
    """Wait until a snapshot is ready.

    Raises
    ------
    Refused
        The driver or the snapshot controller reports an error that stays.
    Timeout
        Not within `timeout` seconds.
    """
    failure = _Failure()

    def check() -> None:
        cancel()
        failure.check()

    try:
        return cluster.wait(kinds.SNAPSHOTS, name, failure.ready, timeout=timeout, cancel=check)
    except Timeout:
        failure.check(patience=0.0)
        raise


def await_cut(
    cluster: Cluster, name: str, *, timeout: float, cancel: Callable[[], None]
) -> VolumeSnapshot:
    """Wait until a snapshot that an operation needs is ready.

    Raises
    ------
    Refused
        It failed, or is not ready within `timeout` seconds; trying again at once is of no use.
    """
    try:
        return wait_until_cut(cluster, name, timeout=timeout, cancel=cancel)
    except Timeout:
        raise Refused(
            f"The snapshot “{name}” did not get ready within {timeout:.0f} s.",
            hint="The storage may be away or busy. Try again later; nothing was changed.",
        ) from None


class _Failure:
    """An error that a snapshot shows, and since when."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._refused = Refused("")

    def ready(self, snapshot: VolumeSnapshot) -> bool:
        """Note what a snapshot shows; returns whether it is ready."""
        error = snapshot.status.error
        if snapshot.status.ready_to_use or error is None:
            self._since = None
            return snapshot.status.ready_to_use
        if self._since is None:
            self._since = time.monotonic()
        self._refused = Refused(
            f"The snapshot “{snapshot.metadata.name}” failed: {error.message}",
            hint="The cluster may try again by itself. If it stays like this, show the message to "
            "your administrator.",
        )
        return False

    def check(self, patience: float = FAILING_FOR) -> None:
        """Raise the error that it has shown for longer than `patience`."""
        if self._since is not None and time.monotonic() - self._since >= patience:
            raise self._refused
