"""Read what a client sent, and say in plain words what is wrong with it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import inspect as types

from netapp_jlab.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_IGNORED = r"token|_xsrf|no_track_activity|\d+"
"""Query parameters of the Jupyter server, and the number JupyterLab adds to get past caches."""


def decode(body: bytes, kind: type[T]) -> T:
    """Return the JSON `body` as `kind`.

    Raises
    ------
    netapp_jlab.errors.Invalid
        It is no JSON, names a field twice, or is no such object; the message names the field.
    """
    try:
        value = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"The body is not right: {explain(error, kind)}.") from error
    except UnicodeDecodeError as error:
        raise Invalid("The body is not right: it is no UTF-8 text.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        what = _lower(str(error).removeprefix("JSON is malformed: "))
        raise Invalid(f"The body is no JSON: {what}.") from error
    # msgspec takes the last of two equal keys; which one was meant, nobody knows.
    json.loads(body, object_pairs_hook=_unique)
    return value


def convert(arguments: Mapping[str, Sequence[str]], kind: type[T]) -> T:
    """Return query `arguments` as `kind`, leaving out those of the Jupyter server itself.

    Raises
    ------
    netapp_jlab.errors.Invalid
        One is unknown, given twice, or of a wrong type.
    """
    given: dict[str, str] = {}
    for name, values in arguments.items():
        if re.fullmatch(_IGNORED, name):
            continue
        if len(values) > 1:
            raise Invalid(f"The query parameter {name!r} is given more than once.")
        given[name] = values[0]
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"The query is not right: {explain(error, kind)}.") from error


def check(text: str, kind: Any, what: str) -> None:
    """Refuse a path's part that is not of the type `kind`.

    Raises
    ------
    netapp_jlab.errors.Invalid
        `text` can not be the `what` of anything.
    """
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"{text[:80]!r} can not be the {what} of anything here.") from error


def explain(error: msgspec.ValidationError, kind: Any) -> str:
    """Return the decoder's message in words for people.

    Examples
    --------
    >>> from netapp_jlab.models import RestoreOrder
    >>> try:
    ...     msgspec.json.decode(b'{"verify": "yes"}', type=RestoreOrder)
    ... except msgspec.ValidationError as error:
    ...     explain(error, RestoreOrder)
    "'verify' must be true or false, not text"
    """
    text, _, path = str(error).partition(" - at `")
    where = path.rstrip("`").removeprefix("$").removeprefix(".")
    name = repr(where) if where else "it"
    if found := re.fullmatch(r"Object missing required field `(.*)`", text):
        return f"{_join(where, found[1])!r} is missing"
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", text):
        return f"{_join(where, found[1])!r} is unknown here"
    if found := re.fullmatch(r"Invalid enum value (.*)", text):
        return f"{name} can not be {found[1]}, only {', '.join(_choices(kind, where))}"
    if found := re.fullmatch(r"Expected `(.*)`, got `(.*)`", text):
        return f"{name} must be {_words(found[1])}, not {_words(found[2])}"
    if found := re.fullmatch(r"Expected `\w+` of length (<=|>=) (\d+)", text):
        bound = "at most" if found[1] == "<=" else "at least"
        unit = "character" if found[2] == "1" else "characters"
        return f"{name} must have {bound} {found[2]} {unit}"
    if found := re.fullmatch(r"Expected `\w+` matching regex '(.*)'", text):
        return f"{name} must match the pattern {found[1]}"
    return f"{name}: {_lower(text)}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that has a key twice."""
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"The body is not right: {twice!r} is given twice.")
    return value


def _choices(kind: Any, where: str) -> list[str]:
    """Return what may stand at the path `where` of a value of the type `kind`."""
    info = types.type_info(kind)
    for part in re.findall(r"\w+|\[\d+\]", where):
        info = _inside(info, part)
    if isinstance(info, types.Metadata):
        info = info.type
    return [str(value) for value in info.values] if isinstance(info, types.LiteralType) else []


def _inside(info: types.Type, part: str) -> types.Type:
    if isinstance(info, types.UnionType):
        info = next(one for one in info.types if isinstance(one, types.StructType))
    if isinstance(info, types.StructType):
        return next(field.type for field in info.fields if field.encode_name == part)
    if isinstance(info, types.VarTupleType):
        return info.item_type
    return types.AnyType()


def _words(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | "))


def _join(where: str, field: str) -> str:
    return f"{where}.{field}" if where else field


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].removesuffix(".")
