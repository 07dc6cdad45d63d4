"""Checks that a write must pass before it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors, rules, schemas

if TYPE_CHECKING:
    from .history import Entry
    from .kinds import Kind

Object = dict[str, Any]


def check_object(kind: Kind, new: Object, old: Object | None) -> list[errors.Cause]:
    """Return what schema and rules do not allow; rules need an object that fits the schema."""
    found = schemas.check(kind, new, update=old is not None)
    if schemas.UNCHECKED in found:
        return found
    strategy = rules.for_kind(kind.kind)
    return found + (strategy.validate(new) if old is None else strategy.validate_update(new, old))


def require_uid(before: Entry, meta: Object) -> None:
    """Refuse the update of an object that has been deleted and made again."""
    given, found = meta.get("uid"), before.decode()["metadata"]["uid"]
    if not given or given == found:
        return
    why = (
        "StorageError: invalid object, Code: 4, "
        f"Key: /registry/{before.kind.plural}/{before.key}, ResourceVersion: 0, "
        "AdditionalErrorMsg: Precondition failed: "
        f"UID in precondition: {given}, UID in object meta: {found}"
    )
    raise errors.conflict(before.kind, meta["name"], why)


def require_version(kind: Kind, new: Object, old: Object) -> None:
    """Refuse an update that is based on an older version, or on none where one must be named."""
    given = new["metadata"].get("resourceVersion") or ""
    name = old["metadata"]["name"]
    if not given and not kind.builtin:
        cause = errors.invalid("metadata.resourceVersion", 0, "must be specified for an update")
        raise errors.invalid_resource(kind, name, cause)
    if given and given != old["metadata"]["resourceVersion"]:
        raise errors.conflict(kind, name)
    new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]


def refuse(kind: Kind, obj: Object, causes: list[errors.Cause]) -> None:
    """Refuse an object for these causes, if there are any."""
    if causes:
        raise errors.invalid_object(kind, obj["metadata"].get("name", ""), causes)
