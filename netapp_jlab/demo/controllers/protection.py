"""Claims stay as long as a pod mounts them.

After ``k8s.io/kubernetes/pkg/controller/volume/pvcprotection``. (Volumes stay as long as they are
bound: see ``volumes.py``.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers.controller import Controller
from netapp_jlab.demo.controllers.names import CLAIM_PROTECTION
from netapp_jlab.demo.controllers.objects import (
    being_deleted,
    claim_keys_of_pod,
    finalizers,
    key_of,
    phase,
    remove_finalizer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["ClaimProtection"]


class ClaimProtection(Controller):
    """Lets deleted claims go once no pod mounts them."""

    component = "pvc-protection-controller"
    watches = ("PersistentVolumeClaim", "Pod")

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the claim itself, or those that a pod mounts."""
        return claim_keys_of_pod(obj) if obj["kind"] == "Pod" else (key_of(obj),)

    def reconcile(self, key: str) -> None:
        """Let one claim go, if it is deleted and unused."""
        claim = self.cluster.find("PersistentVolumeClaim", key)
        if claim is None or not being_deleted(claim) or CLAIM_PROTECTION not in finalizers(claim):
            return
        pods = (self.cluster.find("Pod", pod) for pod in self.cluster.pods_by_claim.get(key))
        if not any(pod and _mounts(pod) for pod in pods):
            self.cluster.change(claim, lambda new: remove_finalizer(new, CLAIM_PROTECTION))


def _mounts(pod: Object) -> bool:
    """Whether a pod that names a claim was placed on a node and has not ended."""
    return bool(pod["spec"].get("nodeName")) and phase(pod) not in ("Succeeded", "Failed")
