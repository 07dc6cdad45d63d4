"""Which objects mention which others: kept up to date from the watch, so nothing is searched."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers.objects import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["Index"]


class Index:
    """Keys of the objects of one kind by a value that they mention.

    Parameters
    ----------
    kind : str
        Which objects; ``*`` for all, whose keys then begin with their kind and a bar.
    values : Callable
        The values that one object is to be found under.
    """

    def __init__(self, kind: str, values: Callable[[Object], Iterable[str]]) -> None:
        self.kind = kind
        self._values = values
        self._lock = threading.Lock()
        self._keys: dict[str, set[str]] = {}
        self._mentioned: dict[str, tuple[str, ...]] = {}

    def put(self, obj: Object) -> None:
        """Take in an object as it is now."""
        key, values = self._key(obj), tuple(self._values(obj))
        with self._lock:
            self._drop(key)
            for value in values:
                self._keys.setdefault(value, set()).add(key)
            if values:
                self._mentioned[key] = values

    def remove(self, obj: Object) -> None:
        """Forget an object."""
        with self._lock:
            self._drop(self._key(obj))

    def clear(self) -> None:
        """Forget every object."""
        with self._lock:
            self._keys.clear()
            self._mentioned.clear()

    def get(self, value: str) -> list[str]:
        """Return the keys of the objects that mention `value`, in order."""
        with self._lock:
            return sorted(self._keys.get(value, ()))

    def values_of(self, obj: Object) -> list[str]:
        """Return the values that an object mentions now."""
        return list(self._values(obj))

    def mentioning(self) -> list[str]:
        """Return the keys of all objects that mention anything."""
        with self._lock:
            return list(self._mentioned)

    def _key(self, obj: Object) -> str:
        return f"{obj['kind']}|{key_of(obj)}" if self.kind == "*" else key_of(obj)

    def _drop(self, key: str) -> None:
        for value in self._mentioned.pop(key, ()):
            keys = self._keys[value]
            keys.discard(key)
            if not keys:
                del self._keys[value]
