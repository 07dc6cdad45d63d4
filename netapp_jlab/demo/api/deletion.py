"""How an object goes: at once, when its finalizers let go, or when its node has stopped it.

After ``k8s.io/apiserver/pkg/registry/{rest/delete.go,generic/registry/store.go}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors
from .metadata import FOREGROUND, ORPHAN, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .kinds import Kind

Object = dict[str, Any]

_POD_GRACE = 30


def check_preconditions(kind: Kind, obj: Object, wanted: Mapping[str, str]) -> None:
    """Refuse the deletion of another object than the caller has in mind.

    Raises
    ------
    ApiError
        409 when the uid or the resourceVersion is not the one in `wanted`.
    """
    meta = obj["metadata"]
    for name, title, what in (
        ("uid", "UID", "deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "modified"),
    ):
        given, found = wanted.get(name), meta[name]
        if given is not None and given != found:
            why = (
                f"the {title} in the precondition ({given}) does not match the {title} in record "
                f"({found}). The object might have been {what}"
            )
            raise errors.failed_precondition(kind, meta["name"], why)


def begin(
    kind: Kind, obj: Object, propagation: str | None = None, grace_seconds: int | None = None
) -> bool:
    """Mark `obj` as being deleted, if something must happen first.

    Parameters
    ----------
    propagation : str | None
        ``Background``, ``Foreground`` or ``Orphan``.
    grace_seconds : int | None
        How long a pod gets to stop; 0 removes it at once.

    Returns
    -------
    bool
        Whether the object stays for now; if not, it is to be removed.
    """
    meta = obj["metadata"]
    _set_propagation(meta, propagation)
    grace = _grace(kind, obj, grace_seconds)
    held = bool(grace) or not finished(obj, ignore_timestamp=True)
    if not held and not kind.graceful:
        return False
    known = meta.get("deletionGracePeriodSeconds")
    if "deletionTimestamp" not in meta:
        meta["deletionTimestamp"] = timestamp(after=grace)
        if meta.get("generation"):
            meta["generation"] += 1
    if known is None or grace < known:
        meta["deletionGracePeriodSeconds"] = grace
    if kind.kind == "Namespace":
        obj.setdefault("status", {})["phase"] = "Terminating"
    return held


def finished(obj: Object, *, ignore_timestamp: bool = False) -> bool:
    """Say whether nothing holds an object that is being deleted any more."""
    meta = obj["metadata"]
    if not ignore_timestamp and "deletionTimestamp" not in meta:
        return False
    if meta.get("finalizers") or _namespace_finalizers(obj):
        return False
    return ignore_timestamp or not meta.get("deletionGracePeriodSeconds")


def _namespace_finalizers(obj: Object) -> list[str]:
    spec = obj.get("spec")
    if obj.get("kind") != "Namespace" or not isinstance(spec, dict):
        return []
    return spec.get("finalizers") or []


def _set_propagation(meta: Object, propagation: str | None) -> None:
    if propagation is None:
        return
    wanted = {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(propagation)
    kept = [name for name in meta.get("finalizers") or [] if name not in (ORPHAN, FOREGROUND)]
    if wanted:
        kept.append(wanted)
    meta["finalizers"] = kept
    if not kept:
        del meta["finalizers"]


def _grace(kind: Kind, obj: Object, asked: int | None) -> int:
    if not kind.graceful:
        return 0
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
        return 0
    if asked is not None:
        return max(asked, 0) if asked >= 0 else 1
    known = obj["metadata"].get("deletionGracePeriodSeconds")
    if known is not None:
        return int(known)
    return int(spec.get("terminationGracePeriodSeconds") or _POD_GRACE)
