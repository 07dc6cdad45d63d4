"""An informer's copy of all objects of a kind, and what changed in it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Generic, Literal, TypeVar

from netapp_jlab.k8s.watching import WatchEvent
from netapp_jlab.k8s.wire import Object

T = TypeVar("T", bound=Object)

Action = Literal["added", "modified", "deleted"]
Change = tuple[Action, T]


class Store(Generic[T]):
    """Objects by name; one thread writes, any read.

    Each change yields what callers have to be told, so that replaying it leads to the same state:
    an object that was deleted and made anew is ``deleted``, then ``added``; what is known already
    is nothing.
    """

    def __init__(self) -> None:
        self._objects: dict[str, T] = {}
        self._view: Mapping[str, T] | None = None
        self._lock = threading.Lock()
        self._newest = 0

    def view(self) -> Mapping[str, T]:
        """Return all objects as they are now; copied only if something changed since."""
        with self._lock:
            if self._view is None:
                self._view = MappingProxyType(dict(self._objects))
            return self._view

    def replace(self, objects: Iterable[T], resource_version: str) -> Iterator[Change[T]]:
        """Take over a list, and yield what differs from before."""
        listed = {one.metadata.name: one for one in objects}
        # A list may be older than what was seen: an API server restored from a backup.
        self._newest = _number(resource_version)
        if not self._objects:
            with self._lock:
                self._objects, self._view = dict(listed), None
            yield from (("added", one) for one in listed.values())
            return
        for name in [name for name in self._objects if name not in listed]:
            yield from self._remove(name)
        for one in listed.values():
            yield from self._put(one)

    def apply(self, event: WatchEvent[T]) -> Iterator[Change[T]]:
        """Take over an event of a watch, and yield what changed.

        A watch tells changes in their order. One that is older than what was told before is a
        repetition, and would bring back what is gone. Versions are compared as numbers (KEP-5504);
        where they are none, every event counts.
        """
        number = _number(event.resource_version)
        if number and number < self._newest:
            return
        self._newest = max(number, self._newest)
        if event.object is None:
            return
        if event.type != "deleted":
            yield from self._put(event.object)
            return
        meta = event.object.metadata
        known = self._objects.get(meta.name)
        if known is not None and known.metadata.uid == meta.uid:
            yield from self._remove(meta.name, event.object)

    def _put(self, one: T) -> Iterator[Change[T]]:
        meta = one.metadata
        known = self._objects.get(meta.name)
        if known is not None:
            if known.metadata.uid != meta.uid:
                yield from self._remove(meta.name)
                known = None
            elif known.metadata.resource_version == meta.resource_version:
                return
        with self._lock:
            self._objects[meta.name] = one
            self._view = None
        yield ("added" if known is None else "modified"), one

    def _remove(self, name: str, last: T | None = None) -> Iterator[Change[T]]:
        with self._lock:
            known = self._objects.pop(name)
            self._view = None
        yield "deleted", last or known

    def get(self, name: str) -> T | None:
        """Return one object, or None."""
        with self._lock:
            return self._objects.get(name)


def _number(resource_version: str) -> int:
    return int(resource_version) if resource_version.isdecimal() else 0
