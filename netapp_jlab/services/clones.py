"""Clones: a new volume with the contents of a snapshot or of another volume.

Each is an operation. Its record stands on the new claim; where the driver needs an intermediate
snapshot, it stands there first, together with the claim to create, and moves on with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import msgspec

from netapp_jlab.errors import (
    AlreadyExists,
    Cancelled,
    Forbidden,
    NotFound,
    NotReady,
    ReadOnly,
    Refused,
    Timeout,
    Unsupported,
)
from netapp_jlab.k8s import kinds, naming, objects
from netapp_jlab.k8s.client import Cluster
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.models import CloneOrder, Operation, Progress, VolumeOrder, VolumeSource
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.classes import Classes
from netapp_jlab.services.cutting import await_cut
from netapp_jlab.services.discard import discard
from netapp_jlab.services.journal import Entry, Journal, entry_of
from netapp_jlab.services.lease import Lease
from netapp_jlab.services.once import Once
from netapp_jlab.services.operations import Operations
from netapp_jlab.services.permissions import Permissions
from netapp_jlab.services.records import Grow, Record, Ref, now, this_process
from netapp_jlab.services.runner import Result, Runner
from netapp_jlab.services.sources import Sources, labels, notes
from netapp_jlab.services.views import volume_phase

CUTTING = "Cutting an intermediate snapshot"
FILLING = "Waiting for the storage to fill the new volume"


class Clones:
    """Clones volumes in one namespace.

    Parameters
    ----------
    catalog, classes, permissions : Catalog, Classes, Permissions
        What is known and what is allowed.
    sources, journal : Sources, Journal
        What a clone can be made of, and what goes on.
    author : str
        Written on what is made.
    ready_timeout : float
        Seconds to wait for the storage.
    """

    def __init__(
        self,
        catalog: Catalog,
        classes: Classes,
        permissions: Permissions,
        sources: Sources,
        journal: Journal,
        author: str,
        ready_timeout: float,
    ) -> None:
        self._catalog = catalog
        self._cluster = catalog.cluster
        self._classes = classes
        self._permissions = permissions
        self._sources = sources
        self._journal = journal
        self._author = author
        self._ready_timeout = ready_timeout
        self._once = Once(self._made_by)
        self._runner: Runner
        self._operations: Operations

    def connect(self, runner: Runner, operations: Operations) -> None:
        """Take the parts that themselves need this one."""
        self._runner = runner
        self._operations = operations

    def from_snapshot(self, snapshot: str, order: CloneOrder) -> Operation:
        """Clone a snapshot to a new volume.

        Raises
        ------
        Invalid, AlreadyExists
            The name or the size.
        NotFound, NotReady, Refused, Conflict
            The snapshot can not be used now.
        QuotaExceeded, Forbidden
            The namespace or the account does not allow it.
        """
        return self._begin(order, VolumeSource(kind="snapshot", name=snapshot))

    def from_volume(self, volume: str, order: CloneOrder) -> Operation:
        """Clone a volume as it is now.

        Raises
        ------
        Invalid, AlreadyExists
            The name or the size.
        NotFound, NotReady
            The volume is not there or not bound.
        QuotaExceeded, Forbidden, Refused
            The namespace, the account or the driver does not allow it.
        """
        return self._begin(order, VolumeSource(kind="volume", name=volume))

    def make(self, order: VolumeOrder) -> Claim:
        """Create the claim for an order with a source, and go on with it as an operation.

        Raises
        ------
        Unsupported
            The driver clones a volume by way of a snapshot, so there is no claim to return yet.
        """
        if self._to_cut(order) is not None:
            raise Unsupported(
                f"The storage driver clones “{order.source.name}” by way of a snapshot.",
                hint="Use clone instead of create: it makes the snapshot and cleans it up.",
            )
        self._require_the_right(order)
        claim = self._create(order)
        self._runner.start(_entry(claim))
        return claim

    def work(self, lease: Lease, tell: Callable[[Progress], None]) -> Result:
        """Do what is left of a clone (:class:`netapp_jlab.services.runner.Work`)."""
        tell(lease.progress)
        try:
            if lease.entry.kind is kinds.SNAPSHOTS:
                self._create_claim(lease)
            return self._finish(lease)
        except Cancelled:
            self._withdraw(lease)
            raise

    # --- Beginning -------------------------------------------------------------------------------

    def _begin(self, order: CloneOrder, source: VolumeSource) -> Operation:
        wanted = VolumeOrder(
            name=order.name,
            size=order.size,
            access_modes=order.access_modes,
            source=source,
            note=order.note,
            request_id=order.request_id,
        )
        return self._operations.view(self._once(order.request_id, lambda: self._started(wanted)))

    def _started(self, order: VolumeOrder) -> Entry:
        source = self._to_cut(order)
        self._require_the_right(order)
        entry = _entry(self._create(order)) if source is None else self._by_snapshot(order, source)
        self._runner.start(entry)
        return entry

    def _to_cut(self, order: VolumeOrder) -> Claim | None:
        """Return the claim that a snapshot has to be cut of first; None where there is none."""
        if order.source.kind != "volume" or not order.source.name:
            return None
        claim = self._catalog.claim(order.source.name)
        if volume_phase(claim) != "bound":
            raise NotReady(
                f"The volume “{order.source.name}” is not bound, so there is nothing to "
                f"clone yet. {self._catalog.pending_message(claim)}".rstrip()
            )
        return None if self._classes.clones_directly(self._classes.driver_of(claim)) else claim

    def _require_the_right(self, order: VolumeOrder) -> None:
        """Refuse what could only end half way: a snapshot without the volume it is for.

        Or a volume whose record nobody can bring to its end.
        """
        right = self._permissions.rights().fill_volume
        if not right.allowed:
            kind = ReadOnly if self._catalog.settings.read_only else Forbidden
            raise kind(
                f"The {order.source.kind} “{order.source.name}” can not be cloned. {right.reason}",
                hint=right.hint,
            )

    def _create(self, order: VolumeOrder) -> Claim:
        manifest, grow_to = self._sources.manifest(order)
        _write_record(manifest, self._record(order, grow_to))
        return created(self._cluster, manifest)

    def _by_snapshot(self, order: VolumeOrder, source: Claim) -> Entry:
        """Cut the intermediate snapshot, with the claim to create later in its record."""
        name = naming.snapshot_name(f"{order.source.name}-for-clone", now(), secrets.token_hex(2))
        from_snapshot = msgspec.structs.replace(
            order, source=VolumeSource(kind="snapshot", name=name)
        )
        naming.validate_name(order.name, "volume")
        if order.name in self._catalog.claims():
            raise AlreadyExists(f"There is a volume “{order.name}” already.")
        record = msgspec.structs.replace(
            self._record(from_snapshot, 0),
            step=CUTTING,
            source_volume=Ref(source.metadata.name, source.metadata.uid),
            manifest=msgspec.to_builtins(from_snapshot),
        )
        manifest = objects.snapshot(
            name,
            claim=order.source.name,
            snapshot_class=self._classes.snapshot_class(self._classes.driver_of(source)),
            claim_uid=source.metadata.uid,
            purpose="intermediate",
            labels=labels(order.request_id),
            annotations={
                **notes(f"On the way to the clone {order.name}", self._author),
                naming.OPERATION: record.encode(),
            },
        )
        made = self._cluster.create(kinds.SNAPSHOTS, manifest)
        entry = entry_of(kinds.SNAPSHOTS, made)
        assert entry is not None, "the API server dropped an annotation"
        return entry

    def _record(self, order: VolumeOrder, grow_to: int) -> Record:
        source, taken = order.source, Ref()
        if source.kind == "snapshot":
            taken = Ref(source.name, self._uid_of_snapshot(source.name))
        volume = Ref()
        if source.kind == "volume":
            volume = Ref(source.name, self._catalog.claim(source.name).metadata.uid)
        return Record(
            kind="clone",
            step=FILLING,
            volume=Ref(order.name),
            snapshot=taken,
            source_volume=volume,
            grow=Grow(grow_to),
            author=self._author,
            started_at=now(),
            renewed_at=now(),
            holder=this_process(),
        )

    def _uid_of_snapshot(self, name: str) -> str:
        try:
            return self._catalog.snapshot(name).metadata.uid
        except NotFound:
            return ""  # the intermediate one, which is about to be cut

    def _made_by(self, request_id: str) -> Entry | None:
        return next(
            (
                entry
                for claim in self._catalog.claims().values()
                if claim.metadata.labels.get(naming.REQUEST_ID) == request_id
                and (entry := entry_of(kinds.CLAIMS, claim)) is not None
            ),
            None,
        )

    # --- Going on --------------------------------------------------------------------------------

    def _create_claim(self, lease: Lease) -> None:
        """Wait for the intermediate snapshot, then create the claim that takes over the record."""
        await_cut(self._cluster, lease.entry.name, timeout=self._ready_timeout, cancel=lease.check)
        order = msgspec.convert(lease.record.manifest, VolumeOrder)
        manifest, grow_to = self._sources.manifest(order)
        record = msgspec.structs.replace(
            lease.record,
            id=lease.entry.id,
            step=FILLING,
            snapshot=Ref(lease.entry.name, lease.entry.uid),
            grow=Grow(grow_to),
            manifest={},
        )
        _write_record(manifest, record)
        try:
            claim = created(self._cluster, manifest)
        except AlreadyExists:
            claim = self._catalog.claim(order.name)
            found = entry_of(kinds.CLAIMS, claim)
            if found is None or found.id != lease.entry.id:
                raise
        before = lease.entry
        lease.move(_entry(claim))
        self._journal.erase(before)

    def _finish(self, lease: Lease) -> Result:
        name = lease.entry.name
        if self._waits_for_consumer(self._catalog.claim(name)):
            return Result(
                step="Ready; the storage fills it when it is first mounted.",
                message="Its storage class binds a volume only when something mounts it.",
            )
        try:
            claim = self._cluster.wait(
                kinds.CLAIMS,
                name,
                lambda one: one.status.phase == "Bound",
                timeout=self._ready_timeout,
                cancel=lease.check,
            )
        except Timeout:
            last = self._catalog.pending_message(self._catalog.claim(name))
            raise Refused(
                f"The volume “{name}” was not filled within {self._ready_timeout:.0f} s. {last}",
                hint="The storage may still do it. If not, delete the volume and try again.",
            ) from None
        self._grow(lease, claim)
        self._clean_up(lease.record)
        return Result(step="Ready.")

    def _waits_for_consumer(self, claim: Claim) -> bool:
        one = (self._catalog.storage_classes() or {}).get(claim.spec.storage_class_name)
        waits = one is not None and one.volume_binding_mode == "WaitForFirstConsumer"
        return waits and claim.status.phase != "Bound"

    def _grow(self, lease: Lease, claim: Claim) -> None:
        size = lease.record.grow.size
        if size > claim.requested:
            lease.change(step=f"Growing it to {naming.human(size)}")
            wanted = {"requests": {"storage": naming.format_quantity(size)}}
            self._cluster.patch(
                kinds.CLAIMS,
                claim.metadata.name,
                {"spec": {"resources": wanted}},
                uid=claim.metadata.uid,
            )

    def _clean_up(self, record: Record) -> None:
        """Delete the intermediate snapshot: the clone holds its own data now."""
        if not record.snapshot.uid:
            return
        try:
            snapshot = self._catalog.snapshot(record.snapshot.name)
            if is_intermediate(snapshot) and snapshot.metadata.uid == record.snapshot.uid:
                self._cluster.delete(kinds.SNAPSHOTS, record.snapshot.name, uid=record.snapshot.uid)
        except NotFound:
            pass  # an earlier try did

    def _withdraw(self, lease: Lease) -> None:
        """After a cancel: remove what was begun, unless it is finished."""
        entry = lease.entry
        if entry.kind is kinds.CLAIMS:
            if volume_phase(self._catalog.claim(entry.name)) != "pending":
                return
            self._cluster.delete(kinds.CLAIMS, entry.name, uid=entry.uid)
            self._clean_up(entry.record)
        else:
            self._cluster.delete(kinds.SNAPSHOTS, entry.name, uid=entry.uid)

    def sweep(self) -> None:
        """Delete intermediate snapshots whose clone was bound later, by its first consumer."""
        for snapshot in self._catalog.snapshots().values():
            if not is_intermediate(snapshot) or naming.OPERATION in snapshot.metadata.annotations:
                continue
            if self._journal.is_anothers(snapshot):
                continue
            clones = self._catalog.clones_of(snapshot.metadata.name)
            if all(volume_phase(clone) == "bound" for clone in clones):
                discard(self._cluster, kinds.SNAPSHOTS, snapshot)


def is_intermediate(snapshot: VolumeSnapshot) -> bool:
    """Whether we cut a snapshot only on the way to a clone."""
    return snapshot.metadata.labels.get(naming.PURPOSE) == "intermediate"


def _entry(claim: Claim) -> Entry:
    entry = entry_of(kinds.CLAIMS, claim)
    assert entry is not None, "the API server dropped an annotation"
    return entry


def _write_record(manifest: dict[str, Any], record: Record) -> None:
    manifest["metadata"].setdefault("annotations", {})[naming.OPERATION] = record.encode()


def created(cluster: Cluster, manifest: dict[str, Any]) -> Claim:
    """Create a claim.

    Raises
    ------
    AlreadyExists
        The name is taken.
    """
    try:
        return cluster.create(kinds.CLAIMS, manifest)
    except AlreadyExists:
        name = manifest["metadata"]["name"]
        raise AlreadyExists(f"There is a volume “{name}” already.") from None
