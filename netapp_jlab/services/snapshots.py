"""Snapshots: list, cut, wait for, annotate, delete."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import msgspec

from netapp_jlab.errors import (
    AlreadyExists,
    Changed,
    Forbidden,
    InUse,
    NotReady,
    Timeout,
)
from netapp_jlab.k8s import kinds, naming, objects
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.models import (
    DeletePlan,
    Permission,
    Snapshot,
    SnapshotChange,
    SnapshotList,
    SnapshotOrder,
)
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.classes import Classes
from netapp_jlab.services.cutting import wait_until_cut
from netapp_jlab.services.journal import Journal
from netapp_jlab.services.once import Once
from netapp_jlab.services.operations import unfinished
from netapp_jlab.services.permissions import YES, Permissions, no
from netapp_jlab.services.records import now
from netapp_jlab.services.sources import labels, notes
from netapp_jlab.services.views import SnapshotViews, volume_phase


class Snapshots:
    """Snapshots of one namespace.

    Parameters
    ----------
    catalog, classes, permissions, journal : Catalog, Classes, Permissions, Journal
        What is known, what is allowed and what goes on.
    views : SnapshotViews
        Makes the models.
    author : str
        Written on what is made.
    """

    def __init__(
        self,
        catalog: Catalog,
        classes: Classes,
        permissions: Permissions,
        journal: Journal,
        views: SnapshotViews,
        author: str,
    ) -> None:
        self._catalog = catalog
        self._cluster = catalog.cluster
        self._classes = classes
        self._permissions = permissions
        self._journal = journal
        self._views = views
        self._author = author
        self._once = Once(self._made_by)

    def list(self, volume: str = "") -> SnapshotList:
        """Return snapshots, the newest first.

        Parameters
        ----------
        volume : str
            Only those of this very volume, by its uid: a deleted namesake's are left out.

        Raises
        ------
        NotFound
            There is no such volume.
        """
        if volume:
            mine = self._catalog.known_claim(volume).metadata.uid
            items = tuple(self._views.by_volume().get(mine, ()))
        else:
            items = self._views.newest_first()
        return SnapshotList(items=items, stale_since=self._catalog.stale_since)

    def get(self, name: str) -> Snapshot:
        """Return one snapshot.

        Raises
        ------
        NotFound
            There is no such snapshot.
        """
        return self._views.one(self._catalog.snapshot(name))

    def create(self, volume: str, order: SnapshotOrder) -> Snapshot:
        """Cut a snapshot of `volume`; returns at once, usually before it is ready.

        Raises
        ------
        Invalid
            The name.
        NotFound
            The volume or the class.
        NotReady
            The volume is not bound.
        AlreadyExists
            The name is taken.
        Unsupported, Refused
            No class, or several, serve the volume's driver.
        QuotaExceeded, Forbidden
            The namespace or the account does not allow it.
        """
        return self._views.one(self._once(order.request_id, lambda: self._cut(volume, order)))

    def wait(
        self, name: str, *, timeout: float, cancel: Callable[[], None] = lambda: None
    ) -> Snapshot:
        """Wait until a snapshot is ready.

        Raises
        ------
        Refused
            The driver failed; the message holds its words.
        NotReady
            Not within `timeout` seconds.
        """
        try:
            found = wait_until_cut(self._cluster, name, timeout=timeout, cancel=cancel)
        except Timeout:
            raise NotReady(
                f"The snapshot “{name}” was not ready within {timeout:.0f} s; it goes on.",
                hint="Look at it again later. If it stays pending, your administrator can look at "
                "the driver's and the snapshot controller's logs.",
            ) from None
        return self._views.one(found)

    def change(self, name: str, change: SnapshotChange) -> Snapshot:
        """Change a snapshot's note; an empty one removes it.

        Raises
        ------
        NotFound
            There is no such snapshot.
        """
        note = change.note or None
        patch = {"metadata": {"annotations": {naming.NOTE: note}}}
        uid = self._catalog.snapshot(name).metadata.uid
        return self._views.one(self._cluster.patch(kinds.SNAPSHOTS, name, patch, uid=uid))

    def plan_delete(self, name: str) -> DeletePlan:
        """Tell what deleting a snapshot touches, and whether it is allowed."""
        snapshot = self._catalog.snapshot(name)
        clones = self._catalog.clones_of(name)
        return DeletePlan(
            name=name,
            uid=snapshot.metadata.uid,
            clones=tuple(sorted(clone.metadata.name for clone in clones)),
            capacity=snapshot.status.restore_size,
            refusal=self._deletable(snapshot, clones),
        )

    def delete(self, name: str, *, uid: str = "") -> None:
        """Delete a snapshot for good.

        Raises
        ------
        InUse
            An operation or a clone that is not finished needs it.
        Changed
            It is not the snapshot with that uid.
        """
        plan = self.plan_delete(name)
        if uid and uid != plan.uid:
            raise Changed(f"The snapshot “{name}” was deleted and made anew since you looked.")
        if not plan.refusal.allowed:
            kind = Forbidden if plan.refusal.reason.startswith("Your account") else InUse
            raise kind(
                f"The snapshot “{name}” can not be deleted. {plan.refusal.reason}",
                hint=plan.refusal.hint,
            )
        self._cluster.delete(kinds.SNAPSHOTS, name, uid=plan.uid)

    # --- Parts -----------------------------------------------------------------------------------

    def _cut(self, volume: str, order: SnapshotOrder) -> VolumeSnapshot:
        claim = self._catalog.claim(volume)
        phase = volume_phase(claim)
        if phase != "bound":
            raise NotReady(
                f"The volume “{volume}” is {phase}, so there is nothing to snapshot yet. "
                f"{self._catalog.pending_message(claim)}".rstrip(),
                hint="Wait until it is bound, then try again.",
            )
        name = order.name or naming.snapshot_name(volume, now(), secrets.token_hex(2))
        naming.validate_name(name, "snapshot")
        written = notes(order.note, self._author)
        if order.origin is not None:
            written[naming.ORIGIN] = msgspec.json.encode(order.origin).decode()
        manifest = objects.snapshot(
            name,
            claim=volume,
            snapshot_class=self._classes.snapshot_class(
                self._classes.driver_of(claim), order.snapshot_class
            ),
            claim_uid=claim.metadata.uid,
            labels=labels(order.request_id),
            annotations=written,
        )
        try:
            return self._cluster.create(kinds.SNAPSHOTS, manifest)
        except AlreadyExists:
            raise AlreadyExists(
                f"There is a snapshot “{name}” already.",
                hint="Choose another name, or leave it out to get one made from the time.",
            ) from None

    def _made_by(self, request_id: str) -> VolumeSnapshot | None:
        return next(
            (
                snapshot
                for snapshot in self._catalog.snapshots().values()
                if snapshot.metadata.labels.get(naming.REQUEST_ID) == request_id
            ),
            None,
        )

    def _deletable(self, snapshot: VolumeSnapshot, clones: Sequence[Claim]) -> Permission:
        right = self._permissions.rights().remove_snapshot
        if not right.allowed:
            return right
        user = unfinished(self._journal.entries(), snapshot.metadata.uid)
        if user is not None:
            return no(
                f"A {user.record.kind} of “{user.record.volume.name}” needs it and has not ended.",
                "Wait until it has ended, or cancel it.",
            )
        pending = next((clone for clone in clones if volume_phase(clone) == "pending"), None)
        if pending is not None:
            return no(
                f"The volume “{pending.metadata.name}” is still being made from it.",
                "Wait until it is bound.",
            )
        return YES
