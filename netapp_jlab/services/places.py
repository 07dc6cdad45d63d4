"""Where files of a volume and its snapshots can be reached, whichever way that is.

A volume that is mounted here and shows its snapshots in ``.snapshot`` is reached directly
(:class:`netapp_jlab.services.here.Here`). Others are reached through a helper pod that mounts them
(:class:`netapp_jlab.services.moved.Moved`). Who asks does not need to
know which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from netapp_jlab import files
from netapp_jlab.errors import (
    Cancelled,
    Invalid,
    NetAppJLabError,
    NoSpace,
    NotFound,
    NotMounted,
    Refused,
)
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.models import Permission
from netapp_jlab.services.trees import SnapshotTrees

Check = Callable[[], None]
"""Called often; raises to give up."""
Pause = Callable[[float], None]
Told = Callable[[str], object]
"""Takes a sentence for the user: what is waited for."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A snapshot and the live volume that it was cut from, to be compared.

    Attributes
    ----------
    paths : sequence of bytes, optional
        Only these; everything when None.
    remove_extra, verify : bool
        As :func:`netapp_jlab.files.restore` takes them.
    """

    snapshot: VolumeSnapshot
    claim: Claim
    paths: Sequence[bytes] | None = None
    remove_extra: bool = False
    verify: bool = False


@dataclass(frozen=True, kw_only=True)
class Job(Pair):
    """A restore or an undo.

    Attributes
    ----------
    kept : VolumeSnapshot
        The safety snapshot.
    baseline : VolumeSnapshot, optional
        For an undo: the snapshot that was restored.
    token : str
        Names this restore, also for whoever goes on with it after a crash.
    """

    kept: VolumeSnapshot
    baseline: VolumeSnapshot | None = None
    token: str


@dataclass(frozen=True)
class Compared:
    """What a comparison found.

    Attributes
    ----------
    unreadable : int
        Entries that could not be looked at.
    free : int
        Bytes that are free in the live volume.
    """

    summary: files.Summary
    unreadable: int
    free: int


@dataclass(frozen=True)
class Done:
    """What a restore did.

    Attributes
    ----------
    conflicts, failures : int
        How many there were; the outcome of a helper names only the first ones.
    """

    outcome: files.Outcome
    conflicts: int
    failures: int


class Restoration(Protocol):
    """A restore whose source and target are at hand."""

    def compare(self) -> files.Summary:
        """Tell what there is to do; changes nothing."""

    def run(self, plan: files.Summary, progress: Callable[[files.Progress], object]) -> Done:
        """Do it, or what is left of it; see :func:`netapp_jlab.files.restore`."""


class Place(Protocol):
    """A way to reach files. Paths are relative to the volume's root; ``b""`` is that itself.

    Each method may first have to wait for a helper to start, and raises an error of
    :mod:`netapp_jlab.errors` that says why where it can not.
    """

    def prepare(self, snapshot: VolumeSnapshot, *, cancel: Check, on_step: Told) -> None:
        """Make the files of a snapshot readable; what follows then does not wait.

        Raises
        ------
        NotMounted, Refused, QuotaExceeded, Forbidden
            They can't be reached; the message says why.
        Cancelled
            `cancel` said so.
        """

    def listing(self, snapshot: VolumeSnapshot, path: bytes, *, cancel: Check) -> list[files.Entry]:
        """List a directory of a snapshot, by name.

        Raises
        ------
        NotFound
            Nothing is there.
        Invalid
            It is no directory, or no path.
        Refused
            It may not be read.
        """

    def entry(self, snapshot: VolumeSnapshot, path: bytes, *, cancel: Check) -> files.Entry:
        """Return what is at a path of a snapshot.

        Raises
        ------
        NotFound, Invalid, Refused
            As :meth:`listing`.
        """

    def read(
        self, snapshot: VolumeSnapshot, path: bytes, *, start: int, length: int, cancel: Check
    ) -> bytes:
        """Read a part of a file; fewer bytes than `length` only at its end.

        Raises
        ------
        NotFound, Invalid, Refused
            As :meth:`listing`.
        """

    def check(self, pair: Pair, *, cancel: Check) -> None:
        """Refuse paths that lead nowhere, as far as that can be told at once.

        Raises
        ------
        Invalid
            One of them.
        """

    def compare(self, pair: Pair, *, examples: int, cancel: Check) -> Compared:
        """Tell what a restore would change; changes nothing.

        Raises
        ------
        Invalid
            A path that leads nowhere.
        """

    def restoring(
        self, job: Job, *, cancel: Check, pause: Pause
    ) -> AbstractContextManager[Restoration]:
        """Bring everything that a restore needs within reach.

        Parameters
        ----------
        cancel, pause : callable
            Raise to give up.
        """


class Helped(Place, Protocol):
    """The way through helper pods."""

    def may(self) -> Permission:
        """Whether helper pods can be used here."""

    def owner(self) -> str:
        """Return whose the helper pods of this process are."""

    def is_there(self, token: str) -> bool:
        """Whether there is a helper pod of a restore."""

    def stop(self, token: str) -> None:
        """End a restore in a helper pod, and wait until it has ended."""

    def remove(self, token: str) -> None:
        """Remove the helper pod of a restore that has ended."""


class Places:
    """Picks the way to reach files.

    Parameters
    ----------
    trees : SnapshotTrees
        Opens what is mounted here.
    here : Place
        Reaches that.
    helped : Helped
        Reaches everything else.
    """

    def __init__(self, trees: SnapshotTrees, here: Place, helped: Helped) -> None:
        self._trees = trees
        self._here = here
        self._helped = helped

    def for_snapshot(self, snapshot: VolumeSnapshot) -> Place:
        """Return where the files of a snapshot can be read.

        Raises
        ------
        NotMounted
            Nowhere, and why.
        """
        return self._pick(lambda: self._trees.snapshot(snapshot).close())

    def for_volume(self, claim: Claim, snapshot: VolumeSnapshot) -> Place:
        """Return where a volume and one of its snapshots can be reached, to compare or restore.

        Raises
        ------
        NotMounted
            Nowhere, and why.
        """

        def look() -> None:
            self._trees.volume(claim.metadata.name).close()
            self._trees.snapshot(snapshot).close()

        return self._pick(look)

    def for_job(self, claim: Claim, snapshot: VolumeSnapshot, *, token: str, owner: str) -> Place:
        """Return where to go on with a restore.

        Parameters
        ----------
        owner : str
            Whose helper pod has it, as :meth:`owner_of` said; empty where it is done here.

        Raises
        ------
        NotMounted
            Nowhere, and why.
        """
        if owner and owner == self._helped.owner() and self._helped.is_there(token):
            return self._helped  # two that restore the same volume would be in each other's way
        return self.for_volume(claim, snapshot)

    def owner_of(self, place: Place) -> str:
        """Return whose helper pods a place uses; empty for none."""
        return self._helped.owner() if place is self._helped else ""

    def can_go_on(self, owner: str) -> bool:
        """Whether this process can take up a restore in a helper pod of `owner`."""
        return bool(owner) and self._helped.may().allowed and owner == self._helped.owner()

    def stop(self, token: str, owner: str) -> None:
        """Make sure that no helper pod goes on with a restore."""
        if owner and owner == self._helped.owner():
            self._helped.stop(token)

    def remove(self, token: str, owner: str) -> None:
        """Remove the helper pod of a restore that has ended."""
        if owner:
            self._helped.remove(token)

    def _pick(self, look: Callable[[], None]) -> Place:
        try:
            look()
        except (NotMounted, files.TreeUnavailable) as error:
            permission = self._helped.may()
            if permission.allowed:
                return self._helped
            said = error if isinstance(error, NotMounted) else NotMounted(f"{error}.")
            why = f"A helper pod can not reach them either: {permission.reason} {permission.hint}"
            raise NotMounted(said.message, hint=f"{said.hint} {why}".strip()) from error
        return self._here


@contextmanager
def translated(volume: str) -> Iterator[None]:
    """Turn what goes wrong with files into errors of ours."""
    try:
        yield
    except files.FilesError as error:
        raise explain(type(error).__name__, f"{error}", volume) from error


def explain(kind: str, text: str, volume: str) -> NetAppJLabError:
    """Return the error of ours for one of :mod:`netapp_jlab.files.errors`, by its name."""
    if kind == "Cancelled":
        return Cancelled("It was cancelled.")
    if kind == "NoSpace":
        return NoSpace(f"The volume “{volume}” is full: {text}")
    if kind in ("BadPath", "NoSuchPath"):
        return Invalid(text, hint="Paths are relative to the volume's root.")
    if kind == "NotThere":
        return NotFound(f"{text}.")
    if kind == "WrongKind":
        return Invalid(f"{text}.")
    return NotMounted(text) if kind == "TreeUnavailable" else Refused(text)
