"""Which existing volume fits a claim.

After ``k8s.io/component-helpers/storage/volume/pv_helpers.go`` (``FindMatchingVolume``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers import quantity
from netapp_jlab.demo.controllers.objects import claim_class

if TYPE_CHECKING:
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["mismatch", "smallest_match"]


def mismatch(claim: Object, volume: Object) -> str:
    """Say why a volume cannot serve a claim; empty if it can."""
    spec, wanted = volume["spec"], claim["spec"]
    if _size(volume) < quantity.parse(wanted["resources"]["requests"]["storage"]):
        return "requested PV is too small"
    if (spec.get("storageClassName") or "") != (claim_class(claim) or ""):
        return "storageClassName does not match"
    if spec.get("volumeMode", "Filesystem") != wanted.get("volumeMode", "Filesystem"):
        return "incompatible volumeMode"
    if not set(wanted.get("accessModes") or ()) <= set(spec.get("accessModes") or ()):
        return "incompatible accessMode"
    return ""


def smallest_match(claim: Object, volumes: list[Object]) -> Object | None:
    """Return the smallest volume that can serve the claim, if any."""
    fitting = [
        volume
        for volume in volumes
        if not mismatch(claim, volume) and _selected(claim["spec"].get("selector"), volume)
    ]
    return min(
        fitting, key=lambda volume: (_size(volume), volume["metadata"]["name"]), default=None
    )


def _size(volume: Object) -> int:
    return quantity.parse(volume["spec"]["capacity"]["storage"])


def _selected(selector: Object | None, volume: Object) -> bool:
    if not selector:
        return True
    labels = volume["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression(labels, item) for item in selector.get("matchExpressions") or ())


def _expression(labels: dict[str, str], item: Object) -> bool:
    key, values = item["key"], item.get("values") or ()
    return {
        "In": key in labels and labels[key] in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[item["operator"]]
