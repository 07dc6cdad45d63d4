"""Files of snapshots, to look at: lists of folders, and the bytes of files.

Whether they lie in a ``.snapshot`` directory or behind a helper pod is for
:mod:`netapp_jlab.services.places` to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from netapp_jlab import files
from netapp_jlab.errors import Invalid
from netapp_jlab.k8s.wire import VolumeSnapshot
from netapp_jlab.models import FileEntry, FileList
from netapp_jlab.services.places import Check, Place, Places, Told
from netapp_jlab.services.sources import Sources

PIECE = 1024 * 1024
"""Bytes read at a time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _never() -> None:
    """Nobody cancels."""


@dataclass(frozen=True)
class OpenFile:
    """A file of a snapshot, found and ready to be read; nothing has to be closed.

    Attributes
    ----------
    name : str
        Its last name, written as in lists.
    size : int
        Bytes; what a snapshot holds does not change.
    """

    name: str
    size: int
    _place: Place
    _snapshot: VolumeSnapshot
    _path: bytes
    _cancel: Check

    def read(self, start: int, length: int) -> bytes:
        """Read a part; fewer bytes than `length` only at the end.

        Raises
        ------
        NotFound, Invalid, Refused, Cancelled
            As :meth:`Files.open`.
        """
        return self._place.read(
            self._snapshot, self._path, start=start, length=length, cancel=self._cancel
        )

    def pieces(self) -> Iterator[bytes]:
        """Yield all of it, at most 1 MiB at a time."""
        start = 0
        while piece := self.read(start, PIECE):
            yield piece
            start += len(piece)


class Files:
    """Looks into snapshots.

    Parameters
    ----------
    sources, places : Sources, Places
        Which snapshots can be used, and where their files are.
    """

    def __init__(self, sources: Sources, places: Places) -> None:
        self._sources = sources
        self._places = places

    def prepare(
        self, snapshot: str, *, cancel: Check = _never, on_step: Told = lambda _: None
    ) -> None:
        """Make the files of a snapshot readable, which may take some seconds.

        The other methods do so too where it is needed; this one tells what is waited for.

        Parameters
        ----------
        snapshot : str
            Its name.
        cancel : callable
            Called often; raises to give up. What was begun for the next one to ask goes on.
        on_step : callable
            Takes a sentence for the user.

        Raises
        ------
        NotFound, NotReady, Conflict
            The snapshot can not be used now.
        NotMounted, Refused, QuotaExceeded, Forbidden
            Its files can not be reached; the message says why.
        Cancelled
            `cancel` said so.
        """
        taken, place = self._opened(snapshot)
        place.prepare(taken, cancel=cancel, on_step=on_step)

    def list(
        self,
        snapshot: str,
        path: str = "",
        *,
        match: str = "",
        limit: int | None = None,
        cancel: Check = _never,
    ) -> FileList:
        """List a folder: folders first, then all else, each by name.

        Parameters
        ----------
        path : str
            Relative to the volume's root, written as in lists.
        match : str
            Only names that have this in them, in any letter case.
        limit : int, optional
            Most entries to return.

        Raises
        ------
        NotFound
            Nothing is there.
        Invalid
            It is no folder, or no path.
        Refused
            The account that works here may not look into it.
        NotReady, Conflict, NotMounted, QuotaExceeded, Forbidden, Cancelled
            As :meth:`prepare`.
        """
        where = _to_path(path)
        taken, place = self._opened(snapshot)
        found = [_entry(one) for one in place.listing(taken, where, cancel=cancel)]
        wanted = match.casefold()
        shown = [one for one in found if wanted in one.name.casefold()] if wanted else found
        shown.sort(key=lambda one: one.kind != "directory")  # stable: by name in either part
        return FileList(
            snapshot=snapshot,
            volume=taken.spec.source.persistent_volume_claim_name,
            path=path,
            items=tuple(shown[:limit]),
            total=len(shown),
        )

    def open(self, snapshot: str, path: str, *, cancel: Check = _never) -> OpenFile:
        """Find a file.

        Raises
        ------
        Invalid
            It is no file: links are not followed, and folders and devices have no contents.
        NotFound, Refused, NotReady, Conflict, NotMounted, QuotaExceeded, Forbidden, Cancelled
            As :meth:`list`.
        """
        where = _to_path(path)
        taken, place = self._opened(snapshot)
        found = place.entry(taken, where, cancel=cancel)
        if found.kind != "file":
            raise Invalid(
                f"“{path or '.'}” is a {_WORDS.get(found.kind, found.kind)}, not a file.",
                hint=_HINTS.get(found.kind, ""),
            )
        name = files.to_text(found.name)
        return OpenFile(name, found.size, place, taken, where, cancel)

    def read(
        self,
        snapshot: str,
        path: str,
        *,
        start: int = 0,
        length: int | None = None,
        cancel: Check = _never,
    ) -> bytes:
        """Return what a file holds, or a part of it.

        Raises
        ------
        Invalid, NotFound, Refused, NotReady, Conflict, NotMounted, QuotaExceeded, Forbidden, \
Cancelled
            As :meth:`open`.
        """
        file = self.open(snapshot, path, cancel=cancel)
        left = file.size - start if length is None else min(length, file.size - start)
        parts = []
        while left > 0 and (part := file.read(start, min(left, PIECE))):
            parts.append(part)
            start += len(part)
            left -= len(part)
        return b"".join(parts)

    def _opened(self, snapshot: str) -> tuple[VolumeSnapshot, Place]:
        taken = self._sources.usable_snapshot(snapshot)
        return taken, self._places.for_snapshot(taken)


_WORDS = {"directory": "folder", "symlink": "symbolic link"}
_HINTS = {
    "directory": "List it instead: `netapp-jlab files SNAPSHOT PATH`.",
    "symlink": "Links are not followed; read what it points to.",
}


def _to_path(text: str) -> bytes:
    """Read a path as lists write it; a slash at its end is none too many."""
    try:
        return files.from_text(text.rstrip("/"))
    except ValueError as error:
        raise Invalid(f"{error}.", hint="Write names as they are listed.") from error


def _entry(found: files.Entry) -> FileEntry:
    return FileEntry(
        name=files.to_text(found.name),
        kind=found.kind,
        size=found.size,
        modified=_moment(found.modified_ns),
        link=files.to_text(found.link),
    )


def _moment(nanoseconds: int) -> datetime | None:
    """Return a time as a date; None where it is before year 1 or after 9999."""
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None
