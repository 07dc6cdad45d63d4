"""Strategic merge patch: a merge patch that knows which lists are sets or maps.

After ``k8s.io/apimachinery/pkg/util/strategicpatch``. Lists merge by the key that the published
schema names (``x-kubernetes-patch-merge-key``); everything else is replaced. Directives:
``$patch``, ``$retainKeys``, ``$setElementOrder/<list>`` and ``$deleteFromPrimitiveList/<list>``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.api import errors, schemas

if TYPE_CHECKING:
    from netapp_jlab.demo.api.kinds import Kind

Object = dict[str, Any]
Schema = dict[str, Any]

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder/"
_REMOVE = "$deleteFromPrimitiveList/"


def apply(kind: Kind, document: Object, patch: Object) -> Object:
    """Return `document` with `patch` merged into it; neither is changed.

    Raises
    ------
    ApiError
        500 (as a real server has it) for a directive that makes no sense, or a list element
        without its merge key.
    """
    schema = schemas.definitions()[schemas.definition_name(kind)]
    return _merge_object(document, patch, schema)


def _resolve(schema: Schema | None) -> Schema:
    """Return a schema with its reference followed."""
    if schema is None:
        return {}
    target = schemas.reference(schema)
    return schemas.definitions()[target] if target else schema


def _field(schema: Schema, name: str) -> Schema:
    known = schema.get("properties", {}).get(name)
    extra = schema.get("additionalProperties")
    return known or (extra if isinstance(extra, dict) else {})


def _merge_object(document: Any, patch: Object, schema: Schema) -> Object:
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        return _plain_object(patch)
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        shown = f"map[$patch:{directive}]"
        raise errors.ApiError(500, "", f"unknown patch type: {directive} in map: {shown}")
    merged: Object = dict(document) if isinstance(document, dict) else {}
    if _RETAIN in patch:
        kept = set(patch[_RETAIN])
        merged = {name: value for name, value in merged.items() if name in kept}
    for name, value in patch.items():
        if name.startswith(_REMOVE):
            _remove_values(merged, name.removeprefix(_REMOVE), value)
        elif not name.startswith("$"):
            _merge_field(merged, name, value, _field(schema, name))
    for name, order in patch.items():
        if name.startswith(_ORDER):
            field = name.removeprefix(_ORDER)
            _reorder(merged, field, order, _field(schema, field))
    return merged


def _merge_field(merged: Object, name: str, value: Any, schema: Schema) -> None:
    if value is None:
        merged.pop(name, None)
    elif isinstance(value, dict):
        before = merged.get(name)
        if value.get(_DIRECTIVE) == "delete":
            merged.pop(name, None)
        elif "replace" in _strategies(schema):
            merged[name] = _plain(value)
        else:
            merged[name] = _merge_object(before, value, _resolve(schema))
    elif isinstance(value, list) and "merge" in _strategies(schema):
        merged[name] = _merge_list(merged.get(name) or [], value, schema)
    else:
        merged[name] = value


def _strategies(schema: Schema) -> list[str]:
    return str(schema.get("x-kubernetes-patch-strategy", "")).split(",")


def _merge_list(before: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    key = schema.get("x-kubernetes-patch-merge-key")
    if key is None:
        return before + [value for value in patch if value not in before]
    if any(isinstance(item, dict) and item.get(_DIRECTIVE) == "replace" for item in patch):
        return [item for item in patch if _DIRECTIVE not in item]
    result = list(before)
    items = _resolve(schema.get("items"))
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            message = f"map: {go_map(item)} does not contain declared merge key: {key}"
            raise errors.ApiError(500, "", message)
        _merge_element(result, item, key, items)
    return result


def go_map(value: Any) -> str:
    """Return a value as Go's ``%v`` prints it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_map(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(go_map, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(value)


def _merge_element(result: list[Any], item: Object, key: str, schema: Schema) -> None:
    found = [index for index, known in enumerate(result) if known.get(key) == item[key]]
    if item.get(_DIRECTIVE) == "delete":
        for index in reversed(found):
            del result[index]
    elif found:
        result[found[0]] = _merge_object(result[found[0]], item, schema)
    else:
        result.append(_merge_object({}, item, schema))


def _remove_values(merged: Object, field: str, values: list[Any]) -> None:
    if isinstance(merged.get(field), list):
        merged[field] = [value for value in merged[field] if value not in values]


def _reorder(merged: Object, field: str, order: list[Any], schema: Schema) -> None:
    """Sort a list as the client has it; what it does not know stays behind its neighbour."""
    current = merged.get(field)
    if not isinstance(current, list):
        return
    key = schema.get("x-kubernetes-patch-merge-key")
    wanted = [item.get(key) if isinstance(item, dict) else item for item in order]
    position = -1
    ranks = []
    for item in current:
        name = item.get(key) if isinstance(item, dict) else item
        position = wanted.index(name) if name in wanted else position
        ranks.append(position)
    by_rank = sorted(range(len(current)), key=ranks.__getitem__)
    merged[field] = [current[index] for index in by_rank]


def _plain(value: Any) -> Any:
    """Return a patch without its directives."""
    if isinstance(value, dict):
        return _plain_object(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _plain_object(patch: Object) -> Object:
    return {n: _plain(v) for n, v in patch.items() if not n.startswith("$") and v is not None}
