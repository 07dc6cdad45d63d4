"""Where the records of operations are found, read and written: annotations, no database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from netapp_jlab.errors import NotFound
from netapp_jlab.k8s import kinds, naming
from netapp_jlab.k8s.kinds import Kind
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.records import CANCEL, Record, Sightings, decode

Carrier = Claim | VolumeSnapshot


@dataclass(frozen=True, slots=True)
class Entry:
    """A record and the object that carries it.

    Attributes
    ----------
    kind : Kind
        The carrier's kind.
    version : str
        The carrier's resourceVersion when the record was read.
    cancelled : bool
        Somebody asked to cancel.
    """

    kind: Kind[Any]
    name: str
    uid: str
    version: str
    record: Record
    cancelled: bool = False

    @property
    def id(self) -> str:
        """Id of the operation."""
        return self.record.id or self.uid


class Journal:
    """All operations of the namespace."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._cluster = catalog.cluster
        self._sightings = Sightings()
        self._owner = catalog.settings.mover_owner

    def note(self, entry: Entry) -> None:
        """Remember an operation as it was seen now: from here on its lease grows old."""
        self._sightings.note(entry.id, entry.record)

    def orphaned(self, entry: Entry) -> bool:
        """Whether nobody works on an operation any more and this process may take it up."""
        return self._sightings.orphaned(entry.id, entry.record)

    def entries(self) -> Iterator[Entry]:
        """Yield every operation there is a record of."""
        yield from self._entries(self._catalog.snapshots(), self._catalog.claims())

    def _entries(
        self, snapshots: Mapping[str, VolumeSnapshot], claims: Mapping[str, Claim]
    ) -> Iterator[Entry]:
        for kind, carriers in ((kinds.SNAPSHOTS, snapshots), (kinds.CLAIMS, claims)):
            for carrier in carriers.values():
                entry = entry_of(kind, carrier)
                if entry is not None and not self.is_anothers(carrier):
                    yield entry

    def is_anothers(self, carrier: Carrier) -> bool:
        """Whether an object belongs to another user of the namespace: not ours to work on."""
        owner = carrier.metadata.labels.get(naming.OWNER, self._owner)
        return bool(self._owner) and owner != self._owner

    def get(self, operation: str) -> Entry:
        """Return one operation, read live.

        Raises
        ------
        NotFound
            There is no record of it (any more).
        """
        for entry in self.entries():
            if entry.id == operation:
                return self.read(entry)
        # One that was begun just now may not have come by the watch yet.
        for entry in self._entries(self._catalog.live_snapshots(), self._catalog.live_claims()):
            if entry.id == operation:
                return entry
        raise _unknown(operation)

    def read(self, entry: Entry) -> Entry:
        """Read an entry anew.

        Raises
        ------
        NotFound
            The carrier or its record is gone.
        """
        try:
            found = entry_of(entry.kind, self._cluster.get(entry.kind, entry.name))
        except NotFound:
            raise _unknown(entry.id) from None
        if found is None or found.uid != entry.uid:
            raise _unknown(entry.id)
        return found

    def write(self, entry: Entry, record: Record) -> Entry:
        """Write a record, if the carrier is still as it was read.

        Raises
        ------
        Changed
            It is not: read it again and decide again.
        NotFound
            The carrier is gone.
        """
        carrier = self._cluster.patch(
            entry.kind,
            entry.name,
            {"metadata": {"annotations": {naming.OPERATION: record.encode()}}},
            uid=entry.uid,
            resource_version=entry.version,
        )
        found = entry_of(entry.kind, carrier)
        return found if found is not None else replace(entry, record=record)

    def erase(self, entry: Entry) -> None:
        """Remove a record that stands elsewhere now; nothing to do where its carrier is gone."""
        with suppress(NotFound):
            self._cluster.patch(
                entry.kind,
                entry.name,
                {"metadata": {"annotations": {naming.OPERATION: None}}},
                uid=entry.uid,
            )

    def follow(
        self,
        entry: Entry,
        seen: Callable[[Entry], object],
        *,
        timeout: float,
        cancel: Callable[[], None],
    ) -> Entry:
        """Watch an operation until it has ended; `seen` is told of each change.

        Raises
        ------
        Timeout
            It has not ended within `timeout` seconds.
        """

        def has_ended(carrier: Carrier) -> bool:
            found = entry_of(entry.kind, carrier)
            if found is None:
                return True
            seen(found)
            return not found.record.active

        carrier = self._cluster.wait(
            entry.kind, entry.name, has_ended, timeout=max(0.0, timeout), cancel=cancel
        )
        return entry_of(entry.kind, carrier) or entry

    def ask_to_cancel(self, entry: Entry) -> None:
        """Leave word for the process that works on it."""
        self._cluster.patch(
            entry.kind,
            entry.name,
            {"metadata": {"annotations": {CANCEL: "true"}}},
            uid=entry.uid,
        )


def _unknown(operation: str) -> NotFound:
    return NotFound(
        f"There is no operation “{operation}”.",
        hint="It is forgotten when its snapshot or volume is deleted.",
    )


def entry_of(kind: Kind[Any], carrier: Carrier) -> Entry | None:
    """Return the operation that an object carries the record of, or None.

    What a record says is done with the rights of whoever takes it up. So a restore is only believed
    on a snapshot of the very volume that it is to change: who could write it there may cut
    snapshots of that volume, and restore them.
    """
    text = carrier.metadata.annotations.get(naming.OPERATION)
    record = decode(text) if text else None
    if record is None:
        return None
    if record.kind != "clone" and _volume_of(carrier) != record.volume.name:
        return None
    meta = carrier.metadata
    cancelled = CANCEL in meta.annotations
    return Entry(kind, meta.name, meta.uid, meta.resource_version, record, cancelled)


def _volume_of(carrier: Carrier) -> str:
    """Return the volume that a snapshot was cut from; "" for a volume."""
    if isinstance(carrier, VolumeSnapshot):
        return carrier.spec.source.persistent_volume_claim_name
    return ""
