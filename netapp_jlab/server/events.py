"""Carry changes from the core's threads to the Jupyter event bus.

A change of phase goes out at once: somebody waits for "ready". Another change of an object of which
something was told within :data:`SPACING` waits, and the latest stands for all that came meanwhile.
Where more than :data:`BURST` objects of one kind change together (a relist after a lost watch), a
single event with an empty name goes out when it has become quiet: fetch the whole list again.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from tornado.ioloop import IOLoop

    from netapp_jlab.models import Change


SCHEMA_ID = "https://schema.netapp-jlab.io/events/volumes/v1"
SCHEMA_FILE = Path(__file__).parent / "event_schemas" / "volumes" / "v1.yaml"

SPACING = 0.05
"""Seconds between two events for one object whose phase stays the same."""

PROGRESS_SPACING = 0.5
"""The same for an operation that only progresses: same state, other numbers."""

BURST = 20
"""Most events of one kind that go out together."""

QUIET = 0.05
"""Seconds without a change of a kind, after which a flood of them is over …"""

FLOOD = 0.5
"""… or seconds after which it is told of anyhow."""

Key = tuple[str, str]

_log = logging.getLogger(__name__)


class Feed:
    """The way from the core to the event bus.

    Parameters
    ----------
    loop : IOLoop
        Where events have to be emitted.
    emit : Callable[[Change], None]
        Emits one.
    """

    def __init__(self, loop: IOLoop, emit: Callable[[Change], None]) -> None:
        self._loop = loop
        self._emit = emit
        self._lock = threading.Lock()
        self._pending: dict[Key, Change] = {}
        self._called = False
        self._closed = False
        # From here on used on the loop only.
        self._sent: dict[Key, tuple[float, str | None]] = {}
        self._floods: dict[str, _Flood] = {}
        self._timer: object | None = None

    def publish(self, change: Change) -> None:
        """Take a change; from any thread, returns at once, never raises."""
        key = (change.kind, change.uid or change.name)
        with self._lock:
            if self._closed:
                return
            self._pending[key] = _merge(self._pending.get(key), change)
            if self._called:
                return
            self._called = True
        self._loop.add_callback(self._flush)

    def close(self) -> None:
        """Emit nothing any more."""
        with self._lock:
            self._closed = True
            self._pending.clear()
        self._stop_timer()

    def _flush(self) -> None:
        """Emit what is due, and come back for the rest."""
        with self._lock:
            if self._closed:
                return
            pending, self._pending = self._pending, {}
            self._called = False
        now = self._loop.time()
        due = {key: self._due(key, change) for key, change in pending.items()}
        ready = {key: change for key, change in pending.items() if due[key] <= now}
        for key, change in self._without_floods(ready, now).items():
            self._send(key, change, now)
        late = {key: change for key, change in pending.items() if due[key] > now}
        times = [due[key] for key in late] + [flood.ends for flood in self._floods.values()]
        with self._lock:
            newer, self._pending = self._pending, late
            for key, change in newer.items():
                self._pending[key] = _merge(late.get(key), change)
        self._forget(now)
        self._come_back(min(times, default=None))

    def _due(self, key: Key, change: Change) -> float:
        sent, phase = self._sent.get(key, (0.0, None))
        if change.phase != phase:
            return 0.0
        return sent + (PROGRESS_SPACING if change.kind == "operation" else SPACING)

    def _without_floods(self, ready: dict[Key, Change], now: float) -> dict[Key, Change]:
        """Return what may go out one by one, and emit the summaries of floods that are over."""
        counts: Counter[str] = Counter(change.kind for change in ready.values())
        for kind, count in counts.items():
            if kind in self._floods:
                self._floods[kind].last = now
            elif count > BURST:
                example = next(change for change in ready.values() if change.kind == kind)
                self._floods[kind] = _Flood(example, now)
        for over, flood in list(self._floods.items()):
            if flood.ends <= now:
                del self._floods[over]
                self._send((over, ""), flood.summary, now)
                counts[over] = BURST + 1  # what came just now is told of as well
        return {
            key: change
            for key, change in ready.items()
            if change.kind not in self._floods and counts[change.kind] <= BURST
        }

    def _send(self, key: Key, change: Change, now: float) -> None:
        self._sent[key] = (now, change.phase)
        try:
            self._emit(change)
        except Exception:  # modifiers and handlers of events are anybody's code
            _log.exception("The event bus did not take a change of %s %s", change.kind, change.name)

    def _forget(self, now: float) -> None:
        """Forget what was sent so long ago that it delays nothing any more."""
        old = now - PROGRESS_SPACING
        self._sent = {key: sent for key, sent in self._sent.items() if sent[0] > old}

    def _come_back(self, when: float | None) -> None:
        self._stop_timer()
        if when is not None:
            self._timer = self._loop.call_at(when, self._flush)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._loop.remove_timeout(self._timer)
            self._timer = None


class _Flood:
    """Many changes of one kind, of which one event tells."""

    def __init__(self, example: Change, now: float) -> None:
        self.summary = msgspec.structs.replace(
            example, action="modified", name="", uid="", volume="", phase=""
        )
        self.began = now
        self.last = now

    @property
    def ends(self) -> float:
        """When it is over, if nothing else comes."""
        return min(self.last + QUIET, self.began + FLOOD)


def _merge(before: Change | None, change: Change) -> Change:
    """Return one change that stands for two of the same object."""
    if before is not None and before.action == "added" and change.action == "modified":
        return msgspec.structs.replace(change, action="added")
    return change
