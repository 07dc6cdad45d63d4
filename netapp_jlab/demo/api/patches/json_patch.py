"""RFC 6902, with the two liberties of the library Kubernetes uses.

``replace`` adds a member that is missing, and ``test`` takes a missing member for null, as in
``gopkg.in/evanphx/json-patch.v4``.
"""

from __future__ import annotations

import copy
from typing import Any

from netapp_jlab.demo.api.errors import ApiError, bad_request, unpatchable

Json = Any

#: A real server refuses longer patches.
MAX_OPERATIONS = 10_000


class _Unpatchable(ValueError):
    """An operation that can't be carried out on this document."""


def apply(document: Json, operations: Json) -> Json:
    """Return `document` after all `operations`; the given document is left as it was.

    Raises
    ------
    ApiError
        400 when `operations` is no JSON patch, 422 when one can't be carried out (nothing is then
        changed), 413 for too many of them.
    """
    if not isinstance(operations, list):
        raise _no_patch(operations, "[]handlers.jsonPatchOp")
    for operation in operations:
        if not isinstance(operation, dict):
            raise _no_patch(operation, "handlers.jsonPatchOp")
    if len(operations) > MAX_OPERATIONS:
        raise ApiError(
            413,
            "RequestEntityTooLarge",
            "Request entity too large: The allowed maximum operations in a JSON patch is "
            f"{MAX_OPERATIONS}, got {len(operations)}",
        )
    result = copy.deepcopy(document)
    try:
        for operation in operations:
            result = _step(result, operation)
    except _Unpatchable as error:
        raise unpatchable() from error
    return result


def _no_patch(value: Json, target: str) -> ApiError:
    found = {dict: "object", list: "array", str: "string", bool: "bool"}
    name = found.get(type(value), "number")
    message = f"json: cannot unmarshal {name} into Go value of type {target}"
    return bad_request(f"error decoding patch: {message}")


def _step(document: Json, operation: dict[str, Any]) -> Json:
    name = operation.get("op")
    path = _pointer(operation.get("path"))
    if name == "add":
        return _add(document, path, copy.deepcopy(operation.get("value")))
    if name == "remove":
        return _remove(document, path)
    if name == "replace":
        return _set(document, path, copy.deepcopy(operation.get("value")))
    if name == "move":
        source = _pointer(operation.get("from"))
        value = _get(document, source)
        return _add(_remove(document, source), path, value)
    if name == "copy":
        value = copy.deepcopy(_get(document, _pointer(operation.get("from"))))
        return _add(document, path, value)
    if name == "test":
        return _test(document, path, operation.get("value"))
    raise _Unpatchable(f"unexpected kind: {name}")


def _pointer(text: Json) -> list[str]:
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise _Unpatchable(f"no pointer: {text!r}")
    return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:]]


def _index(array: list[Json], step: str, *, end: bool) -> int:
    if end and step == "-":
        return len(array)
    if not step.lstrip("-").isdigit():
        raise _Unpatchable(f"no index: {step}")
    index = int(step)
    if index < 0 or index > len(array) - (not end):
        raise _Unpatchable(f"index out of range: {step}")
    return index


def _get(document: Json, path: list[str]) -> Json:
    for step in path:
        if isinstance(document, list):
            document = document[_index(document, step, end=False)]
        elif isinstance(document, dict) and step in document:
            document = document[step]
        else:
            raise _Unpatchable(f"missing member: {step}")
    return document


def _add(document: Json, path: list[str], value: Json) -> Json:
    if not path:
        return value
    parent, step = _get(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        parent.insert(_index(parent, step, end=True), value)
    elif isinstance(parent, dict):
        parent[step] = value
    else:
        raise _Unpatchable(f"no container: {step}")
    return document


def _set(document: Json, path: list[str], value: Json) -> Json:
    if not path:
        return value
    parent, step = _get(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        parent[_index(parent, step, end=False)] = value
    elif isinstance(parent, dict):
        parent[step] = value
    else:
        raise _Unpatchable(f"no container: {step}")
    return document


def _remove(document: Json, path: list[str]) -> Json:
    _get(document, path)
    if not path:
        raise _Unpatchable("the whole document can't be removed")
    parent, step = _get(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        del parent[_index(parent, step, end=False)]
    else:
        del parent[step]
    return document


def _test(document: Json, path: list[str], wanted: Json) -> Json:
    try:
        found = _get(document, path)
    except _Unpatchable:
        found = None
    if found != wanted:
        raise _Unpatchable("testing value failed")
    return document
