"""Pods, and what makes pods.

Pods are stored and defaulted as Kubernetes does it, so that clients can read which claims they
mount; whether anything runs them is up to the controllers of the embedded cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors, names

from .base import Rules

if TYPE_CHECKING:
    from netapp_jlab.demo.api.errors import Cause
    from netapp_jlab.demo.api.kinds import Kind

Object = dict[str, Any]

_POD_DEFAULTS = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "enableServiceLinks": True,
}
_CONTAINER_DEFAULTS = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}


def default_pod_spec(spec: Object) -> None:
    """Fill in the documented defaults of a pod's specification."""
    for name, value in _POD_DEFAULTS.items():
        spec.setdefault(name, value)
    spec.setdefault("securityContext", {})
    for container in (spec.get("initContainers") or []) + (spec.get("containers") or []):
        _default_container(container)
    for volume in spec.get("volumes") or []:
        _default_volume(volume)


def _default_container(container: Object) -> None:
    container.setdefault("resources", {})
    for name, value in _CONTAINER_DEFAULTS.items():
        container.setdefault(name, value)
    image = str(container.get("image") or "")
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    latest = "@" not in image and tag in ("", "latest")
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")


def _default_volume(volume: Object) -> None:
    if set(volume) == {"name"}:
        volume["emptyDir"] = {}
    for source in ("secret", "configMap", "projected", "downwardAPI"):
        if isinstance(volume.get(source), dict):
            volume[source].setdefault("defaultMode", 0o644)


def validate_pod_spec(spec: Object, path: str) -> list[Cause]:
    """Return what is wrong with a pod's specification, as far as volumes and names go."""
    containers = spec.get("containers") or []
    found = [] if containers else [errors.required(f"{path}.containers")]
    volumes = [volume.get("name") or "" for volume in spec.get("volumes") or []]
    found += _validate_volumes(spec.get("volumes") or [], f"{path}.volumes")
    for group in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(group) or []):
            found += _validate_container(container, volumes, f"{path}.{group}[{index}]")
    return found


def _validate_volumes(volumes: list[Object], path: str) -> list[Cause]:
    found: list[Cause] = []
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        name = volume.get("name") or ""
        here = f"{path}[{index}]"
        if not name:
            found.append(errors.required(f"{here}.name"))
            continue
        found += [errors.invalid(f"{here}.name", name, text) for text in names.label(name)]
        if name in seen:
            found.append(errors.duplicate(f"{here}.name", name))
        seen.add(name)
        claim = volume.get("persistentVolumeClaim")
        if isinstance(claim, dict) and not claim.get("claimName"):
            found.append(errors.required(f"{here}.persistentVolumeClaim.claimName"))
    return found


def _validate_container(container: Object, volumes: list[str], path: str) -> list[Cause]:
    name = container.get("name") or ""
    if name:
        found = [errors.invalid(f"{path}.name", name, text) for text in names.label(name)]
    else:
        found = [errors.required(f"{path}.name")]
    if not container.get("image"):
        found.append(errors.required(f"{path}.image"))
    for index, mount in enumerate(container.get("volumeMounts") or []):
        here = f"{path}.volumeMounts[{index}]"
        if not mount.get("mountPath"):
            found.append(errors.required(f"{here}.mountPath"))
        if not mount.get("name"):
            found.append(errors.required(f"{here}.name"))
        elif mount["name"] not in volumes:
            body = f'Not found: "{mount["name"]}"'
            found.append(errors.Cause("FieldValueNotFound", body, f"{here}.name"))
    return found


class PodRules(Rules):
    """Pod."""

    def default(self, obj: Object) -> None:
        """Fill in the documented defaults."""
        default_pod_spec(obj.setdefault("spec", {}))

    def prepare_create(self, kind: Kind, obj: Object) -> None:
        """Begin as pending."""
        super().prepare_create(kind, obj)
        obj["status"] = {"phase": "Pending", "qosClass": _qos(obj["spec"])}

    def validate(self, obj: Object) -> list[Cause]:
        """Check containers and volumes."""
        return validate_pod_spec(obj["spec"], "spec")

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Keep the specification, but for what a running pod may change."""
        found = self.validate(new)
        if _fixed(new["spec"], old["spec"]) != old["spec"]:
            detail = (
                "pod updates may not change fields other than `spec.containers[*].image`,"
                "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
                "`spec.tolerations` (only additions to existing tolerations),"
                "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
                "previously negative)"
            )
            found.append(errors.forbidden_field("spec", detail))
        return found


def _fixed(spec: Object, old: Object) -> Object:
    """Return a specification with everything that may change set back."""
    fixed = {**spec}
    for name in ("activeDeadlineSeconds", "tolerations", "nodeName"):
        changeable = name != "nodeName" or not old.get("nodeName")
        if changeable and name in old:
            fixed[name] = old[name]
        elif changeable:
            fixed.pop(name, None)
    for group in ("containers", "initContainers"):
        if len(spec.get(group) or []) == len(old.get(group) or []) and group in old:
            pairs = zip(spec[group], old[group], strict=True)
            fixed[group] = [{**new, "image": was.get("image")} for new, was in pairs]
    return fixed


def _qos(spec: Object) -> str:
    resources = [container.get("resources") or {} for container in spec.get("containers") or []]
    if not any(entry.get("requests") or entry.get("limits") for entry in resources):
        return "BestEffort"
    guaranteed = all(
        set(entry.get("limits") or {}) >= {"cpu", "memory"}
        and (entry.get("requests") or entry["limits"]) == entry["limits"]
        for entry in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"


class DeploymentRules(Rules):
    """Deployment (and what else has a pod template)."""

    def default(self, obj: Object) -> None:
        """Fill in replicas, strategy and the template's defaults."""
        spec = obj.setdefault("spec", {})
        spec.setdefault("replicas", 1)
        spec.setdefault("revisionHistoryLimit", 10)
        spec.setdefault("progressDeadlineSeconds", 600)
        strategy = spec.setdefault("strategy", {})
        if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
            rolling = strategy.setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", "25%")
            rolling.setdefault("maxSurge", "25%")
        default_pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
        spec["template"].setdefault("metadata", {})

    def prepare_create(self, kind: Kind, obj: Object) -> None:
        """Begin without a replica."""
        super().prepare_create(kind, obj)
        obj["status"] = {}

    def validate(self, obj: Object) -> list[Cause]:
        """Check that the selector fits the template."""
        spec = obj["spec"]
        selector = spec.get("selector")
        found: list[Cause] = [] if selector else [errors.required("spec.selector")]
        labels = spec["template"]["metadata"].get("labels") or {}
        if not selector or any(
            labels.get(k) != v for k, v in (selector.get("matchLabels") or {}).items()
        ):
            detail = "`selector` does not match template `labels`"
            found.append(errors.invalid("spec.template.metadata.labels", labels, detail))
        return found + validate_pod_spec(spec["template"]["spec"], "spec.template.spec")

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Keep the selector."""
        found = self.validate(new)
        if new["spec"].get("selector") != old["spec"].get("selector"):
            value = new["spec"].get("selector")
            found.append(errors.invalid("spec.selector", value, "field is immutable"))
        return found
