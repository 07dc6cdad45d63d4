"""Tells watchers what changed, each only what its selectors pick."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from .history import Entry, type_prefix
from .watches import Watch, WatchEvent

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from .history import Change
    from .kinds import Kind
    from .queries import Query

_END = "k8s.io/initial-events-end"


class _Interest(NamedTuple):
    query: Query | None
    start: int


class Publisher:
    """The watchers of a store; everything here happens under the store's lock.

    Parameters
    ----------
    lock : RLock
        The store's.
    current : Callable[[], int]
        Returns the newest version.
    """

    def __init__(self, lock: threading.RLock, current: Callable[[], int]) -> None:
        self._lock = lock
        self._current = current
        self._watchers: dict[Watch, _Interest] = {}

    def subscribe(self, query: Query | None, start: int, bookmark_every: float | None) -> Watch:
        """Return a new watch of what `query` asks for (None: of everything) after `start`."""
        if query is None or bookmark_every is None:
            watch = Watch(self._unsubscribe)
        else:
            watch = Watch(self._unsubscribe, self._bookmark, bookmark_every)
        self._watchers[watch] = _Interest(query, start)
        return watch

    def publish(self, change: Change) -> None:
        """Tell everybody whom it concerns."""
        for watch in list(self._watchers):
            self.send(watch, change)

    def send(self, watch: Watch, change: Change) -> None:
        """Tell one watcher, if it concerns it."""
        query, start = self._watchers[watch]
        if change.version <= start or (query is not None and not query.covers(change.after)):
            return
        event = _event(change, query)
        if event is not None:
            watch.put(event)

    def send_state(self, watch: Watch, entries: Iterable[Entry], query: Query | None) -> None:
        """Tell one watcher what there is."""
        for entry in entries:
            if query is None or query.selects(entry):
                watch.put(WatchEvent("ADDED", entry.raw()))

    def send_end_of_state(self, watch: Watch, kind: Kind) -> None:
        """Tell one watcher that it now knows what there is."""
        watch.put(_bookmark_event(kind, self._current(), end_of_state=True))

    def close(self) -> None:
        """End every watch."""
        with self._lock:
            watchers = list(self._watchers)
        for watch in watchers:
            watch.close()

    def _unsubscribe(self, watch: Watch) -> None:
        with self._lock:
            self._watchers.pop(watch, None)

    def _bookmark(self, watch: Watch) -> WatchEvent | None:
        with self._lock:
            interest = self._watchers.get(watch)
            if interest is None or interest.query is None or not watch.empty():
                return None  # what is queued says more than a bookmark
            return _bookmark_event(interest.query.kind, self._current(), end_of_state=False)


def _event(change: Change, query: Query | None) -> WatchEvent | None:
    """Return what a watcher sees of a change: an object may enter or leave its selection."""
    after, before = change.after, change.before
    if query is None or not query.selective:
        return WatchEvent(change.type, after.raw())
    was = before is not None and query.selects(before)
    now = change.type != "DELETED" and query.selects(after)
    if now:
        return WatchEvent("MODIFIED" if was else "ADDED", after.raw())
    if not was or before is None:
        return None
    if change.type == "DELETED":
        return WatchEvent("DELETED", after.raw())
    return WatchEvent("DELETED", _with_version(before, change.version))


def _with_version(entry: Entry, version: int) -> bytes:
    obj = entry.decode()
    obj["metadata"]["resourceVersion"] = str(version)
    return msgspec.json.encode(obj)


def _bookmark_event(kind: Kind, version: int, *, end_of_state: bool) -> WatchEvent:
    meta: dict[str, object] = {"resourceVersion": str(version)}
    if end_of_state:
        meta["annotations"] = {_END: "true"}
    body = msgspec.json.encode({"metadata": meta})
    return WatchEvent("BOOKMARK", type_prefix(kind) + body[1:])
