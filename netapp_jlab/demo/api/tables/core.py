"""Tables of the other built-in kinds, after ``k8s.io/kubernetes/pkg/printers``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .cells import (
    AGE,
    NAME,
    Column,
    age_of,
    at,
    human_duration,
    labels_text,
    since,
    wide,
)
from .pods import pod_ready, pod_restarts, pod_status

Object = dict[str, Any]

_NONE = "<none>"
_CREATED = Column("Created At", at("metadata.creationTimestamp"), "date")


def _count(*fields: str) -> Column:
    return Column("Data", lambda obj: sum(len(obj.get(field) or {}) for field in fields))


def _last_seen(event: Object) -> str:
    series = at("series.lastObservedTime", None)(event)
    last = series or event.get("lastTimestamp") or event.get("firstTimestamp")
    return since(last or event.get("eventTime"))


def _involved(event: Object) -> str:
    involved = event.get("involvedObject") or {}
    kind, name = str(involved.get("kind", "")).lower(), involved.get("name")
    return f"{kind}/{name}" if name else kind


def _source(event: Object) -> str:
    component = at("source.component")(event) or event.get("reportingComponent") or ""
    host = at("source.host")(event) or event.get("reportingInstance") or ""
    return f"{component}, {host}" if host else component


def _event_count(event: Object) -> int:
    return int(at("series.count", None)(event) or event.get("count") or 1)


def _node_status(node: Object) -> str:
    conditions = {item["type"]: item["status"] for item in at("status.conditions", [])(node)}
    ready = {None: "Unknown", "True": "Ready"}.get(conditions.get("Ready"), "NotReady")
    return f"{ready},SchedulingDisabled" if at("spec.unschedulable")(node) else ready


def _node_roles(node: Object) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = node["metadata"].get("labels") or {}
    roles = sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))
    return ",".join(role for role in roles if role) or _NONE


def _node_address(kind: str) -> Any:
    def cell(node: Object) -> str:
        found = [a["address"] for a in at("status.addresses", [])(node) if a["type"] == kind]
        return found[0] if found else _NONE

    return cell


def _ports(service: Object) -> str:
    shown = []
    for port in at("spec.ports", [])(service):
        number = f"{port['port']}:{port['nodePort']}" if port.get("nodePort") else port["port"]
        shown.append(f"{number}/{port.get('protocol', 'TCP')}")
    return ",".join(shown) or _NONE


def _external(service: Object) -> str:
    if at("spec.type")(service) == "ExternalName":
        return str(at("spec.externalName")(service))
    return ",".join(at("spec.externalIPs", [])(service)) or _NONE


def _quota(*, limits: bool) -> Any:
    def cell(quota: Object) -> str:
        hard, used = at("status.hard", {})(quota), at("status.used", {})(quota)
        names = sorted(name for name in hard if name.startswith("limits.") == limits)
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in names)

    return cell


def _containers(field: str) -> Any:
    read = at("spec.template.spec.containers", [])
    return lambda obj: ",".join(item.get(field, "") for item in read(obj))


def _ready_replicas(deployment: Object) -> str:
    ready, wanted = at("status.readyReplicas", 0), at("spec.replicas", 0)
    return f"{ready(deployment)}/{wanted(deployment)}"


def _job_status(job: Object) -> str:
    true = {c["type"] for c in at("status.conditions", [])(job) if c["status"] == "True"}
    for condition, shown in (("Complete", "Complete"), ("Failed", "Failed")):
        if condition in true:
            return shown
    if "deletionTimestamp" in job["metadata"]:
        return "Terminating"
    return "Suspended" if "Suspended" in true else "Running"


def _job_duration(job: Object) -> str:
    start, end = at("status.startTime", None)(job), at("status.completionTime", None)(job)
    if not start or not end:
        return since(start) if start else ""
    times = [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (start, end)]
    return human_duration(int((times[1] - times[0]).total_seconds()))


def _completions(job: Object) -> str:
    return f"{at('status.succeeded', 0)(job)}/{at('spec.completions', 1)(job)}"


def _role(binding: Object) -> str:
    return f"{binding['roleRef']['kind']}/{binding['roleRef']['name']}"


def _subjects(kind: str) -> Any:
    def cell(binding: Object) -> str:
        found = [s for s in binding.get("subjects") or [] if s["kind"] == kind]
        if kind == "ServiceAccount":
            return ", ".join(f"{s.get('namespace', '')}/{s['name']}" for s in found)
        return ", ".join(s["name"] for s in found)

    return cell


_SELECTOR = wide("Selector", lambda obj: labels_text(at("spec.selector.matchLabels", {})(obj)))
_TEMPLATE = [
    wide("Containers", _containers("name")),
    wide("Images", _containers("image")),
    _SELECTOR,
]
_BINDING = [
    NAME,
    Column("Role", _role),
    AGE,
    wide("Users", _subjects("User")),
    wide("Groups", _subjects("Group")),
    wide("ServiceAccounts", _subjects("ServiceAccount")),
]

TABLES: dict[str, list[Column]] = {
    "ClusterRole": [NAME, _CREATED],
    "ClusterRoleBinding": _BINDING,
    "ConfigMap": [NAME, _count("data", "binaryData"), AGE],
    "Deployment": [
        NAME,
        Column("Ready", _ready_replicas),
        Column("Up-to-date", at("status.updatedReplicas", 0)),
        Column("Available", at("status.availableReplicas", 0)),
        AGE,
        *_TEMPLATE,
    ],
    "Endpoints": [NAME, Column("Endpoints", lambda _: _NONE), AGE],
    "Event": [
        Column("Last Seen", _last_seen),
        Column("Type", at("type")),
        Column("Reason", at("reason")),
        Column("Object", _involved),
        wide("Subobject", at("involvedObject.fieldPath")),
        wide("Source", _source),
        Column("Message", lambda event: str(event.get("message", "")).strip()),
        wide("First Seen", age_of("firstTimestamp")),
        wide("Count", _event_count),
        Column("Name", at("metadata.name"), format="name", priority=1),
    ],
    "Job": [
        NAME,
        Column("Status", _job_status),
        Column("Completions", _completions),
        Column("Duration", _job_duration),
        AGE,
        *_TEMPLATE,
    ],
    "Lease": [NAME, Column("Holder", at("spec.holderIdentity")), AGE],
    "LimitRange": [NAME, _CREATED],
    "Namespace": [NAME, Column("Status", at("status.phase")), AGE],
    "Node": [
        NAME,
        Column("Status", _node_status),
        Column("Roles", _node_roles),
        AGE,
        Column("Version", at("status.nodeInfo.kubeletVersion")),
        wide("Internal-IP", _node_address("InternalIP")),
        wide("External-IP", _node_address("ExternalIP")),
        wide("OS-Image", at("status.nodeInfo.osImage", "<unknown>")),
        wide("Kernel-Version", at("status.nodeInfo.kernelVersion", "<unknown>")),
        wide("Container-Runtime", at("status.nodeInfo.containerRuntimeVersion", "<unknown>")),
    ],
    "Pod": [
        NAME,
        Column("Ready", pod_ready),
        Column("Status", pod_status),
        Column("Restarts", pod_restarts),
        AGE,
        wide("IP", at("status.podIP", _NONE)),
        wide("Node", at("spec.nodeName", _NONE)),
        wide("Nominated Node", at("status.nominatedNodeName", _NONE)),
        wide("Readiness Gates", lambda _: _NONE),
    ],
    "ResourceQuota": [
        NAME,
        Column("Request", _quota(limits=False)),
        Column("Limit", _quota(limits=True)),
        AGE,
    ],
    "Role": [NAME, _CREATED],
    "RoleBinding": _BINDING,
    "Secret": [NAME, Column("Type", at("type")), _count("data"), AGE],
    "Service": [
        NAME,
        Column("Type", at("spec.type")),
        Column("Cluster-IP", at("spec.clusterIP", _NONE)),
        Column("External-IP", _external),
        Column("Port(s)", _ports),
        AGE,
        wide("Selector", lambda obj: labels_text(at("spec.selector", {})(obj))),
    ],
    "ServiceAccount": [NAME, AGE],
}
