"""Writes an OpenAPI 2 document as protobuf, the only form in which ``kubectl`` asks for it.

The messages are those of ``github.com/google/gnostic-models/openapiv2/OpenAPIv2.proto``; of each
only the fields that these documents have.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from .openapi import version_2

Object = dict[str, Any]

CONTENT_TYPE = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"

_METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}


@cache
def document() -> bytes:
    """Return the whole document."""
    openapi = version_2()
    info = openapi["info"]
    return b"".join(
        (
            _text(1, openapi["swagger"]),
            _bytes(2, _text(1, info["title"]) + _text(2, info["version"])),
            _bytes(8, b"".join(_named(2, k, _path_item(v)) for k, v in openapi["paths"].items())),
            _bytes(9, _named_schemas(openapi["definitions"])),
        )
    )


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode()) if value else b""


def _flag(number: int, value: object) -> bytes:
    return _varint(number << 3) + b"\x01" if value else b""


def _named(number: int, name: str, value: bytes) -> bytes:
    """Return a pair of a name and a message, as every map is written."""
    return _bytes(number, _text(1, name) + _bytes(2, value))


def _any(value: object) -> bytes:
    """Return an ``Any``, whose content is YAML (JSON is YAML)."""
    return _text(2, msgspec.json.encode(value).decode() + "\n")


def _extensions(number: int, entries: Object) -> bytes:
    found = sorted(name for name in entries if name.startswith("x-"))
    return b"".join(_named(number, name, _any(entries[name])) for name in found)


def _path_item(item: Object) -> bytes:
    return b"".join(_bytes(_METHODS[method], _operation(op)) for method, op in item.items())


def _operation(operation: Object) -> bytes:
    parameters = b"".join(_bytes(8, _parameter(entry)) for entry in operation["parameters"])
    responses = b"".join(
        _named(1, code, _bytes(1, _text(1, response["description"])))
        for code, response in operation["responses"].items()
    )
    return (
        _text(3, operation["description"])
        + _text(5, operation["operationId"])
        + b"".join(_text(7, type_) for type_ in operation.get("consumes", ()))
        + parameters
        + _bytes(9, responses)
        + _extensions(13, operation)
    )


def _parameter(entry: Object) -> bytes:
    """Return a ``ParametersItem`` that holds a parameter of the query."""
    schema = (
        _text(2, entry["in"])
        + _text(4, entry["name"])
        + _text(6, entry["type"])
        + _flag(20, entry["uniqueItems"])
    )
    return _bytes(1, _bytes(2, _bytes(3, schema)))


def _named_schemas(schemas: Object) -> bytes:
    return b"".join(_named(1, name, _schema(schema)) for name, schema in schemas.items())


def _schema(schema: Object) -> bytes:
    parts = [
        _text(1, schema.get("$ref", "")),
        _text(2, schema.get("format", "")),
        _text(4, schema.get("description", "")),
    ]
    parts += [_text(19, name) for name in schema.get("required", ())]
    parts += [_bytes(20, _any(value)) for value in schema.get("enum", ())]
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        parts.append(_bytes(21, _bytes(1, _schema(extra))))
    elif extra:
        parts.append(_bytes(21, _flag(2, extra)))
    if "type" in schema:
        parts.append(_bytes(22, _text(1, schema["type"])))
    if "items" in schema:
        parts.append(_bytes(23, _bytes(1, _schema(schema["items"]))))
    if "properties" in schema:
        parts.append(_bytes(25, _named_schemas(schema["properties"])))
    parts.append(_extensions(31, schema))
    return b"".join(parts)
