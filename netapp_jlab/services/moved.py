"""Files of volumes and snapshots, reached through a helper pod that mounts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from netapp_jlab import files
from netapp_jlab.errors import Refused
from netapp_jlab.k8s.wire import VolumeSnapshot
from netapp_jlab.models import Permission
from netapp_jlab.mover import wire
from netapp_jlab.services.making import Wanted
from netapp_jlab.services.movers import Movers
from netapp_jlab.services.places import (
    Check,
    Compared,
    Done,
    Job,
    Pair,
    Pause,
    Restoration,
    Told,
    explain,
)
from netapp_jlab.services.talks import Refusal

T = TypeVar("T")
STOPPED_TRIES = 5
"""Times that somebody else may end a restore's helper before it is given up."""


class Moved:
    """The way through helper pods; see :class:`netapp_jlab.services.places.Helped`.

    Parameters
    ----------
    movers : Movers
        Starts and asks them.
    """

    def __init__(self, movers: Movers) -> None:
        self._movers = movers

    def may(self) -> Permission:
        """Whether helper pods can be used here."""
        return self._movers.may()

    def owner(self) -> str:
        """Return whose the helper pods of this process are."""
        return self._movers.owner()

    # --- Looking ---------------------------------------------------------------------------------

    def prepare(self, snapshot: VolumeSnapshot, *, cancel: Check, on_step: Told) -> None:
        """See :meth:`netapp_jlab.services.places.Place.prepare`."""
        self._movers.start(self._browsing(snapshot), cancel=cancel, on_step=on_step)

    def listing(self, snapshot: VolumeSnapshot, path: bytes, *, cancel: Check) -> list[files.Entry]:
        """See :meth:`netapp_jlab.services.places.Place.listing`."""
        parts: list[Any] = []
        self._ask(
            self._browsing(snapshot),
            "list",
            cancel=cancel,
            on_part=parts.append,
            path=wire.from_bytes(path),
        )
        return _read(lambda: [entry for part in parts for entry in wire.to_entries(part)])

    def entry(self, snapshot: VolumeSnapshot, path: bytes, *, cancel: Check) -> files.Entry:
        """See :meth:`netapp_jlab.services.places.Place.entry`."""
        wanted = self._browsing(snapshot)
        answer = self._ask(wanted, "entry", cancel=cancel, path=wire.from_bytes(path))
        return _read(lambda: wire.to_entries(answer)[0])

    def read(
        self, snapshot: VolumeSnapshot, path: bytes, *, start: int, length: int, cancel: Check
    ) -> bytes:
        """See :meth:`netapp_jlab.services.places.Place.read`."""
        wanted = self._browsing(snapshot)
        pieces = []
        while length > 0:
            asked = min(length, wire.MAX_PIECE)
            answer = self._ask(
                wanted,
                "read",
                cancel=cancel,
                path=wire.from_bytes(path),
                start=start,
                length=asked,
            )
            piece = _read(partial(wire.to_bytes, answer))
            pieces.append(piece)
            start, length = start + len(piece), length - len(piece)
            if len(piece) < asked:
                break
        return b"".join(pieces)

    # --- Comparing and restoring -----------------------------------------------------------------

    def check(self, pair: Pair, *, cancel: Check) -> None:
        """Check paths only where a helper that can do it runs already: else it would take seconds.

        What leads nowhere is then found when the restore begins, which ends with that error.
        """
        wanted = self._comparing(pair)
        if pair.paths is not None and self._movers.known(wanted.name) is not None:
            self._ask(wanted, "check", cancel=cancel, paths=wire.from_paths(pair.paths))

    def compare(self, pair: Pair, *, examples: int, cancel: Check) -> Compared:
        """See :meth:`netapp_jlab.services.places.Place.compare`."""
        wanted = self._comparing(pair)
        answer = self._ask(wanted, "compare", cancel=cancel, **_compared(pair, examples))
        return _read(
            lambda: Compared(
                wire.to_summary(wire.field(answer, "summary", dict)),
                wire.field(answer, "unreadable", int),
                wire.field(answer, "free", int),
            )
        )

    @contextmanager
    def restoring(self, job: Job, *, cancel: Check, pause: Pause) -> Iterator[Restoration]:
        """See :meth:`netapp_jlab.services.places.Place.restoring`.

        The helper goes on when this process ends; whoever takes the operation up finds it.
        """
        del pause  # the copies are complete once the helper runs
        trees = {"source": job.snapshot, "kept": job.kept}
        if job.baseline is not None:
            trees["baseline"] = job.baseline
        name = self._movers.name(job.token)
        wanted = Wanted(name, trees, live=job.claim, lasting=True)
        self._movers.start(wanted, cancel=cancel)
        yield _MovedRestoration(self._movers, job, wanted, cancel)

    def is_there(self, token: str) -> bool:
        """Whether there is a helper pod of a restore."""
        return self._movers.is_there(self._movers.name(token))

    def stop(self, token: str) -> None:
        """End a restore in a helper pod, and wait until it has ended."""
        self._movers.stop(self._movers.name(token), token)

    def remove(self, token: str) -> None:
        """Remove the helper pod of a restore that has ended."""
        self._movers.remove(self._movers.name(token))

    # --- Asking ----------------------------------------------------------------------------------

    def _browsing(self, snapshot: VolumeSnapshot) -> Wanted:
        """Return the helper for a snapshot: the one that mounts the live volume too, if it runs."""
        name = self._movers.name(snapshot.metadata.uid)
        comparing = self._movers.known(f"{name}-live")
        return comparing or Wanted(name, {"source": snapshot})

    def _comparing(self, pair: Pair) -> Wanted:
        name = self._movers.name(pair.snapshot.metadata.uid)
        return Wanted(f"{name}-live", {"source": pair.snapshot}, live=pair.claim)

    def _ask(self, wanted: Wanted, do: str, **fields: Any) -> Any:
        try:
            return self._movers.ask(wanted, do, **fields)
        except Refusal as error:
            raise explain(error.kind, str(error), _volume(wanted)) from error


@dataclass(frozen=True)
class _MovedRestoration:
    """See :class:`netapp_jlab.services.places.Restoration`."""

    movers: Movers
    job: Job
    wanted: Wanted
    cancel: Check

    def compare(self) -> files.Summary:
        """Compare, unless the restore is under way: then what it was begun with."""
        status = self._ask("status", token=self.job.token)
        begun = _read(lambda: status["plan"])
        if begun is not None:
            return _read(lambda: wire.to_summary(begun))
        with_baseline = self.job.baseline is not None
        asked = {**_compared(self.job, 0), "baseline": with_baseline, "verify": False}
        answer = self._ask("compare", **asked)
        return _read(lambda: wire.to_summary(wire.field(answer, "summary", dict)))

    def run(self, plan: files.Summary, progress: Callable[[files.Progress], object]) -> Done:
        """Begin it, or find it under way, and follow it to its end."""

        def tell(part: Any) -> None:
            progress(_read(lambda: wire.to_progress(part)))

        answer = self._ask(
            "restore",
            on_part=tell,
            token=self.job.token,
            paths=wire.from_paths(self.job.paths),
            remove_extra=self.job.remove_extra,
            verify=self.job.verify,
            plan=wire.from_summary(plan),
        )
        return _read(lambda: Done(*wire.to_outcome(answer)))

    def _ask(self, do: str, **fields: Any) -> Any:
        # Not through the place: that a helper was told to stop, by whoever deletes its pod, is no
        # word from the user. Another one goes on from there.
        for attempt in range(STOPPED_TRIES):
            try:
                return self.movers.ask(self.wanted, do, cancel=self.cancel, **fields)
            except Refusal as error:
                self.cancel()
                if error.kind != "Cancelled" or attempt == STOPPED_TRIES - 1:
                    raise explain(error.kind, str(error), _volume(self.wanted)) from error
        raise AssertionError  # the last try returned or raised


def _compared(pair: Pair, examples: int) -> dict[str, Any]:
    return {
        "paths": wire.from_paths(pair.paths),
        "remove_extra": pair.remove_extra,
        "verify": pair.verify,
        "baseline": False,
        "examples": examples,
    }


def _volume(wanted: Wanted) -> str:
    return wanted.trees["source"].spec.source.persistent_volume_claim_name


def _read(answer: Callable[[], T]) -> T:
    """Take what a helper answered, which is not trusted to be right."""
    try:
        return answer()
    except (wire.Malformed, KeyError, IndexError, TypeError) as error:
        raise Refused(
            f"The helper pod answers what can not be read: {error}.",
            hint="Set NetAppJLab.mover_image to an image with the same version of netapp_jlab.",
        ) from error
