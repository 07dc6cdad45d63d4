"""What the array knows of its volumes and snapshots, one small file for each.

A record is the point of no return of every operation: a directory tree without a record is
a leftover of an operation that was killed, and is swept away at the next start.
"""

from __future__ import annotations

import os
import threading
from datetime import datetime
from typing import TypeVar

import msgspec

__all__ = ["Snapshot", "Source", "Volume", "read_record", "remove_record", "write_record"]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where the content of a new volume comes from.

    Attributes
    ----------
    kind : str
        ``snapshot`` or ``volume``.
    handle : str
        Of the snapshot (``<volume>/<snapshot>``) or of the volume.
    """

    kind: str
    handle: str


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """One volume of the array.

    Attributes
    ----------
    handle : str
        The name that the volume was created with; also the name of its directory.
    size : int
        Provisioned bytes. As with a quota-less export nothing enforces them.
    created_at : datetime
        In UTC.
    source : Source | None
        What it is a clone of.
    show_snapshots : bool
        Whether the volume has a ``.snapshot`` directory (ONTAP's ``snapshotDirectory``).
    deleting : bool
        The volume was deleted while it had snapshots, and goes with the last of them.
    """

    handle: str
    size: int
    created_at: datetime
    source: Source | None = None
    show_snapshots: bool = True
    deleting: bool = False


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A point-in-time copy of one volume.

    Attributes
    ----------
    handle : str
        ``<volume handle>/<snapshot name>``, Trident's snapshot handle.
    created_at : datetime
        When it was cut, in UTC.
    size : int
        Bytes used when it was cut: what ``ontap-nas`` reports as the restore size.
    ready : bool
        Whether volumes can be made from it.
    """

    handle: str
    created_at: datetime
    size: int
    ready: bool = True

    @property
    def volume(self) -> str:
        """Handle of the volume that it belongs to."""
        return self.handle.partition("/")[0]

    @property
    def name(self) -> str:
        """Name within the volume; that of its directory in ``.snapshot``."""
        return self.handle.partition("/")[2]


Record = TypeVar("Record", Volume, Snapshot)


def read_record(path: str, kind: type[Record]) -> Record | None:
    """Read one record, ``None`` where there is none."""
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=kind)
    except FileNotFoundError:
        return None


def write_record(path: str, record: Volume | Snapshot, *, durable: bool) -> None:
    """Put `record` at `path`; a reader sees the old one or the new one, also after a crash.

    Parameters
    ----------
    durable : bool
        Wait until it is on the disk, so that a power cut cannot take it back either.
    """
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    draft = f"{path}.{os.getpid()}-{threading.get_ident()}.tmp"
    with open(draft, "wb") as file:
        file.write(msgspec.json.encode(record))
        if durable:
            file.flush()
            os.fsync(file.fileno())
    os.rename(draft, path)
    if durable:
        fsync_directory(folder)


def remove_record(path: str, *, durable: bool) -> None:
    """Remove the record at `path`, if any."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    if durable:
        fsync_directory(os.path.dirname(path))


def fsync_directory(path: str) -> None:
    """Make the entries of a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
