"""How small and large a claim may be in its namespace (LimitRange).

After ``k8s.io/kubernetes/plugin/pkg/admission/limitranger``; of its limits only those of claims,
because nothing here runs pods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors, quantity
from .rules.claims import requested

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .auth.users import User
    from .kinds import Kind
    from .store import Store

Object = dict[str, Any]

_TYPE = "PersistentVolumeClaim"


class ClaimLimits:
    """An admission hook (see `Store`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(
        self,
        operation: str,
        kind: Kind,
        new: Object | None,
        _old: Object | None,
        _user: User | None,
    ) -> None:
        """Refuse a claim whose size is out of bounds."""
        if new is None or operation == "DELETE" or kind.kind != _TYPE:
            return
        meta = new["metadata"]
        size = requested(new)
        ranges = self._store.list("LimitRange", meta["namespace"]).items
        broken = [] if size is None else list(_broken(ranges, size))
        if broken:
            why = broken[0] if len(broken) == 1 else f"[{', '.join(broken)}]"
            raise errors.forbidden(kind, meta["name"], why)


def _broken(ranges: list[Object], size: str) -> Iterator[str]:
    asked = quantity.value(size)
    for limit in (limit for item in ranges for limit in (item.get("spec") or {}).get("limits", ())):
        if limit.get("type") != _TYPE:
            continue
        least = (limit.get("min") or {}).get("storage")
        if least is not None and asked < quantity.value(least):
            yield f"minimum storage usage per {_TYPE} is {least}, but request is {size}"
        most = (limit.get("max") or {}).get("storage")
        if most is not None and asked > quantity.value(most):
            yield f"maximum storage usage per {_TYPE} is {most}, but request is {size}"
