"""From the bytes of a body to an object: JSON, YAML or protobuf."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

import msgspec

from netapp_jlab.demo.api import errors, patches
from netapp_jlab.demo.api.schemas import SchemaError, protobuf

if TYPE_CHECKING:
    from netapp_jlab.demo.api.kinds import Kind

Object = dict[str, Any]

#: A real server refuses longer bodies.
LIMIT = 3 * 1024 * 1024

_TYPES = ("application/json", "application/yaml", protobuf.CONTENT_TYPE)


class UnreadableError(ValueError):
    """A body that is not what its content type says, with the words of a real server."""


def media_type(content_type: str) -> str:
    """Return a content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def check_size(body: bytes) -> None:
    """Refuse a body that is too long.

    Raises
    ------
    ApiError
        413.
    """
    if len(body) > LIMIT:
        raise errors.too_large(LIMIT)


def parse_json(body: bytes) -> Any:
    """Return what a JSON body says.

    Raises
    ------
    UnreadableError
        When it is no JSON.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(_go_syntax_error(body, str(error))) from error


def _go_syntax_error(body: bytes, message: str) -> str:
    if not body.strip() or "truncated" in message:
        return "unexpected end of JSON input"
    where = "after top-level value" if "trailing" in message else "looking for beginning of value"
    position = re.search(r"byte (\d+)", message)
    index = min(int(position[1]), len(body) - 1) if position else 0
    character = chr(body[index])
    return f"invalid character {character!r} {where}"


def _summary(body: bytes) -> str:
    """Return the beginning of a body, for a message."""
    if not body:
        return "<empty>"
    begin = body[:30].decode(errors="replace") if body.startswith(b"{") else body[:30].hex()
    return f"{begin} ..." if len(body) > 30 else begin


def parse_yaml(body: bytes) -> Any:
    """Return what a YAML body says.

    Raises
    ------
    UnreadableError
        When it is no YAML.
    """
    yaml = importlib.import_module("yaml")  # rarely needed, and slow to load
    try:
        return _as_json(yaml.safe_load(body))
    except yaml.YAMLError as error:
        raise UnreadableError(f"error converting YAML to JSON: {error}") from error


def _as_json(value: Any) -> Any:
    """Return YAML without what JSON does not have: dates, and keys that are no text."""
    if isinstance(value, dict):
        return {str(name): _as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value


def parse_object(body: bytes, content_type: str, expected: str) -> Object:
    """Return the object in a body.

    Parameters
    ----------
    expected : str
        The kind it should have, for messages.

    Raises
    ------
    ApiError
        400 when there is no object in it, 413, 415.
    """
    check_size(body)
    type_ = media_type(content_type) or "application/json"
    try:
        if type_ not in (*_TYPES, ""):
            raise errors.unsupported_media_type(_TYPES)
        if type_ == protobuf.CONTENT_TYPE:
            return protobuf.decode(body)
        parsed = parse_yaml(body) if type_ == "application/yaml" else parse_json(body)
    except (UnreadableError, SchemaError) as error:
        why = f"couldn't get version/kind; json parse error: {error} ({_summary(body)})"
        raise _unrecognized(expected, why) from error
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        found = {list: "array", str: "string", bool: "bool", type(None): "null"}
        name = found.get(type(parsed), "number")
        why = (
            f"couldn't get version/kind; json parse error: json: cannot unmarshal {name} into Go "
            'value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; '
            f'Kind string "json:\\"kind,omitempty\\"" }} ({_summary(body)})'
        )
        raise _unrecognized(expected, why)
    return parsed


def parse_patch(body: bytes, format_: str) -> Any:
    """Return the patch in a body.

    Raises
    ------
    ApiError
        400 when it is no JSON, 413.
    """
    check_size(body)
    try:
        return parse_json(body)
    except UnreadableError as error:
        prefix = "" if format_ == patches.STRATEGIC_PATCH else "error decoding patch: "
        raise errors.bad_request(f"{prefix}{error}") from error


def _unrecognized(expected: str, why: str) -> errors.ApiError:
    return errors.bad_request(
        f"the object provided is unrecognized (must be of type {expected}): {why}"
    )


def check_kind(kind: Kind, obj: Object, body: bytes) -> None:
    """Refuse an object of another kind than its path; built-in kinds may leave both fields out.

    Raises
    ------
    ApiError
        400; 422 for a custom resource of another kind, as only its schema tells them apart.
    """
    name, api_version = obj.get("kind"), obj.get("apiVersion")
    if not kind.builtin and not name:
        text = _summary(body)
        raise _unrecognized(kind.kind, f"Object 'Kind' is missing in '{text}' ({text})")
    if (api_version or not kind.builtin) and api_version != kind.api_version:
        raise errors.bad_request(
            f"the API version in the data ({api_version or ''}) does not match the expected "
            f"API version ({kind.api_version})"
        )
    if name and name != kind.kind:
        if not kind.builtin:
            raise _other_custom_kind(kind, obj, name)
        group = kind.group.partition(".")[0] or "core"
        detail = f"converting (v1.{name}) to ({group}.{kind.kind}): unknown conversion"
        raise errors.bad_request(
            f'{name} in version "{kind.version}" cannot be handled as a {kind.kind}: {detail}'
        )


def _other_custom_kind(kind: Kind, obj: Object, name: str) -> errors.ApiError:
    """Return 422; its message names the kind that was given, not the one of the path."""
    meta = obj.get("metadata")
    given = str(meta.get("name", "")) if isinstance(meta, dict) else ""
    cause = errors.invalid("kind", name, f"must be {kind.kind}")
    return errors.invalid_object(replace(kind, kind=name), given, [cause])


def place(kind: Kind, obj: Object, namespace: str, name: str = "") -> None:
    """Fill in namespace and name from the path, and refuse others.

    Raises
    ------
    ApiError
        400.
    """
    meta = obj.setdefault("metadata", {})
    if not isinstance(meta, dict):
        return  # reading it will say what is wrong
    if kind.namespaced:
        given = meta.get("namespace")
        if given and given != namespace:
            raise errors.other_namespace()
        meta["namespace"] = namespace
    if name:
        given = meta.get("name")
        if not given:
            raise errors.no_name(name)
        if given != name:
            raise errors.other_name(str(given), name)
