"""Namespaces, configuration, service accounts, services, quotas and events.

After the strategies in ``k8s.io/kubernetes/pkg/registry/core`` and
``pkg/apis/core/{v1/defaults.go,validation}``.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors, names, quantity

from .base import Rules

if TYPE_CHECKING:
    from netapp_jlab.demo.api.errors import Cause
    from netapp_jlab.demo.api.kinds import Kind

Object = dict[str, Any]

#: Data of a ConfigMap or Secret, in bytes.
MAX_DATA = 1024 * 1024
_NAME_LABEL = "kubernetes.io/metadata.name"


class NamespaceRules(Rules):
    """Namespace."""

    def default(self, obj: Object) -> None:
        """Label it with its own name, which selectors rely on."""
        name = obj["metadata"].get("name")
        if name:
            obj["metadata"].setdefault("labels", {})[_NAME_LABEL] = name

    def prepare_create(self, kind: Kind, obj: Object) -> None:
        """Begin as active, held by the namespace controller."""
        super().prepare_create(kind, obj)
        obj["spec"] = {"finalizers": ["kubernetes"]}
        obj["status"] = {"phase": "Active"}

    def prepare_update(self, kind: Kind, new: Object, old: Object) -> None:
        """Keep the finalizers: only the ``finalize`` subresource changes them."""
        super().prepare_update(kind, new, old)
        new["spec"] = old.get("spec") or {}


class _DataRules(Rules):
    """What ConfigMap and Secret share: legal keys, a size limit, and ``immutable``."""

    fields: tuple[str, ...] = ("data", "binaryData")
    #: How a real server names what is too long as a whole.
    whole = "[]"

    def validate(self, obj: Object) -> list[Cause]:
        """Check keys and size."""
        found, size = [], 0
        for field in self.fields:
            for key, value in (obj.get(field) or {}).items():
                texts = names.config_key(key)
                found += [errors.invalid(f"{field}[{key}]", key, text) for text in texts]
                size += len(value)
        if size > MAX_DATA:
            found.append(errors.too_long(self.whole, MAX_DATA))
        return found

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Refuse every change of what was declared immutable."""
        found = self.validate(new)
        if not old.get("immutable"):
            return found
        detail = "field is immutable when `immutable` is set"
        if not new.get("immutable"):
            found.append(errors.forbidden_field("immutable", detail))
        found += [
            errors.forbidden_field(field, detail)
            for field in self.fields
            if new.get(field) != old.get(field)
        ]
        return found


class ConfigMapRules(_DataRules):
    """ConfigMap."""


class SecretRules(_DataRules):
    """Secret."""

    fields = ("data",)
    whole = "data"

    def default(self, obj: Object) -> None:
        """Fold ``stringData`` into ``data``, and fill in the type."""
        obj.setdefault("type", "Opaque")
        for key, text in (obj.pop("stringData", None) or {}).items():
            encoded = base64.b64encode(text.encode()).decode()
            obj.setdefault("data", {})[key] = encoded

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        """Keep the type."""
        found = super().validate_update(new, old)
        if new.get("type") != old.get("type"):
            found.append(errors.invalid("type", new.get("type"), "field is immutable"))
        return found


def is_base64(text: str) -> bool:
    """Say whether `text` is what a ``[]byte`` field holds."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


class QuotaRules(Rules):
    """ResourceQuota."""

    def prepare_create(self, kind: Kind, obj: Object) -> None:
        """Begin without knowing what is used."""
        super().prepare_create(kind, obj)
        obj["status"] = {}

    def validate(self, obj: Object) -> list[Cause]:
        """Check that no limit is negative."""
        return [
            errors.invalid(f"spec.hard[{name}]", size, "must be greater than or equal to 0")
            for name, size in ((obj.get("spec") or {}).get("hard") or {}).items()
            if quantity.value(size) < 0
        ]


class ServiceRules(Rules):
    """Service (stored and readable; nothing routes traffic)."""

    def default(self, obj: Object) -> None:
        """Fill in type, affinity and the ports' protocols and targets."""
        spec = obj.setdefault("spec", {})
        spec.setdefault("type", "ClusterIP")
        spec.setdefault("sessionAffinity", "None")
        if spec["type"] != "ExternalName":
            spec.setdefault("internalTrafficPolicy", "Cluster")
        for port in spec.get("ports") or []:
            port.setdefault("protocol", "TCP")
            port.setdefault("targetPort", port.get("port"))

    def prepare_create(self, kind: Kind, obj: Object) -> None:
        """Begin without a load balancer."""
        super().prepare_create(kind, obj)
        obj["status"] = {"loadBalancer": {}}

    def validate(self, obj: Object) -> list[Cause]:
        """Check that there are ports."""
        spec = obj["spec"]
        headless = spec.get("clusterIP") == "None" or spec["type"] == "ExternalName"
        if not spec.get("ports") and not headless:
            return [errors.required("spec.ports")]
        return []


class EventRules(Rules):
    """Event."""

    def validate(self, obj: Object) -> list[Cause]:
        """Check that it stands in the namespace of what it is about."""
        namespace = (obj.get("involvedObject") or {}).get("namespace") or "default"
        if namespace == obj["metadata"].get("namespace"):
            return []
        detail = "does not match event.namespace"
        return [errors.invalid("involvedObject.namespace", namespace, detail)]
