"""From the API server's bytes to wire structs.

The strict and fast way first. Only if an object does not fit, its ``null`` values are taken out
and it is tried once more; one odd object in a list is left out, with a warning.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from netapp_jlab.errors import Unreachable, Upstream
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.refusals import kind_of, no_kubernetes
from netapp_jlab.k8s.wire import Object

log = logging.getLogger(__name__)
T = TypeVar("T", bound=Object)
S = TypeVar("S")

BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON, or not of the type."""


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    next: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct, Generic[S]):
    kind: str = ""
    metadata: _ListMeta = msgspec.field(default_factory=_ListMeta)
    items: list[S] | None = None


class _Frame(msgspec.Struct):
    type: str = ""
    object: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes
    ----------
    next : str
        Token for the next page; empty on the last one.
    """

    items: list[T]
    resource_version: str
    next: str


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


class Odd(Upstream):
    """An object of Kubernetes whose fields are not what they should be."""


def one(kind: Kind[T], body: bytes | msgspec.Raw, server: str) -> T:
    """Decode one object.

    Raises
    ------
    Unreachable
        It is no object of Kubernetes.
    Odd
        It is one, but can not be read.
    """
    try:
        found = _tolerant(kind, body)
    except BROKEN as error:
        raise _unreadable(kind, bytes(body), server, error) from error
    if not found.metadata.uid:
        raise _no_object(bytes(body), server)
    return found


def _unreadable(kind: Kind[T], body: bytes, server: str, error: Exception) -> Upstream:
    try:
        meta: Object = _decoder(Object).decode(body)
    except BROKEN:
        return _no_object(body, server)
    if not meta.metadata.uid:
        return _no_object(body, server)
    # msgspec names the field and the types, not the value.
    return Odd(f"The {kind.kind} “{meta.metadata.name}” can not be read: {error}")


def plain(body: bytes, into: type[S], server: str) -> S:
    """Decode an answer that is no stored object.

    Raises
    ------
    Unreachable
        It is something else.
    """
    try:
        found: S = msgspec.convert(_without_null(msgspec.json.decode(body)), into)
    except BROKEN as error:
        raise _no_object(body, server) from error
    return found


def page(kind: Kind[T], body: bytes, server: str) -> Page[T]:
    """Decode one page of a list.

    Raises
    ------
    Unreachable
        It is no list of this kind.
    """
    try:
        whole: _List[T] = _decoder(_List[kind.wire]).decode(body)  # type: ignore[name-defined]
    except msgspec.ValidationError:
        whole = _list_with_odd_ones(kind, body, server)
    except BROKEN as error:
        raise _no_object(body, server) from error
    if whole.kind != f"{kind.kind}List":
        raise _no_object(body, server)
    return Page(whole.items or [], whole.metadata.resource_version, whole.metadata.next)


def _list_with_odd_ones(kind: Kind[T], body: bytes, server: str) -> _List[T]:
    try:
        raw: _List[msgspec.Raw] = _decoder(_List[msgspec.Raw]).decode(body)
    except BROKEN as error:
        raise _no_object(body, server) from error
    items = []
    for each in raw.items or []:
        try:
            items.append(_tolerant(kind, each))
        except BROKEN as error:
            log.warning("A %s of %s is left out, it can not be read: %s", kind.kind, server, error)
    return _List(raw.kind, raw.metadata, items)


def frame(line: bytes, server: str) -> tuple[str, msgspec.Raw]:
    """Split one line of a watch into its type (``ADDED`` …) and its object.

    Raises
    ------
    Unreachable
        It is no event of a watch.
    """
    try:
        event: _Frame = _decoder(_Frame).decode(line)
    except BROKEN as error:
        raise _no_object(line, server) from error
    return event.type, event.object


def _tolerant(kind: Kind[T], body: bytes | msgspec.Raw) -> T:
    try:
        found: T = _decoder(kind.wire).decode(body)
    except msgspec.ValidationError:
        found = msgspec.convert(_without_null(msgspec.json.decode(body)), kind.wire)
    return found


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_null(each) for each in value if each is not None]
    return value


def _no_object(body: bytes, server: str) -> Unreachable:
    return no_kubernetes(f"{server} answered with {kind_of(body)}")


def lines(pieces: Iterator[bytes], server: str, longest: int) -> Iterator[bytes]:
    """Yield the lines of a body that comes in pieces.

    Raises
    ------
    Unreachable
        One has more than `longest` bytes, or the last one no end.
    """
    rest = bytearray()
    for piece in pieces:
        rest += piece
        if b"\n" in piece:
            *whole, tail = rest.split(b"\n")
            yield from (bytes(line) for line in whole if line)
            rest = tail
        if len(rest) > longest:
            raise _no_object(bytes(rest[:200]), server)
    if rest.strip():
        raise _no_object(bytes(rest), server)
