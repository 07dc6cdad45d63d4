"""A stream of changes for one watcher: a thread-safe, bounded queue."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A watcher that falls this far behind is cut off, as a real API server does.
MAX_BEHIND = 100_000


class WatchEvent(NamedTuple):
    """One change.

    Attributes
    ----------
    type : str
        ``ADDED``, ``MODIFIED``, ``DELETED``, ``BOOKMARK`` or ``ERROR``.
    raw : bytes
        The object as JSON, with ``kind`` and ``apiVersion``.
    """

    type: str
    raw: bytes

    @property
    def object(self) -> dict[str, Any]:
        """The object, decoded afresh at each access (so it may be changed)."""
        decoded: dict[str, Any] = msgspec.json.decode(self.raw)
        return decoded


class Watch:
    """Changes to one kind from one version on; iterate, or call `get` with a time limit.

    The store fills it, under its lock; any one thread empties it. `close` may be called from
    anywhere, twice, and ends a `get` that waits.
    """

    def __init__(
        self,
        on_close: Callable[[Watch], None],
        bookmark: Callable[[Watch], WatchEvent | None] | None = None,
        bookmark_every: float = 60.0,
    ) -> None:
        self._events: deque[WatchEvent] = deque()
        self._changed = threading.Condition()
        self._on_close = on_close
        self._bookmark = bookmark
        self._bookmark_every = bookmark_every
        self._bookmark_due = time.monotonic() + bookmark_every
        self._closed = False
        self.on_event: Callable[[], None] | None = None

    @property
    def closed(self) -> bool:
        """Whether no further event will come (events already queued can still be read)."""
        return self._closed

    def put(self, event: WatchEvent) -> None:
        """Queue an event (called by the store); cuts off a watcher that is too far behind."""
        with self._changed:
            if self._closed:
                return
            self._events.append(event)
            overflow = len(self._events) > MAX_BEHIND
            self._changed.notify_all()
        if overflow:
            self.close()
        self._wake()

    def get(self, timeout: float | None = None) -> WatchEvent | None:
        """Return the next event; None when `timeout` seconds pass or the watch is closed."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            event = self.poll()
            if event is not None:
                return event
            with self._changed:
                if self._events:
                    continue
                if self._closed:
                    return None
                wait = self._wait_limit(deadline)
                if wait is not None and wait <= 0:
                    return None
                self._changed.wait(wait)

    def poll(self) -> WatchEvent | None:
        """Return the next event (a bookmark, when one is due) without waiting."""
        with self._changed:
            if self._events:
                return self._events.popleft()
        if self._bookmark is None or self._closed or time.monotonic() < self._bookmark_due:
            return None
        self._bookmark_due = time.monotonic() + self._bookmark_every
        return self._bookmark(self)

    def until_bookmark(self) -> float:
        """Return the seconds until a bookmark is due (for ever, when none are wanted)."""
        if self._bookmark is None:
            return math.inf
        return max(self._bookmark_due - time.monotonic(), 0.001)

    def empty(self) -> bool:
        """Say whether every event so far has been read."""
        return not self._events

    def close(self) -> None:
        """End the watch; events already queued can still be read."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._on_close(self)
        self._wake()

    def __iter__(self) -> Iterator[WatchEvent]:
        """Yield events until the watch is closed."""
        while (event := self.get()) is not None:
            yield event

    def __enter__(self) -> Watch:  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wake(self) -> None:
        if self.on_event is not None:
            self.on_event()

    def _wait_limit(self, deadline: float | None) -> float | None:
        limit = self.until_bookmark()
        if deadline is not None:
            limit = min(limit, deadline - time.monotonic())
        return None if limit == math.inf else limit
