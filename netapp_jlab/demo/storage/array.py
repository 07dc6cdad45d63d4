"""The array itself: what a CSI controller asks of its storage, on directories."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from contextlib import closing
from datetime import datetime, timezone

import msgspec

from netapp_jlab.demo.storage.copy import TreeCopy
from netapp_jlab.demo.storage.errors import (
    ExhaustedError,
    ExistsError,
    InvalidArgumentError,
    NotFoundError,
    SizeError,
)
from netapp_jlab.demo.storage.filedata import FileCopier
from netapp_jlab.demo.storage.guards import claim, disk_errors, times_kept, writable
from netapp_jlab.demo.storage.layout import SNAPSHOT_DIRECTORY, Layout, check_name
from netapp_jlab.demo.storage.records import (
    Snapshot,
    Source,
    Volume,
    fsync_directory,
    read_record,
    remove_record,
    write_record,
)
from netapp_jlab.demo.storage.walk import disk_usage

__all__ = ["MAX_SNAPSHOTS", "SNAPSHOT_DIRECTORY", "Storage"]

MAX_SNAPSHOTS = 1023
"""Snapshots that one ONTAP volume can have."""

_CLOSED = 0o555
_SMALLEST = 4096  # bytes of an empty snapshot: no array reports none, and clients rely on that
_RESERVED = frozenset({SNAPSHOT_DIRECTORY.encode()})


class Storage:
    """A storage array in one directory; one process at a time has it open.

    All methods are safe to call from several threads; those that change one volume wait for each
    other. Every method that makes something returns the existing thing when it is asked again.

    Parameters
    ----------
    root : str
        Its directory, made if it does not exist. Volumes and snapshots share one file system.
    show_snapshots : bool
        Whether new volumes have a ``.snapshot`` directory.
    mode : int
        Permissions of a new, empty volume's root (Trident's ``unixPermissions``).
    durable : bool
        Answer only when records and directories are on the disk, so that a power cut cannot take
        back what was answered. A killed process loses nothing either way.

    Raises
    ------
    BusyError
        Another process has this directory open.
    """

    def __init__(
        self,
        root: str,
        *,
        show_snapshots: bool = True,
        mode: int = 0o777,
        durable: bool = True,
    ) -> None:
        self.show_snapshots = show_snapshots
        self._durable = durable
        self._mode = mode
        self._layout = Layout(root)
        self._files = FileCopier()
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._lock_file = claim(self._layout.lock)
        self._recover()

    @property
    def root(self) -> str:
        """Absolute path of the array's directory."""
        return self._layout.root

    def close(self) -> None:
        """Let another process open the array."""
        if self._lock_file >= 0:
            os.close(self._lock_file)
            self._lock_file = -1

    # Volumes ---------------------------------------------------------------------------------

    def create_volume(
        self,
        name: str,
        size: int,
        source: Source | None = None,
        *,
        show_snapshots: bool | None = None,
    ) -> Volume:
        """Make a volume, empty or as a clone.

        Parameters
        ----------
        name : str
            Becomes its handle.
        size : int
            Bytes. A clone has its source's size, which must not be smaller (Trident's rule: a
            larger clone is a clone and then an expansion).
        source : Source | None
            Snapshot or volume whose content it starts with.
        show_snapshots : bool | None
            Overrides the array's setting.

        Raises
        ------
        ExistsError
            The name belongs to a volume with another source or a smaller size.
        InvalidArgumentError, NotFoundError, SizeError, ExhaustedError
            The name, the source, the size, the disk.
        """
        handle = check_name(name)
        if size <= 0:
            raise InvalidArgumentError(f"invalid size {size}: must be more than 0 bytes")
        with self._locks[handle]:
            existing = read_record(self._layout.volume_record(handle), Volume)
            if existing is not None:
                return _same_volume(existing, size, source)
            shown = self.show_snapshots if show_snapshots is None else show_snapshots
            volume = Volume(
                handle=handle,
                size=size if source is None else self._clone_size(source, size),
                created_at=_now(),
                source=source,
                show_snapshots=shown,
            )
            with disk_errors(f"create volume {handle}"):
                self._make_volume(volume)
            return volume

    def delete_volume(self, handle: str) -> None:
        """Delete a volume; one with snapshots is kept, out of sight, until the last is deleted."""
        check_name(handle)
        with self._locks[handle], disk_errors(f"delete volume {handle}"):
            record = self._layout.volume_record(handle)
            volume = read_record(record, Volume)
            if volume is None:
                return
            if self._layout.recorded_snapshots(handle):
                self._write(record, msgspec.structs.replace(volume, deleting=True))
            else:
                self._free(volume)

    def expand_volume(self, handle: str, size: int) -> Volume:
        """Give a volume at least `size` bytes; it never shrinks."""
        with self._locks[handle]:
            volume = self.volume(handle)
            if size <= volume.size:
                return volume
            larger = msgspec.structs.replace(volume, size=size)
            with disk_errors(f"expand volume {handle}"):
                self._write(self._layout.volume_record(handle), larger)
            return larger

    def volume(self, handle: str) -> Volume:
        """Return one volume.

        Raises
        ------
        NotFoundError
            It does not exist, or is only kept for its snapshots.
        """
        volume = read_record(self._layout.volume_record(check_name(handle)), Volume)
        if volume is None or volume.deleting:
            raise NotFoundError(f"volume {handle} not found")
        return volume

    def list_volumes(self, *, deleting: bool = False) -> list[Volume]:
        """List the volumes by handle, on demand also those only kept for their snapshots."""
        handles = self._layout.recorded_volumes()
        records = (read_record(self._layout.volume_record(handle), Volume) for handle in handles)
        return [volume for volume in records if volume and (deleting or not volume.deleting)]

    def path(self, handle: str) -> str:
        """Directory of a volume (``vol``) or of a snapshot (``vol/snap``)."""
        if "/" in handle:
            snapshot = self.snapshot(handle)
            return os.path.join(self._snapshots_of(snapshot.volume), snapshot.name)
        return self._layout.volume(self.volume(handle).handle)

    def used(self, handle: str) -> int:
        """Bytes that a volume's or snapshot's files take, without a volume's snapshots."""
        skip = frozenset() if "/" in handle else _RESERVED
        return disk_usage(self.path(handle), skip=skip)

    # Snapshots -------------------------------------------------------------------------------

    def create_snapshot(
        self, volume: str, name: str, *, created_at: datetime | None = None
    ) -> Snapshot:
        """Cut a snapshot.

        Parameters
        ----------
        volume : str
            Handle of the volume.
        name : str
            Name within the volume; Trident's are ``snapshot-<VolumeSnapshot uid>``.
        created_at : datetime | None
            Cutting time to record instead of now, for a history made up afterwards.

        Raises
        ------
        NotFoundError, InvalidArgumentError
            The volume, the name.
        ExhaustedError
            The volume has :data:`MAX_SNAPSHOTS` already, or the disk is full.
        """
        check_name(name)
        with self._locks[volume]:
            record = self._layout.snapshot_record(check_name(volume), name)
            existing = read_record(record, Snapshot)
            if existing is not None:
                return existing
            self.volume(volume)
            if len(self._layout.recorded_snapshots(volume)) >= MAX_SNAPSHOTS:
                raise ExhaustedError(f"volume {volume} has {MAX_SNAPSHOTS} snapshots already")
            with disk_errors(f"create snapshot {volume}/{name}"):
                cut_at = created_at or _now()
                target = os.path.join(self._snapshots_of(volume), name)
                used = self._place_copy(self._layout.volume(volume), target)
                snapshot = Snapshot(
                    handle=f"{volume}/{name}", created_at=cut_at, size=max(used, _SMALLEST)
                )
                self._write(record, snapshot)
            return snapshot

    def delete_snapshot(self, handle: str) -> None:
        """Delete a snapshot, and with the last one a volume that was only kept for them."""
        volume, _, name = handle.partition("/")
        check_name(name)
        with self._locks[volume], disk_errors(f"delete snapshot {handle}"):
            parent = read_record(self._layout.volume_record(check_name(volume)), Volume)
            if parent is None:
                return
            remove_record(self._layout.snapshot_record(volume, name), durable=self._durable)
            with writable(self._snapshots_of(volume)):
                self._layout.discard(os.path.join(self._snapshots_of(volume), name))
            if parent.deleting and not self._layout.recorded_snapshots(volume):
                self._free(parent)

    def snapshot(self, handle: str) -> Snapshot:
        """Return one snapshot.

        Raises
        ------
        NotFoundError
            It does not exist.
        """
        volume, _, name = handle.partition("/")
        record = self._layout.snapshot_record(check_name(volume), check_name(name))
        snapshot = read_record(record, Snapshot)
        if snapshot is None:
            raise NotFoundError(f"snapshot {handle} not found")
        return snapshot

    def list_snapshots(self, volume: str | None = None) -> list[Snapshot]:
        """List the snapshots of one volume or of all, oldest first within a volume."""
        volumes = self._layout.recorded_volumes() if volume is None else [check_name(volume)]
        found: list[Snapshot] = []
        for handle in volumes:
            names = self._layout.recorded_snapshots(handle)
            records = (self._layout.snapshot_record(handle, name) for name in names)
            snapshots = (read_record(record, Snapshot) for record in records)
            found += sorted(filter(None, snapshots), key=lambda snapshot: snapshot.created_at)
        return found

    # How -------------------------------------------------------------------------------------

    def _clone_size(self, source: Source, size: int) -> int:
        """Size of a clone: that of the source volume, even if only kept for its snapshots."""
        if source.kind == "snapshot":
            handle = self.snapshot(source.handle).volume
        elif source.kind == "volume":
            handle = self.volume(source.handle).handle
        else:
            raise InvalidArgumentError(f"unknown source kind {source.kind!r}")
        parent = read_record(self._layout.volume_record(handle), Volume)
        if parent is None:
            raise NotFoundError(f"volume {handle} not found")
        if size > parent.size:
            raise SizeError(
                f"requested size {size} is too large for the clone source {source.handle} "
                f"of {parent.size} bytes"
            )
        return parent.size

    def _make_volume(self, volume: Volume) -> None:
        target = self._layout.volume(volume.handle)
        self._layout.discard(target)
        if volume.source is None:
            self._place_empty(target)
        else:
            with self._locks[volume.source.handle.partition("/")[0]]:
                self._place_copy(self.path(volume.source.handle), target)
        snapshots = self._layout.snapshots(volume.handle, shown=volume.show_snapshots)
        self._layout.discard(snapshots)
        with times_kept(target):
            os.mkdir(snapshots, _CLOSED)
            os.chmod(snapshots, _CLOSED)  # whatever the umask is
        self._write(self._layout.volume_record(volume.handle), volume)

    def _place_empty(self, target: str) -> None:
        work = self._layout.new_work()
        os.chmod(work, self._mode)
        os.rename(work, target)
        self._settle(target)

    def _place_copy(self, source: str, target: str) -> int:
        """Copy a tree, rename it to `target`, and return the bytes that it took in the source."""
        work = self._layout.new_work()
        try:
            with closing(TreeCopy(source, work, self._files, skip=_RESERVED)) as copy:
                copy.run()
                with writable(os.path.dirname(target)):
                    self._layout.discard(target)  # left by a process that was killed before
                    os.rename(work, target)
                copy.finish()
                self._settle(target)
                return copy.used
        except BaseException:
            self._layout.discard(work)
            raise

    def _settle(self, target: str) -> None:
        if self._durable:
            fsync_directory(os.path.dirname(target))

    def _write(self, path: str, record: Volume | Snapshot) -> None:
        write_record(path, record, durable=self._durable)

    def _snapshots_of(self, volume: str) -> str:
        record = read_record(self._layout.volume_record(volume), Volume)
        if record is None:
            raise NotFoundError(f"volume {volume} not found")
        return self._layout.snapshots(volume, shown=record.show_snapshots)

    def _free(self, volume: Volume) -> None:
        """Remove a volume without snapshots; the record first, so nothing half-gone is seen."""
        remove_record(self._layout.volume_record(volume.handle), durable=self._durable)
        self._layout.discard(self._layout.volume(volume.handle))
        self._layout.discard(self._layout.snapshots(volume.handle, shown=False))
        self._layout.remove_records(volume.handle)

    def _recover(self) -> None:
        """Finish or undo what a killed process left half done."""
        self._layout.sweep()
        volumes = {volume.handle: volume for volume in self.list_volumes(deleting=True)}
        for handle in {*self._layout.volume_names(), *self._layout.recorded_volumes()}:
            if handle not in volumes:
                self._layout.discard(self._layout.volume(handle))
                self._layout.discard(self._layout.snapshots(handle, shown=False))
                self._layout.remove_records(handle)
        for volume in volumes.values():
            self._recover_snapshots(volume)

    def _recover_snapshots(self, volume: Volume) -> None:
        folder = self._layout.snapshots(volume.handle, shown=volume.show_snapshots)
        recorded = set(self._layout.recorded_snapshots(volume.handle))
        with writable(folder):
            for name in set(os.listdir(folder)) - recorded:
                self._layout.discard(os.path.join(folder, name))
        os.chmod(folder, _CLOSED)  # may have been open when the process was killed
        if volume.deleting and not recorded:
            self._free(volume)


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _same_volume(existing: Volume, size: int, source: Source | None) -> Volume:
    if existing.deleting or existing.source != source or existing.size < size:
        raise ExistsError(f"volume {existing.handle} already exists and differs")
    return existing
