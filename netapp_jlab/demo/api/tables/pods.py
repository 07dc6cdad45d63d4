"""The cells of a pod, which say in one word what a dozen fields say."""

from __future__ import annotations

from typing import Any

from .cells import at, since

Object = dict[str, Any]


def pod_ready(pod: Object) -> str:
    """Return how many containers are ready, of how many."""
    ready = sum(bool(item.get("ready")) for item in _statuses(pod))
    return f"{ready}/{len(at('spec.containers', [])(pod))}"


def pod_restarts(pod: Object) -> str:
    """Return how often containers were started again, and when last."""
    count = sum(int(item.get("restartCount", 0)) for item in _statuses(pod))
    ends = [at("lastState.terminated.finishedAt", "")(item) for item in _statuses(pod)]
    last = max(ends, default="")
    return f"{count} ({since(last)} ago)" if count and last else str(count)


def pod_status(pod: Object) -> str:
    """Return the reason that matters most: of a container, of the pod, or its phase."""
    status = pod.get("status") or {}
    phase = str(status.get("phase", ""))
    shown = _initializing(pod) or _container_reason(pod) or status.get("reason") or phase
    if "deletionTimestamp" in pod["metadata"] and phase not in ("Succeeded", "Failed"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return str(shown)


def _statuses(pod: Object) -> list[Object]:
    found: list[Object] = at("status.containerStatuses", [])(pod)
    return found


def _initializing(pod: Object) -> str:
    total = len(at("spec.initContainers", [])(pod))
    for index, item in enumerate(at("status.initContainerStatuses", [])(pod)):
        state = item.get("state") or {}
        ended = state.get("terminated")
        if ended and not ended.get("exitCode"):
            continue
        if ended:
            return f"Init:{_ended(ended)}"
        reason = at("waiting.reason")(state)
        if reason and reason != "PodInitializing":
            return f"Init:{reason}"
        return f"Init:{index}/{total}"
    return ""


def _container_reason(pod: Object) -> str:
    running, shown = False, ""
    for item in reversed(_statuses(pod)):
        state = item.get("state") or {}
        if at("waiting.reason")(state):
            shown = state["waiting"]["reason"]
        elif state.get("terminated"):
            shown = _ended(state["terminated"])
        elif item.get("ready"):
            running = True
    if shown == "Completed" and running:
        return "Running" if _is_ready(pod) else "NotReady"
    return shown


def _is_ready(pod: Object) -> bool:
    conditions = at("status.conditions", [])(pod)
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def _ended(state: Object) -> str:
    if state.get("reason"):
        return str(state["reason"])
    if state.get("signal"):
        return f"Signal:{state['signal']}"
    return f"ExitCode:{state.get('exitCode', 0)}"
