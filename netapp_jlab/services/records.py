"""The record of an operation, kept as one annotation of the object that the operation makes.

One JSON value, so that every change of it is atomic. A restore's stands on its safety snapshot, a
clone's on the new claim (before that exists, on the intermediate snapshot). It says what was asked
for, who works on it and how far it is: all that another process needs to take it up.

Who works on it holds a *lease*: it renews ``renewed_at`` every :data:`RENEW` seconds and stops by
itself when it could not for :data:`LEASE` seconds; another process takes it up only after it has
itself seen the lease unchanged for :data:`TAKEOVER` seconds, or at once where the holder is a
process of this host that is gone. Clocks of two hosts are never compared (as in client-go's leader
election, https://pkg.go.dev/k8s.io/client-go/tools/leaderelection): they may be minutes apart.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone

import msgspec

from netapp_jlab.errors import Invalid
from netapp_jlab.k8s.naming import PREFIX
from netapp_jlab.models import OperationKind, OperationState, Outcome, Progress

RENEW = 5.0
LEASE = 20.0
TAKEOVER = 35.0
CANCEL = PREFIX + "cancel"
"""Annotation: word for the process that works on it to stop. Not part of the record, which that
process writes all the time."""
MAX_BYTES = 200_000
"""Kubernetes allows 256 KiB of annotations an object; other ones need room too."""

ACTIVE: frozenset[OperationState] = frozenset({"pending", "running", "interrupted"})


class Ref(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object by name and uid, so that a namesake is not mistaken for it."""

    name: str = ""
    uid: str = ""


class Grow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a clone still needs once it is bound: a larger size, in bytes; 0 for none."""

    size: int = 0


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Intent and state of one operation.

    Attributes
    ----------
    id : str
        Empty: the uid of the object that carries the record.
    volume : Ref
        The volume that changes; for a clone the new one.
    snapshot : Ref
        Where the data comes from.
    source_volume : Ref
        The volume that is cloned.
    baseline : Ref
        For an undo: the snapshot that the undone operation had restored.
    manifest : dict
        For a clone by way of an intermediate snapshot: the claim to create next.
    holder : str
        Host, process and its start time: :func:`this_process`.
    renewed_at : datetime, optional
        By the holder's clock, so only that it changes tells others anything.
    mover : str
        Whose helper pod does it; empty where it is done directly.
    touched : bool
        The volume's files may have been changed: from here on Undo makes sense.
    """

    version: int = 1
    kind: OperationKind
    state: OperationState = "pending"
    id: str = ""
    step: str = ""
    volume: Ref = Ref()
    snapshot: Ref = Ref()
    source_volume: Ref = Ref()
    baseline: Ref = Ref()
    paths: tuple[str, ...] = ()
    remove_extra: bool = False
    verify: bool = False
    grow: Grow = Grow()
    manifest: dict[str, object] = msgspec.field(default_factory=dict)
    author: str = ""
    started_at: datetime
    finished_at: datetime | None = None
    holder: str = ""
    renewed_at: datetime | None = None
    mover: str = ""
    touched: bool = False
    progress: Progress = Progress()
    outcome: Outcome | None = None
    message: str = ""
    hint: str = ""
    undo_of: str = ""
    undone_by: str = ""

    @property
    def active(self) -> bool:
        """Whether there is something left to do."""
        return self.state in ACTIVE

    def encode(self) -> str:
        """Return the annotation's value.

        Raises
        ------
        Invalid
            Larger than an annotation may be: too many paths.
        """
        text = msgspec.json.encode(self).decode()
        if len(text) > MAX_BYTES:
            raise Invalid(
                f"{len(self.paths)} paths are too many for one restore.",
                hint="Choose the folder that holds them, or restore them in several parts.",
            )
        return text


class Sightings:
    """How long this process has seen each lease unchanged, by its own monotonic clock.

    Parameters
    ----------
    clock : Callable[[], float]
        Seconds; :func:`time.monotonic` but in tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[tuple[str, datetime | None], float]] = {}

    def note(self, operation: str, record: Record) -> float:
        """Remember a lease as it is; return the seconds for which it has been so."""
        lease = (record.holder, record.renewed_at)
        with self._lock:
            if not record.active:
                self._seen.pop(operation, None)
                return 0.0
            known, since = self._seen.get(operation, (None, 0.0))
            if known != lease:
                since = self._clock()
                self._seen[operation] = (lease, since)
            return self._clock() - since

    def orphaned(self, operation: str, record: Record) -> bool:
        """Whether nobody works on it any more and this process may take it up."""
        unchanged = self.note(operation, record)
        if not record.active or record.holder == this_process():
            return False
        if not record.holder or record.renewed_at is None or _is_dead(record.holder):
            return True
        return unchanged > TAKEOVER


def decode(text: str) -> Record | None:
    """Read an annotation; None for what is no record of ours (somebody edited it)."""
    try:
        record = msgspec.json.decode(text, type=Record)
    except (msgspec.DecodeError, ValueError):
        return None
    return record if record.version == 1 else None


def now() -> datetime:
    """Return the present time, in UTC."""
    return datetime.now(timezone.utc)


def this_process() -> str:
    """Return the identity of this process: host, process id and start time."""
    return f"{_host()}/{os.getpid()}/{_start_time(os.getpid())}"


def _is_dead(holder: str) -> bool:
    """Whether `holder` was a process of this host and is gone.

    The start time tells a restarted container's process from the one before with the same number.
    """
    host, _, process = holder.partition("/")
    number, _, started = process.partition("/")
    return host == _host() and number.isdigit() and _start_time(int(number)) != started


def _host() -> str:
    """Return where process ids mean the same: containers of one pod share the host's name only."""
    return f"{socket.gethostname()}:{os.stat('/proc/self/ns/pid').st_ino}"


def _start_time(process: int) -> str:
    """Return when `process` started, in clock ticks since boot (proc(5), field 22); "" if gone."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # A zombie ("Z") does nothing any more; its parent just has not asked for it.
    return "" if fields[0] == "Z" else fields[19]
