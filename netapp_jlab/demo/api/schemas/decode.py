"""From what a client sent to what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import structural
from .documents import META, custom, definition_name
from .reading import Place, reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netapp_jlab.demo.api.errors import Cause
    from netapp_jlab.demo.api.kinds import Kind

Object = dict[str, Any]


def decode(kind: Kind, obj: Mapping[str, Any], unknown: list[str] | None = None) -> Object:
    """Return an object as it is stored: typed, without unknown fields and nulls.

    Parameters
    ----------
    unknown : list[str] | None
        The paths of fields that the schema does not know are added to it.

    Raises
    ------
    SchemaError
        When a value has another type than the schema says (custom resources are checked for that
        later, by `check`).
    """
    unknown = [] if unknown is None else unknown
    body = dict(obj)
    if kind.builtin:
        found: Object = reader(definition_name(kind)).read(
            body, Place(kind.kind, "", kind.kind), unknown
        )
    else:
        meta = body.pop("metadata", None)
        found = structural.prune(body, custom()[kind.kind]["schema"], "", unknown)
        strange: list[str] = []
        place = Place("", "", "v1.ObjectMeta")
        found["metadata"] = reader(META).read({} if meta is None else meta, place, strange)
        unknown += [f"metadata.{path}" for path in strange]
    found.setdefault("metadata", {})
    found["kind"], found["apiVersion"] = kind.kind, kind.api_version
    return found


def check(kind: Kind, obj: Object, *, update: bool) -> list[Cause]:
    """Return what the schema of a custom resource does not allow in an object."""
    if kind.builtin:
        return []
    body = {name: value for name, value in obj.items() if name != "metadata"}
    schema = custom()[kind.kind]["schema"]
    found = structural.check(body, schema, short=update)
    if structural.blocking(found) and kind.rules:
        found.append(structural.UNCHECKED)
    return found
