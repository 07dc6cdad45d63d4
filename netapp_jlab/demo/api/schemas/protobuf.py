"""Reads the protobuf that newer ``kubectl`` sends for built-in kinds.

The envelope is ``runtime.Unknown`` behind four magic bytes; the fields of each message are those of
the Go types (``k8s.io/api/*/v1/types.go``, see ``data/wire.json``). Only reading is needed: every
client that sends protobuf takes JSON back.
"""

from __future__ import annotations

import base64
import struct
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from .documents import definitions, name_of, reference, wire
from .reading import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]
Schema = dict[str, Any]

MAGIC = b"k8s\x00"
CONTENT_TYPE = "application/vnd.kubernetes.protobuf"


def decode(body: bytes) -> Object:
    """Return the object in a protobuf body.

    Raises
    ------
    SchemaError
        When it is none, or of a kind that is not built in here.
    """
    if not body.startswith(MAGIC):
        raise SchemaError("provided data does not appear to be a protobuf message")
    envelope = dict(_fields(body[len(MAGIC) :]))
    kind = {number: _text(value) for number, value in _fields(_bytes(envelope.get(1, b"")))}
    api_version, name = kind.get(1, ""), kind.get(2, "")
    group, _, version = api_version.rpartition("/")
    try:
        definition = name_of(group, version, name)
    except KeyError as error:
        raise SchemaError(f'no kind "{name}" is registered for version "{api_version}"') from error
    obj = _message(_bytes(envelope.get(2, b"")), definition)
    return {"kind": name, "apiVersion": api_version, **obj}


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (field number, value): an int for varints and fixed fields, else bytes."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        value: int | bytes
        if wire_type == 0:
            value, position = _varint(data, position)
        elif wire_type == 2:
            length, position = _varint(data, position)
            value, position = data[position : position + length], position + length
        elif wire_type in (1, 5):
            size = 8 if wire_type == 1 else 4
            value, position = data[position : position + size], position + size
        else:
            raise SchemaError(f"proto: illegal wireType {wire_type}")
        if position > len(data):
            raise SchemaError("unexpected EOF")
        yield number, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while position < len(data) and shift < 70:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
    raise SchemaError("unexpected EOF")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise SchemaError("proto: wrong wireType")
    return value


def _text(value: int | bytes) -> str:
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError as error:
        raise SchemaError("proto: invalid UTF-8") from error


class _Field(NamedTuple):
    name: str
    schema: Schema
    inline: str = ""


@cache
def _layout(definition: str) -> dict[int, _Field]:
    """Return the fields of a message by number."""
    properties = definitions().get(definition, {}).get("properties", {})
    found = {}
    for number, entry in wire()[definition].items():
        if "inline" in entry:
            found[int(number)] = _Field("", {}, entry["inline"])
        elif entry["name"] in properties:
            found[int(number)] = _Field(entry["name"], properties[entry["name"]])
        else:  # a field of something inlined, whose properties stand with its owner
            found[int(number)] = _Field(entry["name"], _inlined_schema(definition, entry["name"]))
    return found


@cache
def _owners() -> dict[str, str]:
    """Return, by definition, one that inlines it."""
    return {
        entry["inline"]: owner
        for owner, fields in wire().items()
        for entry in fields.values()
        if "inline" in entry
    }


def _inlined_schema(definition: str, name: str) -> Schema:
    owner = _owners().get(definition)
    while owner is not None:
        schema = definitions().get(owner, {}).get("properties", {}).get(name)
        if schema is not None:
            return dict(schema)
        owner = _owners().get(owner)
    return {}


def _message(data: bytes, definition: str) -> Object:
    """Return a message as JSON; fields that are not known here are left out."""
    layout, result = _layout(definition), {}
    for number, value in _fields(data):
        field = layout.get(number)
        if field is None:
            continue
        if field.inline:
            result.update(_message(_bytes(value), field.inline))
        elif field.schema.get("type") == "array":
            result.setdefault(field.name, []).append(_value(value, field.schema["items"]))
        elif isinstance(field.schema.get("additionalProperties"), dict):
            key, item = _entry(_bytes(value), field.schema["additionalProperties"])
            result.setdefault(field.name, {})[key] = item
        else:
            result[field.name] = _value(value, field.schema)
    return result


def _entry(data: bytes, schema: Schema) -> tuple[str, Any]:
    """Return one entry of a map."""
    pair = dict(_fields(data))
    key = _text(pair.get(1, b""))
    if schema.get("type") == "array":  # a list type of its own, such as ExtraValue
        items = _fields(_bytes(pair.get(2, b"")))
        return key, [_value(value, schema["items"]) for _, value in items]
    return key, _value(pair.get(2, b""), schema)


def _value(value: int | bytes, schema: Schema) -> Any:
    target = reference(schema)
    if target is not None:
        return _referenced(value, target)
    type_ = schema.get("type")
    if type_ == "boolean":
        return bool(value)
    if type_ == "integer":
        number = int.from_bytes(value, "little") if isinstance(value, bytes) else value
        return number - (1 << 64) if number >= 1 << 63 else number
    if type_ == "number":
        return struct.unpack("<d", _bytes(value))[0]
    if schema.get("format") == "byte":
        return base64.b64encode(_bytes(value)).decode()
    return _text(value)


def _referenced(value: int | bytes, definition: str) -> Any:
    name = definition.rpartition(".")[2]
    special = _SPECIAL.get(name)
    if special is not None:
        return special(dict(_fields(_bytes(value))))
    if definition in wire():
        return _message(_bytes(value), definition)
    return _value(value, definitions()[definition])


def _quantity(fields: dict[int, int | bytes]) -> str:
    return _text(fields.get(1, b"0")) or "0"


def _int_or_string(fields: dict[int, int | bytes]) -> int | str:
    if fields.get(1, 0):
        return _text(fields.get(3, b""))
    number = fields.get(2, 0)
    return int.from_bytes(number, "little") if isinstance(number, bytes) else number


def _time(fields: dict[int, int | bytes]) -> str | None:
    seconds = fields.get(1, 0)
    if not isinstance(seconds, int) or not seconds or seconds >= 1 << 63:
        return None  # Go's zero time lies before 1970
    when = datetime.fromtimestamp(seconds, timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(fields: dict[int, int | bytes]) -> str | None:
    whole, nanos = _time(fields), fields.get(2, 0)
    if whole is None or not isinstance(nanos, int):
        return None
    return f"{whole[:-1]}.{nanos // 1000:06d}Z"


def _raw_json(fields: dict[int, int | bytes]) -> Any:
    raw = _bytes(fields.get(1, b""))
    return msgspec.json.decode(raw) if raw else None


_SPECIAL = {
    "FieldsV1": _raw_json,
    "IntOrString": _int_or_string,
    "MicroTime": _micro_time,
    "Quantity": _quantity,
    "RawExtension": _raw_json,
    "Time": _time,
}
