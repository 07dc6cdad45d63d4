"""Manifests of helper pods, made from the user's own pod."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from netapp_jlab.k8s import naming
from netapp_jlab.k8s.helpers import Pod, Variable
from netapp_jlab.k8s.objects import Manifest

CONTAINER = "mover"
SOCKET = "/run/netapp-jlab/mover/socket"
_RUN = "/run/netapp-jlab"
_LIVE = "/volume"
GRACE = 30
"""Seconds between SIGTERM and SIGKILL: a restore stops at the end of a file, or sooner."""
_REQUESTS = {"cpu": "50m", "memory": "64Mi"}
_LIMITS = {"cpu": "1", "memory": "512Mi"}
_COPIED_VARIABLES = frozenset({"PATH", "PYTHONPATH", "LD_LIBRARY_PATH"})


@dataclass(frozen=True, kw_only=True)
class Template:
    """What a helper takes from the user's own pod, or from the settings.

    Attributes
    ----------
    image, python : str
        What it runs.
    node : str
        The user's own node; empty where it is not known.
    user, group : int, optional
        Whom it runs as; whom the image says where None.
    security : mapping
        ``securityContext`` of the user's pod.
    owner : mapping, optional
        Reference to the user's pod, with which the helper goes.
    """

    image: str
    python: str = "python3"
    node: str = ""
    user: int | None = None
    group: int | None = None
    security: Mapping[str, Any] = field(default_factory=dict)
    pull_secrets: Sequence[Mapping[str, Any]] = ()
    tolerations: Sequence[Mapping[str, Any]] = ()
    runtime_class: str = ""
    env: Sequence[Variable] = ()
    owner: Mapping[str, str] | None = None


def template_of(pod: Pod, *, image: str, python: str, user: int, group: int) -> Template:
    """Return what a helper takes from the pod that this process runs in.

    Parameters
    ----------
    image : str
        To run another one than that pod's; empty for that one.
    """
    own = pod.spec.containers[0]  # others are sidecars: the spawner puts the server first
    meta = pod.metadata
    return Template(
        image=image or own.image,
        python=python,
        node=pod.spec.node_name,
        user=user,
        group=group,
        security=pod.spec.security_context,
        pull_secrets=pod.spec.image_pull_secrets,
        tolerations=pod.spec.tolerations,
        runtime_class=pod.spec.runtime_class_name,
        env=() if image else [one for one in own.env if one.name in _COPIED_VARIABLES],
        owner={"apiVersion": "v1", "kind": "Pod", "name": meta.name, "uid": meta.uid},
    )


def attach_command(python: str) -> list[str]:
    """Return the command that connects to the mover in a helper."""
    return [python, "-m", "netapp_jlab.mover", "attach", "--socket", SOCKET]


def manifest(
    name: str,
    template: Template,
    *,
    trees: Mapping[str, str],
    live: str,
    bound_to: str,
    idle: float,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
) -> Manifest:
    """Return the manifest of a helper pod.

    Parameters
    ----------
    trees : Mapping[str, str]
        Name of a tree to the claim that holds it, mounted read-only.
    live : str
        The claim that is restored to; empty for none.
    bound_to : str
        The node where it has to run; empty where the user's own is only preferred.
    idle : float
        Seconds without use after which it ends by itself.
    """
    command = [template.python, "-m", "netapp_jlab.mover", "serve"]
    command += ["--socket", SOCKET, "--idle", f"{idle:g}"]
    mounts: list[Manifest] = [{"name": "run", "mountPath": _RUN}]
    volumes: list[Manifest] = [{"name": "run", "emptyDir": {"sizeLimit": "1Mi"}}]
    for number, (tree, claim) in enumerate(trees.items()):
        path = f"/snapshots/{number}"
        command += [f"--{tree}", path]
        mounts.append({"name": tree, "mountPath": path, "readOnly": True})
        source = {"claimName": claim, "readOnly": True}
        volumes.append({"name": tree, "persistentVolumeClaim": source})
    if live:
        command += ["--live", _LIVE]
        mounts.append({"name": "live", "mountPath": _LIVE})
        volumes.append({"name": "live", "persistentVolumeClaim": {"claimName": live}})
    container: Manifest = {
        "name": CONTAINER,
        "image": template.image,
        "command": command,
        "workingDir": "/",  # Python looks there for modules first
        "env": [{"name": one.name, "value": one.value} for one in template.env if one.value]
        + [{"name": "PYTHONDONTWRITEBYTECODE", "value": "1"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"requests": _REQUESTS, "limits": _LIMITS},
        "volumeMounts": mounts,
        # Why it could not start is then told without the right to read logs.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    spec: Manifest = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE,
        "securityContext": _security(template),
        "containers": [container],
        "volumes": volumes,
    }
    if affinity := _affinity(bound_to, template.node):
        spec["affinity"] = {"nodeAffinity": affinity}
    if template.pull_secrets:
        spec["imagePullSecrets"] = [dict(one) for one in template.pull_secrets]
    if template.tolerations:
        spec["tolerations"] = [dict(one) for one in template.tolerations]
    if template.runtime_class:
        spec["runtimeClassName"] = template.runtime_class
    metadata: Manifest = {"name": name, "labels": dict(labels), "annotations": dict(annotations)}
    if template.owner is not None:
        metadata["ownerReferences"] = [dict(template.owner)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _security(template: Template) -> Manifest:
    """Return the pod's ``securityContext``: the user's identity, no more."""
    context: Manifest = {"seccompProfile": {"type": "RuntimeDefault"}}
    copied = ("fsGroup", "supplementalGroups", "runAsUser", "runAsGroup", "runAsNonRoot")
    context.update({key: template.security[key] for key in copied if key in template.security})
    if "fsGroup" in context:
        context["fsGroupChangePolicy"] = "OnRootMismatch"
    if template.user is not None:
        context["runAsUser"] = template.user
        context["runAsNonRoot"] = template.user != 0
    if template.group is not None:
        context["runAsGroup"] = template.group
    return context


def _affinity(bound_to: str, preferred: str) -> Manifest:
    """Bind it to a node, by the scheduler.

    ``nodeName`` would go past that, and with it past classes that bind a volume only when its first
    consumer is scheduled.
    """

    def term(node: str) -> Manifest:
        return {
            "matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}],
        }

    if bound_to:
        terms = {"nodeSelectorTerms": [term(bound_to)]}
        return {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    if preferred:
        wish = {"weight": 100, "preference": term(preferred)}
        return {"preferredDuringSchedulingIgnoredDuringExecution": [wish]}
    return {}


def labels(owner: str) -> dict[str, str]:
    """Return the labels of helpers and their claims."""
    return {
        naming.MANAGED_BY: naming.MANAGER,
        naming.PURPOSE: "mover",
        naming.OWNER: owner,
    }
