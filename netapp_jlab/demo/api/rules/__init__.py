"""What each kind defaults, refuses and keeps: the "strategies" of a real API server."""

from __future__ import annotations

from .access import BindingRules, RoleRules
from .base import Rules
from .claims import ClaimRules, StorageClassRules, VolumeRules
from .core import (
    ConfigMapRules,
    EventRules,
    NamespaceRules,
    QuotaRules,
    SecretRules,
    ServiceRules,
)
from .snapshots import ContentRules, SnapshotRules
from .workloads import DeploymentRules, PodRules

__all__ = ["Rules", "for_kind"]

_RULES: dict[str, Rules] = {
    "ClusterRole": RoleRules(cluster=True),
    "ClusterRoleBinding": BindingRules(cluster=True),
    "ConfigMap": ConfigMapRules(),
    "Deployment": DeploymentRules(),
    "Event": EventRules(),
    "Namespace": NamespaceRules(),
    "PersistentVolume": VolumeRules(),
    "PersistentVolumeClaim": ClaimRules(),
    "Pod": PodRules(),
    "ResourceQuota": QuotaRules(),
    "Role": RoleRules(cluster=False),
    "RoleBinding": BindingRules(cluster=False),
    "Secret": SecretRules(),
    "Service": ServiceRules(),
    "StorageClass": StorageClassRules(),
    "VolumeSnapshot": SnapshotRules(),
    "VolumeSnapshotContent": ContentRules(),
}
_PLAIN = Rules()


def for_kind(kind: str) -> Rules:
    """Return the rules of a kind."""
    return _RULES.get(kind, _PLAIN)
