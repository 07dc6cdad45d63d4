"""Keys that need work: each worked on by one thread at a time, again later if it failed.

After client-go's rate-limiting work queue, which every controller of Kubernetes is built on.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque

__all__ = ["WorkQueue"]


class WorkQueue:
    """A queue of keys without duplicates, with delays and exponential back-off per key.

    A key that is added while a worker has it is handed out once more after that.

    Parameters
    ----------
    first_delay, last_delay : float
        Seconds before the first repetition of a failed key, and the most it grows to.
    """

    def __init__(self, first_delay: float = 0.05, last_delay: float = 30.0) -> None:
        self._first_delay = first_delay
        self._last_delay = last_delay
        self._changed = threading.Condition()
        self._ready: deque[str] = deque()
        self._waiting: set[str] = set()
        self._working: set[str] = set()
        self._later: list[tuple[float, str]] = []
        self._failures: dict[str, int] = {}
        self._closed = False

    def add(self, key: str) -> None:
        """Ask for work on `key` now."""
        with self._changed:
            self._add(key)

    def add_after(self, key: str, seconds: float) -> None:
        """Ask for work on `key` in a while; other requests for it are not held up."""
        with self._changed:
            heapq.heappush(self._later, (time.monotonic() + seconds, key))
            self._changed.notify()

    def retry(self, key: str) -> None:
        """Ask for work on a key that failed, later each time."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.add_after(key, min(self._first_delay * 2.0 ** min(failures, 30), self._last_delay))

    def forget(self, key: str) -> None:
        """Start the back-off of a key that succeeded from the beginning."""
        self._failures.pop(key, None)

    def get(self) -> str | None:
        """Wait for a key; None once the queue is closed."""
        with self._changed:
            while not self._closed:
                pause = self._due()
                if self._ready:
                    key = self._ready.popleft()
                    self._waiting.discard(key)
                    self._working.add(key)
                    return key
                self._changed.wait(pause)
            return None

    def done(self, key: str) -> None:
        """Let other workers have the key again."""
        with self._changed:
            self._working.discard(key)
            if key in self._waiting:
                self._ready.append(key)
                self._changed.notify()

    def close(self) -> None:
        """Let every waiting worker go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _add(self, key: str) -> None:
        if key in self._waiting:
            return
        self._waiting.add(key)
        if key not in self._working:
            self._ready.append(key)
            self._changed.notify()

    def _due(self) -> float | None:
        """Move what is due to the ready keys; seconds until the next delayed one."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._add(heapq.heappop(self._later)[1])
        return self._later[0][0] - now if self._later else None
