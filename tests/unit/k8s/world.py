"""A cluster in memory whose watches can be cut, repeat themselves and forget."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from netapp_jlab.errors import Cancelled, Unreachable
from netapp_jlab.k8s import kinds
from netapp_jlab.k8s.client import Listing
from netapp_jlab.k8s.interrupts import Interrupt
from netapp_jlab.k8s.refusals import Expired
from netapp_jlab.k8s.watching import EventType, WatchEvent
from netapp_jlab.k8s.wire import Claim

from . import made

Event = WatchEvent[Claim]


class World:
    """What an informer sees of a cluster: lists and watches of claims."""

    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}
        self.version = 1
        self.lists = 0
        self.watches = 0
        self.failures = 0
        self._history: list[tuple[int, Event]] = []
        self._forgotten = 0
        self._cuts: list[str] = []
        self._cut = 0
        self._silent = False
        self._changed = threading.Condition()

    # --- What happens ----------------------------------------------------------------------------

    def put(self, name: str, *, anew: bool = False) -> None:
        """Create a claim or change it; `anew`: delete it first, so that it gets another uid."""
        with self._changed:
            known = self.claims.get(name)
            if known is not None and anew:
                self._remove(name)
                known = None
            self.version += 1
            uid = known.metadata.uid if known else f"{name}-{self.version}"
            body = made.claim(name, version=self.version, uid=uid)
            claim = msgspec.convert(body, Claim)
            self.claims[name] = claim
            self._record("modified" if known else "added", claim)

    def remove(self, name: str) -> None:
        with self._changed:
            if name in self.claims:
                self._remove(name)

    def bookmark(self) -> None:
        """Tell the watches the present version."""
        with self._changed:
            self._history.append((self.version, WatchEvent("bookmark", None, str(self.version))))
            self._changed.notify_all()

    def repeat(self, which: int) -> None:
        """Send an event once more, as the newest."""
        with self._changed:
            if self._history:
                event = self._history[which % len(self._history)][1]
                self._history.append((self.version, event))
                self._changed.notify_all()

    def cut(self, how: str) -> None:
        """End all watches: ``end``, ``break`` or ``expire``."""
        with self._changed:
            self._cuts.append(how)
            self._changed.notify_all()

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Deliver nothing meanwhile, as over a connection that is dead but not closed."""
        with self._changed:
            self._silent = True
        yield
        with self._changed:
            self._silent = False
            self._changed.notify_all()

    def forget(self) -> None:
        """Drop the history: a watch from an older version is refused."""
        with self._changed:
            self._forgotten = self.version

    def fail(self, times: int) -> None:
        """Let the next calls fail."""
        with self._changed:
            self.failures = times

    def _remove(self, name: str) -> None:
        self.version += 1
        claim = self.claims.pop(name)
        meta = msgspec.structs.replace(claim.metadata, resource_version=str(self.version))
        self._record("deleted", msgspec.structs.replace(claim, metadata=meta))

    def _record(self, kind: EventType, claim: Claim) -> None:
        self._history.append((self.version, WatchEvent(kind, claim, str(self.version))))
        self._changed.notify_all()

    # --- What an informer calls ------------------------------------------------------------------

    def list(self, kind: Any, *, interrupt: Interrupt) -> Listing[Claim]:
        assert kind is kinds.CLAIMS
        with self._changed:
            self.lists += 1
            self._trip()
            return Listing(list(self.claims.values()), str(self.version))

    def watch(
        self, kind: Any, *, resource_version: str, timeout: float, interrupt: Interrupt
    ) -> _Watch:
        assert kind is kinds.CLAIMS
        assert 240 <= timeout <= 300
        return _Watch(self, int(resource_version), interrupt)

    def _trip(self) -> None:
        if self.failures:
            self.failures -= 1
            raise Unreachable("gone")

    def begin(self, version: int) -> tuple[int, int]:
        """Return where in the history, and at which cut, a watch begins."""
        with self._changed:
            self.watches += 1
            self._trip()
            if version < self._forgotten:
                raise Expired("too old")
            at = next(
                (at for at, (when, _) in enumerate(self._history) if when > version),
                len(self._history),
            )
            return at, len(self._cuts)

    def events(self, at: int, cuts: int, interrupt: Interrupt) -> Iterator[Event]:
        while True:
            with self._changed:
                nothing = self._silent or at >= len(self._history)
                if nothing and len(self._cuts) <= cuts:
                    self._changed.wait(0.01)
                if interrupt.is_set():
                    raise Cancelled("stopped")
                if len(self._cuts) > cuts:
                    how = self._cuts[-1]
                    if how == "end":
                        return
                    raise Expired("too old") if how == "expire" else Unreachable("broken")
                if self._silent or at >= len(self._history):
                    continue
                event = self._history[at][1]
            at += 1
            yield event


class _Watch:
    def __init__(self, world: World, version: int, interrupt: Interrupt) -> None:
        self._world = world
        self._version = version
        self._interrupt = interrupt
        self._events: Iterator[Event] = iter(())

    def open(self) -> None:
        at, cuts = self._world.begin(self._version)
        self._events = self._world.events(at, cuts, self._interrupt)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_error: object) -> None:
        return

    def __iter__(self) -> Iterator[Event]:
        return self._events


class Replay:
    """What somebody knows who only hears the events; notes what does not fit."""

    def __init__(self) -> None:
        self.state: dict[str, Claim] = {}
        self.wrong: list[str] = []

    def __call__(self, action: str, claim: Claim) -> None:
        name, known = claim.metadata.name, self.state.get(claim.metadata.name)
        if action == "added":
            fits = known is None
        else:
            fits = known is not None and known.metadata.uid == claim.metadata.uid
        if not fits:
            self.wrong.append(f"{action} {name} after {known}")
        if action == "modified" and known == claim:
            self.wrong.append(f"{name} has not changed")
        if action == "deleted":
            self.state.pop(name, None)
        else:
            self.state[name] = claim
