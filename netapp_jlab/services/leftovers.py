"""Helper pods and their copies that nobody removes any more: who made them has crashed."""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import datetime

from netapp_jlab.k8s import helpers, kinds, naming
from netapp_jlab.k8s.client import Cluster
from netapp_jlab.services.discard import discard
from netapp_jlab.services.making import Maker
from netapp_jlab.services.records import now
from netapp_jlab.services.talks import Broken, Channel, Refusal, Talks, limit

STATUS_SECONDS = 5.0
_SELECTOR = f"{naming.MANAGED_BY}={naming.MANAGER},{naming.PURPOSE}=mover"


class Leftovers:
    """Finds and removes what is left over of one owner.

    Parameters
    ----------
    cluster : Cluster
        Where to look.
    maker : Maker
        Removes a helper with all that belongs to it.
    connect : callable
        Opens a connection to a helper's pod.
    """

    def __init__(
        self, cluster: Cluster, maker: Maker, connect: Callable[[helpers.Pod], Channel]
    ) -> None:
        self._cluster = cluster
        self._maker = maker
        self._connect = connect

    def sweep(self, owner: str, *, ours: Container[str]) -> None:
        """Remove what nobody uses.

        Parameters
        ----------
        owner : str
            Whose.
        ours : Container[str]
            Names of the helpers that this process uses.
        """
        selector = f"{_SELECTOR},{naming.OWNER}={owner}"
        pods = {
            pod.metadata.name: pod
            for pod in self._cluster.list(helpers.PODS, label_selector=selector).items
        }
        for name, pod in pods.items():
            if name not in ours and self._is_left_over(pod):
                self._maker.remove(pod)
        claims = self._cluster.list(kinds.CLAIMS, label_selector=selector).items
        for claim in claims:
            meta = claim.metadata
            of_pod = meta.name.rpartition("-")[0]
            if of_pod not in pods and _is_past(meta.annotations.get(naming.EXPIRES_AT, "")):
                discard(self._cluster, kinds.CLAIMS, claim)

    def _is_left_over(self, pod: helpers.Pod) -> bool:
        if pod.metadata.deletion_timestamp is not None:
            return False
        if pod.going:
            return True
        if not _is_past(pod.metadata.annotations.get(naming.EXPIRES_AT, "")):
            return False
        if pod.state.running is None:
            return True
        # It would have ended by itself if nobody used it; unless it hangs.
        talks = Talks(lambda: self._connect(pod))
        try:
            talks.ask("status", cancel=limit(STATUS_SECONDS), token="")
        except (Broken, Refusal):
            return True
        finally:
            talks.close()
        return False


def _is_past(until: str) -> bool:
    try:
        return datetime.fromisoformat(until.replace("Z", "+00:00")) < now()
    except (ValueError, TypeError):
        return False
