"""Checks custom resources against their schemas.

After the structural-schema validation of ``k8s.io/apiextensions-apiserver``, whose messages come
from ``k8s.io/kube-openapi/pkg/validation``. Rules in CEL are code: see `rules`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from netapp_jlab.demo.api import errors
from netapp_jlab.demo.api.errors import Cause

Json = Any
Schema = dict[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}

_BLOCKING = ("FieldValueNotSupported", "FieldValueRequired", "FieldValueTypeInvalid")

#: Added when something so basic is wrong that the CEL rules were not run.
UNCHECKED = errors.Cause(
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
    "<nil>",
)


def prune(value: Json, schema: Schema, path: str, unknown: list[str]) -> Json:
    """Return `value` without nulls and without fields that the schema does not know.

    Parameters
    ----------
    unknown : list[str]
        The paths of the fields that were dropped are added to it.
    """
    if isinstance(value, list):
        items = schema.get("items", {})
        return [prune(item, items, f"{path}[{i}]", unknown) for i, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    known, extra = schema.get("properties", {}), schema.get("additionalProperties")
    keeps = bool(extra) or schema.get("x-kubernetes-preserve-unknown-fields", False)
    result = {}
    for name, item in value.items():
        here = f"{path}.{name}" if path else name
        if name not in known and not keeps:
            unknown.append(here)
        elif item is not None:
            inner = known.get(name, extra if isinstance(extra, dict) else _OPEN)
            result[name] = prune(item, inner, here, unknown)
    return result


_OPEN: Schema = {"x-kubernetes-preserve-unknown-fields": True}


def check(value: Json, schema: Schema, path: str = "", *, short: bool = False) -> list[Cause]:
    """Return what the schema does not allow.

    Parameters
    ----------
    short : bool
        Name fields by their last step in messages, as a real server does for updates.
    """
    problem = _check_type(value, schema, path, short=short)
    if problem is not None:
        return [problem]
    found: list[Cause] = []
    if isinstance(value, dict):
        found += [
            errors.required(_join(path, name))
            for name in schema.get("required", ())
            if name not in value
        ]
        properties, extra = schema.get("properties", {}), schema.get("additionalProperties")
        for name, item in value.items():
            inner = properties.get(name, extra)
            if isinstance(inner, dict):
                found += check(item, inner, _join(path, name), short=short)
    elif isinstance(value, list):
        items = schema.get("items", {})
        for index, item in enumerate(value):
            found += check(item, items, f"{path}[{index}]", short=short)
    else:
        found += _check_text(value, schema, path)
    return found


def blocking(causes: list[Cause]) -> bool:
    """Say whether something so basic is wrong that the CEL rules can't be run."""
    return any(cause.reason in _BLOCKING for cause in causes)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _check_type(value: Json, schema: Schema, path: str, *, short: bool) -> Cause | None:
    wanted = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        fits = isinstance(value, int | str) and not isinstance(value, bool)
    elif wanted is None:
        fits = True
    else:
        fits = isinstance(value, _TYPES[wanted]) and not (
            isinstance(value, bool) and wanted != "boolean"
        )
    shown = path.rpartition(".")[2] if short else path
    if not fits:
        found = _NAMES.get(type(value), "object")
        detail = f'{shown} in body must be of type {wanted or "integer,string"}: "{found}"'
        return errors.type_invalid(path, found, detail)
    if schema.get("format") == "date-time" and isinstance(value, str) and not _is_time(value):
        detail = f'{shown} in body must be of type date-time: "{value}"'
        return errors.type_invalid(path, value, detail)
    return None


def _check_text(value: Json, schema: Schema, path: str) -> list[Cause]:
    pattern = schema.get("pattern")
    if pattern and isinstance(value, str) and not re.search(pattern, value):
        name = path.rpartition(".")[2]
        return [errors.invalid(path, value, f"{name} in body should match '{pattern}'")]
    allowed = schema.get("enum")
    if allowed is not None and value not in allowed:
        return [errors.not_supported(path, value, allowed)]
    return []


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True
