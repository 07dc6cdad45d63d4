"""Reads built-in objects as the Go types of a real server do.

Checks types, drops unknown fields (and reports them), drops what Go would not write back (nulls,
empty optional values) and brings quantities into their canonical form. Readers are compiled once
per definition.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from functools import cache
from typing import Any, NoReturn

from netapp_jlab.demo.api import quantity

from .documents import definitions, reference, wire

Json = Any

_GO_SCALARS = {"string", "bool", "int32", "int64", "float64", "byte"}
_JSON_NAMES = {str: "string", bool: "bool", int: "number", float: "number", list: "array"}


class SchemaError(ValueError):
    """A value that the schema does not allow, with the words of Go's JSON decoder."""


class Place:
    """Where in an object a value stands, for messages."""

    __slots__ = ("go", "path", "struct")

    def __init__(self, struct: str, path: str, go: str) -> None:
        self.struct = struct
        self.path = path
        self.go = go

    def refuse(self, value: Json) -> NoReturn:
        """Refuse a value of the wrong type."""
        shown = _JSON_NAMES.get(type(value), "object")
        if isinstance(value, float) and self.go.startswith("int"):
            shown = f"number {value}"
        plain = re.sub(r"\[\d+\]", "", self.path)
        message = (
            f"json: cannot unmarshal {shown} into Go struct field {self.struct}.{plain} "
            f"of type {self.go}"
        )
        raise SchemaError(message)


class Reader:
    """Reads one value; this one lets anything through."""

    #: What Go puts where a list or a map holds null.
    zero: Json = None

    def read(self, value: Json, place: Place, unknown: list[str]) -> Json:  # noqa: ARG002
        """Return the value as it is stored.

        Parameters
        ----------
        unknown : list[str]
            The paths of fields that the schema does not know are added to it.

        Raises
        ------
        SchemaError
            When the value has another type than the schema says.
        """
        return value

    def absent(self, value: Json) -> bool:
        """Say whether Go leaves the value out when the field is optional and no pointer."""
        return not value


class _Scalar(Reader):
    def __init__(self, type_: type, zero: Json) -> None:
        self._type = type_
        self.zero = zero

    def read(self, value: Json, place: Place, unknown: list[str]) -> Json:  # noqa: ARG002
        if type(value) is not self._type:
            if self._type is float and type(value) is int:
                return value
            place.refuse(value)
        return value


class _Bytes(_Scalar):
    def __init__(self) -> None:
        super().__init__(str, "")

    def read(self, value: Json, place: Place, unknown: list[str]) -> Json:
        text = super().read(value, place, unknown)
        try:
            base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise SchemaError("illegal base64 data at input byte 0") from error
        return text


class _Quantity(Reader):
    zero = "0"

    def read(self, value: Json, place: Place, unknown: list[str]) -> Json:  # noqa: ARG002
        if isinstance(value, dict | list):
            raise SchemaError(quantity.FORMAT_ERROR)
        try:
            return quantity.canonical(value)
        except quantity.QuantityError as error:
            raise SchemaError(str(error)) from error


class _IntOrString(Reader):
    def read(self, value: Json, place: Place, unknown: list[str]) -> Json:  # noqa: ARG002
        if isinstance(value, bool) or not isinstance(value, int | str):
            place.refuse(value)
        return value

    def absent(self, value: Json) -> bool:  # noqa: ARG002 - a struct in Go: always written
        return False


class _Time(Reader):
    def read(self, value: Json, place: Place, unknown: list[str]) -> Json:  # noqa: ARG002
        if not isinstance(value, str):
            place.refuse(value)
        try:
            # before 3.11 `fromisoformat` knows no Z
            datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError as error:
            layout = "2006-01-02T15:04:05Z07:00"
            message = f'parsing time "{value}" as "{layout}": cannot parse "{value}" as "2006"'
            raise SchemaError(message) from error
        return value


class _Array(Reader):
    def __init__(self, item: Reader) -> None:
        self._item = item

    def read(self, value: Json, place: Place, unknown: list[str]) -> Json:
        if not isinstance(value, list):
            place.refuse(value)
        go = place.go.removeprefix("[]")
        read, zero = self._item.read, self._item.zero
        return [
            zero
            if item is None
            else read(item, Place(place.struct, f"{place.path}[{index}]", go), unknown)
            for index, item in enumerate(value)
        ]


class _Map(Reader):
    def __init__(self, item: Reader) -> None:
        self._item = item

    def read(self, value: Json, place: Place, unknown: list[str]) -> Json:
        if not isinstance(value, dict):
            place.refuse(value)
        inner = Place(place.struct, place.path, place.go.rpartition("]")[2])
        read, zero = self._item.read, self._item.zero
        return {
            name: zero if item is None else read(item, inner, unknown)
            for name, item in value.items()
        }


class _Field:
    __slots__ = ("go", "keep", "pointer", "reader")

    def __init__(self, reader: Reader, wired: dict[str, Any] | None) -> None:
        go = "" if wired is None else str(wired["go"])
        self.reader = reader
        self.pointer = go.startswith("*") or wired is None
        self.keep = wired is not None and wired.get("keep", False)
        self.go = _go_type(go)


def _go_type(go: str) -> str:
    """Return a type as Go prints it: ``[]v1.PersistentVolumeAccessMode``."""
    bare = go.lstrip("*")
    prefix, bare = (bare[:2], bare[2:]) if bare.startswith("[]") else ("", bare)
    if bare in _GO_SCALARS or bare.startswith("map["):
        return prefix + bare
    return f"{prefix}v1.{bare.rpartition('.')[2]}"


class _Struct(Reader):
    zero: Json = None

    def __init__(self, name: str) -> None:
        self._name = name
        self._short = name.rpartition(".")[2]
        self._fields: dict[str, _Field] | None = None

    def read(self, value: Json, place: Place, unknown: list[str]) -> Json:
        if not isinstance(value, dict):
            place.refuse(value)
        if self._fields is None:
            self._fields = _fields(self._name)
        result = {}
        for name, item in value.items():
            field = self._fields.get(name)
            path = f"{place.path}.{name}" if place.path else name
            if field is None:
                unknown.append(path)
            elif item is not None:
                read = field.reader.read(item, Place(self._short, path, field.go), unknown)
                if field.pointer or field.keep or not field.reader.absent(read):
                    result[name] = read
        return result

    def absent(self, value: Json) -> bool:  # noqa: ARG002 - Go never leaves a struct out
        return False


def _fields(name: str) -> dict[str, _Field]:
    wired = dict(_wired(name))
    properties = definitions()[name].get("properties", {})
    return {
        field: _Field(_compile(schema), wired.get(field)) for field, schema in properties.items()
    }


def _wired(name: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for entry in wire().get(name, {}).values():
        if "inline" in entry:
            found += _wired(entry["inline"])
        else:
            found.append((entry["name"], entry))
    return found


@cache
def reader(name: str) -> Reader:
    """Return the reader of a definition."""
    schema = definitions()[name]
    if "properties" in schema:
        return _Struct(name)
    if name.endswith(".Quantity"):
        return _Quantity()
    return _compile(schema)


def _compile(schema: dict[str, Any]) -> Reader:
    target = reference(schema)
    if target is not None:
        return reader(target)
    type_, format_ = schema.get("type"), schema.get("format")
    if format_ == "int-or-string":
        return _IntOrString()
    if type_ == "string":
        return {"date-time": _Time, "byte": _Bytes}.get(format_ or "", lambda: _Scalar(str, ""))()
    if type_ == "integer":
        return _Scalar(int, 0)
    if type_ == "number":
        return _Scalar(float, 0)
    if type_ == "boolean":
        return _Scalar(bool, False)
    if type_ == "array":
        return _Array(_compile(schema["items"]))
    if isinstance(schema.get("additionalProperties"), dict):
        return _Map(_compile(schema["additionalProperties"]))
    return Reader()
