"""The scheduler and the kubelet of a node that runs nothing: pods that mount claims become Running.

So "in use" can be seen and tested. No container is started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers.controller import Controller, RetryError
from netapp_jlab.demo.controllers.names import NODE, SELECTED_NODE
from netapp_jlab.demo.controllers.objects import (
    annotation,
    being_deleted,
    claim_class,
    claim_keys_of_pod,
    key_of,
    phase,
    set_annotation,
    status,
    timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["Kubelet", "Scheduler"]


class Scheduler(Controller):
    """Gives pods the one node, once their claims are bound."""

    component = "default-scheduler"
    watches = ("Pod", "PersistentVolumeClaim")

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the pod itself, or those that wait for a claim."""
        if obj["kind"] == "Pod":
            return (key_of(obj),)
        return self.cluster.pods_by_claim.get(key_of(obj))

    def reconcile(self, key: str) -> None:
        """Place one pod, or say what it waits for."""
        pod = self.cluster.find("Pod", key)
        if pod is None or being_deleted(pod) or pod["spec"].get("nodeName"):
            return
        problem = next(filter(None, map(self._problem, claim_keys_of_pod(pod))), "")
        if problem:
            self._wait(pod, problem)
            return
        self.cluster.change(pod, lambda new: new["spec"].update(nodeName=NODE))
        self.recorder.normal(pod, "Scheduled", f"Successfully assigned {key} to {NODE}")

    def _problem(self, key: str) -> str:
        """Say why a claim keeps its pod waiting; empty if it doesn't."""
        claim = self.cluster.find("PersistentVolumeClaim", key)
        if claim is None:
            return f'persistentvolumeclaim "{key.partition("/")[2]}" not found'
        if being_deleted(claim):
            return f'persistentvolumeclaim "{key.partition("/")[2]}" is being deleted'
        if phase(claim) == "Bound":
            return ""
        storage_class = self.cluster.find("StorageClass", claim_class(claim) or "-") or {}
        if storage_class.get("volumeBindingMode") != "WaitForFirstConsumer":
            return "pod has unbound immediate PersistentVolumeClaims"
        if not annotation(claim, SELECTED_NODE):
            self.cluster.change(claim, lambda new: set_annotation(new, SELECTED_NODE, NODE))
        return "waiting for its PersistentVolumeClaims to be provisioned"

    def _wait(self, pod: Object, problem: str) -> None:
        message = f"0/1 nodes are available: {problem}."

        def edit(new: Object) -> None:
            found = status(new)
            others = [one for one in found.get("conditions") or [] if one["type"] != "PodScheduled"]
            condition = {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": message,
                "lastProbeTime": None,
                "lastTransitionTime": timestamp(),
            }
            new["status"] = {**found, "phase": "Pending", "conditions": [*others, condition]}

        known = {one.get("message") for one in status(pod).get("conditions") or []}
        if message not in known:
            self.cluster.change(pod, edit, subresource="status")
            self.recorder.warning(pod, "FailedScheduling", message)


class Kubelet(Controller):
    """Reports placed pods as running, and removes them when they are deleted."""

    component = "kubelet"
    watches = ("Pod",)

    def reconcile(self, key: str) -> None:
        """Bring one pod forward."""
        pod = self.cluster.find("Pod", key)
        if pod is None or not pod["spec"].get("nodeName"):
            return
        if being_deleted(pod):
            self.cluster.delete(pod, grace_seconds=0)
        elif phase(pod) in ("", "Pending"):
            address = f"10.244.0.{hash_byte(pod['metadata']['uid'])}"
            started = self.cluster.change(pod, lambda new: _run(new, address), subresource="status")
            if started is None:
                raise RetryError("deleted meanwhile")


def hash_byte(uid: str) -> int:
    """Turn a uid into the last number of an address, 2 to 254."""
    return 2 + int(uid[:8], 16) % 253


def _run(new: Object, address: str) -> None:
    now, spec = timestamp(), new["spec"]
    new["status"] = {
        **status(new),
        "phase": "Running",
        "conditions": [
            {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
            for kind in (
                "PodReadyToStartContainers",
                "Initialized",
                "Ready",
                "ContainersReady",
                "PodScheduled",
            )
        ],
        "hostIP": "10.0.0.1",
        "hostIPs": [{"ip": "10.0.0.1"}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": now,
        "initContainerStatuses": [
            _container(container, {"terminated": _ended(now)})
            for container in spec.get("initContainers") or []
        ],
        "containerStatuses": [
            _container(container, {"running": {"startedAt": now}})
            for container in spec["containers"]
        ],
    }
    if not new["status"]["initContainerStatuses"]:
        del new["status"]["initContainerStatuses"]


def _ended(now: str) -> Object:
    return {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}


def _container(container: Object, state: Object) -> Object:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": container["image"],
        "state": state,
        "lastState": {},
        "ready": True,
        "started": "running" in state,
        "restartCount": 0,
    }
