"""Restores in mode *files*: live, in the running workspace, only what differs is copied back.

The intent is written with the safety snapshot, in the same request that creates it. From then on
any process that mounts the volume can go on or undo. Nothing is replaced or removed unless the
safety snapshot holds it (:func:`netapp_jlab.files.restore` checks each path), so what a user saves
while a restore runs is never lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import UNSET, UnsetType

from netapp_jlab import files
from netapp_jlab.errors import (
    AlreadyExists,
    Changed,
    InUse,
    Refused,
)
from netapp_jlab.k8s import kinds, naming, objects
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.models import (
    Example,
    Operation,
    Permission,
    RestoreOrder,
    RestorePlan,
)
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.classes import TRIDENT, Classes
from netapp_jlab.services.discard import discard
from netapp_jlab.services.journal import Entry, Journal, entry_of
from netapp_jlab.services.once import Once
from netapp_jlab.services.operations import Operations, unfinished
from netapp_jlab.services.permissions import Permissions, no
from netapp_jlab.services.places import Pair, Places
from netapp_jlab.services.records import Record, Ref, now, this_process
from netapp_jlab.services.restoring import same_claim, to_paths
from netapp_jlab.services.runner import Runner
from netapp_jlab.services.sources import Sources, labels, notes
from netapp_jlab.services.views import Browsable, owner_uid, snapshot_phase, volume_phase
from netapp_jlab.services.volumes import require

NOTE_SHOWN = 60
"""Characters of a snapshot's note that the note of its safety snapshot repeats."""
SHOWN = 50
"""Examples in a plan."""
CUTTING = "Cutting the safety snapshot"


class Restores:
    """Brings volumes back to snapshots.

    Parameters
    ----------
    catalog, classes, permissions : Catalog, Classes, Permissions
        What is known and what is allowed.
    sources, journal : Sources, Journal
        Which snapshots can be used, and what goes on.
    places : Places
        Reaches volumes and snapshots as files.
    """

    def __init__(
        self,
        catalog: Catalog,
        classes: Classes,
        permissions: Permissions,
        sources: Sources,
        journal: Journal,
        places: Places,
    ) -> None:
        self._catalog = catalog
        self._cluster = catalog.cluster
        self._settings = catalog.settings
        self._classes = classes
        self._permissions = permissions
        self._sources = sources
        self._journal = journal
        self._places = places
        self._once = Once(self._made_by)
        self._runner: Runner
        self._operations: Operations

    def connect(self, runner: Runner, operations: Operations) -> None:
        """Take the parts that themselves need this one."""
        self._runner = runner
        self._operations = operations

    # --- What the faces call ---------------------------------------------------------------------

    def plan(
        self, snapshot: str, order: RestoreOrder, *, cancel: Callable[[], None] = lambda: None
    ) -> RestorePlan:
        """Tell what a restore would change now; changes nothing.

        Raises
        ------
        NotFound, NotReady, Refused, Conflict
            The snapshot can not be used now.
        Changed
            It belongs to a deleted volume of the same name.
        NotMounted
            Its files, or the volume's, can not be reached from here.
        Invalid
            A path.
        Cancelled
            `cancel` said so.
        """
        taken, claim = self._pair(snapshot)
        place = self._places.for_volume(claim, taken)
        found = place.compare(_asked(taken, claim, order), examples=SHOWN, cancel=cancel)
        summary = found.summary
        return RestorePlan(
            snapshot=snapshot,
            volume=claim.metadata.name,
            create=summary.create,
            replace=summary.replace,
            metadata=summary.metadata,
            remove=summary.remove,
            copy_bytes=summary.copy_bytes,
            remove_bytes=summary.remove_bytes,
            free_bytes=found.free,
            unreadable=found.unreadable,
            examples=tuple(
                Example(path=files.to_text(one.path) or ".", action=one.action, size=one.size)
                for one in summary.examples
            ),
        )

    def start(self, snapshot: str, order: RestoreOrder) -> Operation:
        """Begin a restore: cuts the safety snapshot and goes on in the background.

        Raises
        ------
        InUse
            Another operation works on the volume.
        NotFound, NotReady, Refused, Conflict, Changed, NotMounted, Invalid
            As :meth:`plan`.
        QuotaExceeded, Forbidden
            The safety snapshot may not be cut.
        """
        entry = self._once(order.request_id, lambda: self._begin(snapshot, order))
        self._runner.start(entry)
        return self._operations.view(entry)

    def undo(self, entry: Entry) -> Entry:
        """Begin the undo of a restore: back to its safety snapshot, where it changed something."""
        done = entry.record
        claim = same_claim(self._catalog, done.volume)
        safety = self._sources.usable_snapshot(entry.name)
        record = self._record(
            "undo",
            claim,
            safety,
            paths=done.paths,
            baseline=done.snapshot,
            undo_of=entry.id,
            mover=self._places.owner_of(self._places.for_volume(claim, safety)),
        )
        made = self._cut_safety(
            claim, record, note=f"Before undoing a restore of {claim.metadata.name}"
        )
        self._runner.start(made)
        return made

    def undoable(self, entry: Entry) -> Permission:
        """Whether :meth:`undo` would work now."""
        record = entry.record
        if record.kind == "clone":
            return no("A clone is undone by deleting the new volume.")
        if record.active:
            return no("It has not ended yet.")
        if not record.touched:
            return no("It changed nothing.")
        if record.undone_by:
            return no("It was undone already.", "Undo the undo to get it again.")
        claim = self._catalog.claims().get(record.volume.name)
        if claim is None or claim.metadata.uid != record.volume.uid:
            return no("Its volume is gone.", "Clone its safety snapshot to a new volume.")
        safety = self._catalog.snapshots().get(entry.name)
        if safety is None or snapshot_phase(safety) != "ready":
            return no("Its safety snapshot is gone.")
        browsable = Browsable(self._catalog.mounts())
        return self._permissions.actions(claim, self._permissions.rights(), browsable).restore

    # --- Beginning -------------------------------------------------------------------------------

    def _begin(self, snapshot: str, order: RestoreOrder) -> Entry:
        taken, claim = self._pair(snapshot)
        actions = self._permissions.actions(
            claim, self._permissions.rights(), Browsable(self._catalog.mounts())
        )
        name = claim.metadata.name
        require(actions.restore, f"The volume “{name}” can not be restored.", claim)
        place = self._places.for_volume(claim, taken)
        place.check(_asked(taken, claim, order), cancel=lambda: None)  # before anything is cut
        record = self._record(
            "restore",
            claim,
            taken,
            paths=order.paths,
            remove_extra=order.remove_extra,
            verify=order.verify,
            mover=self._places.owner_of(place),
        )
        return self._cut_safety(
            claim, record, note=f"Before restoring {_called(taken)}", request_id=order.request_id
        )

    def _pair(self, snapshot: str) -> tuple[VolumeSnapshot, Claim]:
        """Return a usable snapshot and the very volume that it was cut from."""
        taken = self._sources.usable_snapshot(snapshot)
        claims = self._catalog.claims()
        uid = owner_uid(taken, claims)
        claim = self._catalog.claim_with_uid(uid) if uid else None
        if claim is None:
            name = taken.spec.source.persistent_volume_claim_name
            raise Changed(
                f"The snapshot “{snapshot}” belongs to a volume “{name}” that was deleted."
                + (" The present one only has the same name." if name in claims else ""),
                hint="Clone the snapshot to a new volume to get at its data.",
            )
        self._check_handle(taken, claim)
        if volume_phase(claim) != "bound":
            raise Refused(f"The volume “{claim.metadata.name}” is {volume_phase(claim)}.")
        return taken, claim

    def _check_handle(self, taken: VolumeSnapshot, claim: Claim) -> None:
        """Compare the storage's own names, where they may be read: uids can be written by hand."""
        volume = self._catalog.persistent_volume(claim)
        content = self._catalog.snapshot_content(taken)
        if volume is None or volume.spec.csi is None or content is None:
            return
        if volume.spec.csi.driver != TRIDENT:
            return  # other drivers' handles say nothing about the volume
        cut_from = content.status.snapshot_handle.rpartition("/")[0]
        present = volume.spec.csi.volume_handle
        if cut_from and cut_from != present:
            raise Changed(
                f"The snapshot “{taken.metadata.name}” was cut from the storage volume "
                f"“{cut_from}”, but “{claim.metadata.name}” is “{present}” now.",
                hint="Clone the snapshot to a new volume to get at its data.",
            )

    def _record(
        self,
        kind: str,
        claim: Claim,
        taken: VolumeSnapshot,
        *,
        paths: tuple[str, ...],
        remove_extra: bool = False,
        verify: bool = False,
        baseline: Ref = Ref(),  # noqa: B008 (frozen)
        undo_of: str = "",
        mover: str,
    ) -> Record:
        return Record(
            kind="undo" if kind == "undo" else "restore",
            step=CUTTING,
            volume=Ref(claim.metadata.name, claim.metadata.uid),
            snapshot=Ref(taken.metadata.name, taken.metadata.uid),
            baseline=baseline,
            paths=paths,
            remove_extra=remove_extra,
            verify=verify,
            author=self._settings.user,
            started_at=now(),
            renewed_at=now(),
            holder=this_process(),
            undo_of=undo_of,
            mover=mover,
        )

    def _cut_safety(
        self, claim: Claim, record: Record, *, note: str, request_id: str | UnsetType = UNSET
    ) -> Entry:
        """Create the safety snapshot together with the record.

        Its name counts up, so of two that begin at the same time the API server lets one in.
        """
        volume = claim.metadata.name
        busy = unfinished(self._journal.entries(), claim.metadata.uid)
        # Live: one that was begun a moment ago may not have come by the watch yet.
        present = self._cluster.list(
            kinds.SNAPSHOTS, label_selector=f"{naming.PURPOSE}=safety"
        ).items
        begun = (entry_of(kinds.SNAPSHOTS, snapshot) for snapshot in present)
        busy = busy or unfinished(filter(None, begun), claim.metadata.uid)
        if busy is not None:
            raise _busy(volume, busy.record.kind)
        name = _next_name(volume, [snapshot.metadata.name for snapshot in present])
        expires = now() + timedelta(days=self._settings.undo_days)
        manifest = objects.snapshot(
            name,
            claim=volume,
            snapshot_class=self._classes.snapshot_class(self._classes.driver_of(claim)),
            claim_uid=claim.metadata.uid,
            purpose="safety",
            labels=labels(request_id),
            annotations={
                **notes(note, self._settings.user),
                naming.OPERATION: record.encode(),
                naming.EXPIRES_AT: expires.isoformat(timespec="seconds"),
            },
        )
        try:
            made = self._cluster.create(kinds.SNAPSHOTS, manifest)
        except AlreadyExists:
            raise _busy(volume, "restore") from None
        entry = entry_of(kinds.SNAPSHOTS, made)
        assert entry is not None, "the API server dropped an annotation"
        return entry

    def _made_by(self, request_id: str) -> Entry | None:
        return next(
            (
                entry
                for snapshot in self._catalog.snapshots().values()
                if snapshot.metadata.labels.get(naming.REQUEST_ID) == request_id
                and (entry := entry_of(kinds.SNAPSHOTS, snapshot)) is not None
            ),
            None,
        )

    def sweep(self) -> None:
        """Delete safety snapshots whose time for Undo is over, of what is restored from here."""
        mounts, claims = self._catalog.mounts(), self._catalog.claims()
        mine = {claims[name].metadata.uid for name in mounts.by_claim if name in claims}
        for snapshot in self._catalog.snapshots().values():
            meta = snapshot.metadata
            entry = entry_of(kinds.SNAPSHOTS, snapshot)
            if entry is None or entry.record.active:
                continue
            record = entry.record
            if record.volume.uid not in mine and not self._places.can_go_on(record.mover):
                continue
            until = meta.annotations.get(naming.EXPIRES_AT, "")
            if meta.labels.get(naming.PURPOSE) == "safety" and until and _is_past(until):
                discard(self._cluster, kinds.SNAPSHOTS, snapshot)


def _asked(taken: VolumeSnapshot, claim: Claim, order: RestoreOrder) -> Pair:
    return Pair(
        snapshot=taken,
        claim=claim,
        paths=to_paths(order.paths),
        remove_extra=order.remove_extra,
        verify=order.verify,
    )


def _called(snapshot: VolumeSnapshot) -> str:
    """Return how a user knows a snapshot: by its note, else by its name."""
    note = snapshot.metadata.annotations.get(naming.NOTE, "")
    short = note if len(note) <= NOTE_SHOWN else f"{note[:NOTE_SHOWN]}…"
    return f"“{short}”" if note else snapshot.metadata.name


def _next_name(volume: str, present: Sequence[str]) -> str:
    """Return the name of the next safety snapshot of `volume`; the number counts up."""
    stem = volume[: naming.MAX_NAME - len("-undo-0000000")].rstrip("-.") + "-undo"
    numbered = re.compile(re.escape(stem) + r"-(\d+)")
    taken = [int(match[1]) for name in present if (match := numbered.fullmatch(name))]
    return f"{stem}-{max(taken, default=0) + 1:04d}"


def _busy(volume: str, kind: str) -> InUse:
    return InUse(
        f"A {kind} of the volume “{volume}” is under way.",
        hint="Wait until it has ended, or cancel it.",
    )


def _is_past(until: str) -> bool:
    """Whether a time in an annotation is over; one that can't be read never is."""
    try:
        return datetime.fromisoformat(until.replace("Z", "+00:00")) < now()
    except (ValueError, TypeError):
        return False
