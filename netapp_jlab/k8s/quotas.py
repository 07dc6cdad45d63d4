"""Says in plain words what a ResourceQuota does not allow.

The sentence is that of ``k8s.io/apiserver/pkg/admission/plugin/resourcequota``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from netapp_jlab.errors import QuotaExceeded

_QUOTA = re.compile(
    r"exceeded quota: (?P<name>.+?), requested: (?P<requested>.+?), used: (?P<used>.+?), "
    r"limited: (?P<limited>.+)"
)
_QUOTA_WORDS = {
    "requests.storage": "storage",
    "persistentvolumeclaims": "volumes",
    "count/persistentvolumeclaims": "volumes",
    "count/volumesnapshots.snapshot.storage.k8s.io": "snapshots",
}
_BY_CLASS = re.compile(r"(?P<name>.+)\.storageclass\.storage\.k8s\.io/(?P<resource>.+)")


def exceeded(message: str) -> QuotaExceeded:
    """Return the error for ``exceeded quota: …, requested: …, used: …, limited: …``."""
    match = _QUOTA.search(message)
    if match is None:
        return QuotaExceeded(message)
    used, limited = _amounts(match["used"]), _amounts(match["limited"])
    parts = [
        f"{_resource(resource)}: {asked} more asked for, {used.get(resource, '?')} used, "
        f"{limited.get(resource, '?')} allowed"
        for resource, asked in _amounts(match["requested"]).items()
    ]
    return QuotaExceeded(f"The quota “{match['name']}” does not allow it ({'; '.join(parts)}).")


def _amounts(text: str) -> Mapping[str, str]:
    """Split ``requests.storage=10Gi,persistentvolumeclaims=1``."""
    return {
        resource: amount
        for part in text.split(",")
        for resource, _, amount in [part.strip().rpartition("=")]
    }


def _resource(resource: str) -> str:
    by_class = _BY_CLASS.fullmatch(resource)
    if by_class is None:
        return _QUOTA_WORDS.get(resource, resource)
    word = _QUOTA_WORDS.get(by_class["resource"], by_class["resource"])
    return f"{word} of the class “{by_class['name']}”"
