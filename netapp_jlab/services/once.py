"""The same click twice makes one object.

The caller makes an id for each click; it is written on the object as a label. A second order with
the same id gets the first one's object, also from another process and after a restart.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from msgspec import UnsetType

T = TypeVar("T")
REMEMBERED = 256


class Once(Generic[T]):
    """Remembers the last clicks of this process and runs equal ones one after another.

    Parameters
    ----------
    find : Callable[[str], T | None]
        Looks for the object that carries an id.
    """

    def __init__(self, find: Callable[[str], T | None]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._made: OrderedDict[str, T] = OrderedDict()
        self._busy: dict[str, threading.Lock] = {}

    def __call__(self, request_id: str | UnsetType, make: Callable[[], T]) -> T:
        """Return what `request_id` made already, else what `make` returns now."""
        if isinstance(request_id, UnsetType):
            return make()
        with self._alone(request_id):
            made = self._made.get(request_id) or self._find(request_id)
            if made is None:
                made = make()
            with self._lock:
                self._made[request_id] = made
                while len(self._made) > REMEMBERED:
                    self._made.popitem(last=False)
            return made

    @contextmanager
    def _alone(self, request_id: str) -> Iterator[None]:
        with self._lock:
            lock = self._busy.setdefault(request_id, threading.Lock())
        try:
            with lock:
                yield
        finally:
            with self._lock:
                if not lock.locked():
                    self._busy.pop(request_id, None)
