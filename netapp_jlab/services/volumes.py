"""Volumes: list, create, grow, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from netapp_jlab.errors import (
    Changed,
    Forbidden,
    InUse,
    Invalid,
    NetAppJLabError,
    NotReady,
    Refused,
)
from netapp_jlab.k8s import kinds, naming
from netapp_jlab.k8s.wire import Claim
from netapp_jlab.models import (
    DeletePlan,
    Permission,
    Role,
    Snapshot,
    Source,
    Volume,
    VolumeChange,
    VolumeList,
    VolumeOrder,
)
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.classes import Classes
from netapp_jlab.services.clones import Clones, created
from netapp_jlab.services.journal import Journal
from netapp_jlab.services.meter import Meter
from netapp_jlab.services.once import Once
from netapp_jlab.services.operations import unfinished
from netapp_jlab.services.permissions import Permissions, Rights, no
from netapp_jlab.services.sources import Sources
from netapp_jlab.services.views import Browsable, SnapshotViews, volume_phase

ROLES: Mapping[Role, int] = {"workspace": 0, "shared": 1, "other": 2}
SHARED_MODES = frozenset({"ReadWriteMany", "ReadOnlyMany"})
RESIZE_RETRIES = 3


class Volumes:
    """Volumes of one namespace.

    Parameters
    ----------
    catalog, classes, permissions : Catalog, Classes, Permissions
        What is known and what is allowed.
    sources, clones, journal : Sources, Clones, Journal
        What a new volume can be filled with, and what goes on.
    views : SnapshotViews
        For the number of snapshots and the newest one.
    """

    def __init__(
        self,
        catalog: Catalog,
        classes: Classes,
        permissions: Permissions,
        sources: Sources,
        clones: Clones,
        journal: Journal,
        views: SnapshotViews,
    ) -> None:
        self._catalog = catalog
        self._cluster = catalog.cluster
        self._classes = classes
        self._permissions = permissions
        self._sources = sources
        self._clones = clones
        self._journal = journal
        self._views = views
        self._meter = Meter()
        self._once = Once(self._made_by)

    def list(self) -> VolumeList:
        """Return all volumes: the workspace first, then shared ones, then the others by name."""
        self._catalog.prefetch()
        rights = self._permissions.rights()
        browsable = Browsable(self._catalog.mounts())
        cut = self._views.by_volume()
        volumes = [
            self._volume(claim, cut, rights, browsable) for claim in self._catalog.claims().values()
        ]
        volumes.sort(key=lambda volume: (ROLES[volume.role], volume.name))
        return VolumeList(items=tuple(volumes), stale_since=self._catalog.stale_since)

    def get(self, name: str) -> Volume:
        """Return one volume, with its handle where that may be read.

        Raises
        ------
        NotFound
            There is no such claim.
        """
        return self._view(self._catalog.claim(name))

    def create(self, order: VolumeOrder) -> Volume:
        """Create a volume; returns at once, usually before it is bound.

        Raises
        ------
        Invalid
            The name or the size.
        NotFound
            The class or the source.
        AlreadyExists
            The name is taken.
        NotReady, Refused, QuotaExceeded
            The source or the namespace does not allow it.
        """
        return self._view(self._once(order.request_id, lambda: self._made(order)))

    def resize(self, name: str, change: VolumeChange) -> Volume:
        """Grow a volume.

        Raises
        ------
        Invalid
            Not a size, or smaller than the present one: volumes only grow.
        NotReady
            It is not bound.
        Unsupported
            Its class does not allow it.
        """
        size = naming.parse_size(change.size)
        claim = self._catalog.claim(name)
        actions = self._permissions.actions(
            claim, self._permissions.rights(), Browsable(self._catalog.mounts())
        )
        require(actions.resize, f"The volume “{name}” can not be resized.", claim)
        return self._view(self._grown(claim, size))

    def plan_delete(self, name: str) -> DeletePlan:
        """Tell what deleting a volume would take with it, and whether it is allowed."""
        claim = self._catalog.claim(name)
        names = {one.name for one in self._views.by_volume().get(claim.metadata.uid, ())}
        clones = {
            clone.metadata.name for snapshot in names for clone in self._catalog.clones_of(snapshot)
        }
        clones |= {
            clone.metadata.name for clone in self._catalog.clones_of(name, "PersistentVolumeClaim")
        }
        pods = self._catalog.pods_now(name)
        volume = self._catalog.persistent_volume(claim)
        return DeletePlan(
            name=name,
            uid=claim.metadata.uid,
            snapshots=tuple(sorted(names)),
            clones=tuple(sorted(clones)),
            pods=pods or (),
            capacity=claim.capacity,
            reclaim_policy=volume.spec.persistent_volume_reclaim_policy if volume else "",
            refusal=self._deletable(claim),
        )

    def delete(self, name: str, *, confirm: str, uid: str = "") -> None:
        """Delete a volume for good.

        Parameters
        ----------
        name : str
            The claim.
        confirm : str
            The name once more: nothing is deleted by a slip.
        uid : str
            The uid that was looked at; refused if the volume is another one by now.

        Raises
        ------
        Invalid
            `confirm` is not the name.
        InUse, Forbidden
            Pods mount it, it is the workspace, or the account may not.
        Changed
            It is not the volume with that uid.
        """
        if confirm != name:
            raise Invalid(
                f"To delete the volume “{name}”, confirm with its name.",
                hint="Deleting a volume deletes its files. Snapshot or clone it first if in doubt.",
            )
        plan = self.plan_delete(name)
        if uid and uid != plan.uid:
            raise Changed(f"The volume “{name}” was deleted and made anew since you looked.")
        if not plan.refusal.allowed:
            used = bool(plan.pods) or self._catalog.mounts().get(name) is not None
            kind = InUse if used else Forbidden
            raise kind(
                f"The volume “{name}” can not be deleted. {plan.refusal.reason}",
                hint=plan.refusal.hint,
            )
        self._cluster.delete(kinds.CLAIMS, name, uid=plan.uid)

    def wait(
        self, name: str, *, timeout: float, cancel: Callable[[], None] = lambda: None
    ) -> Volume:
        """Wait until a volume is bound.

        Raises
        ------
        NotReady
            Not within `timeout` seconds; the message holds the provisioner's last word.
        """
        try:
            claim = self._cluster.wait(
                kinds.CLAIMS,
                name,
                lambda one: one.status.phase == "Bound",
                timeout=timeout,
                cancel=cancel,
            )
        except NetAppJLabError as error:
            if error.reason != "Timeout":
                raise
            claim = self._catalog.claim(name)
            raise NotReady(
                f"The volume “{name}” was not bound within {timeout:.0f} s. "
                + self._catalog.pending_message(claim)
            ) from None
        return self._view(claim)

    # --- Parts -----------------------------------------------------------------------------------

    def _grown(self, claim: Claim, size: int) -> Claim:
        """Ask for more room; one that grew meanwhile is not asked to shrink again."""
        name, uid = claim.metadata.name, claim.metadata.uid
        patch = {"spec": {"resources": {"requests": {"storage": naming.format_quantity(size)}}}}

        def ask(seen: Claim) -> Claim:
            _refuse_to_shrink(seen, size)
            version = seen.metadata.resource_version
            return self._cluster.patch(kinds.CLAIMS, name, patch, uid=uid, resource_version=version)

        for _ in range(RESIZE_RETRIES):
            with suppress(Changed):  # controllers write to claims too
                return ask(claim)
            claim = self._cluster.get(kinds.CLAIMS, name)
        return ask(claim)

    def _made(self, order: VolumeOrder) -> Claim:
        if order.source.kind == "empty":
            manifest, _ = self._sources.manifest(order)
            return created(self._cluster, manifest)
        return self._clones.make(order)

    def _made_by(self, request_id: str) -> Claim | None:
        return next(
            (
                claim
                for claim in self._catalog.claims().values()
                if claim.metadata.labels.get(naming.REQUEST_ID) == request_id
            ),
            None,
        )

    def _deletable(self, claim: Claim) -> Permission:
        rights, browsable = self._permissions.rights(), Browsable(self._catalog.mounts())
        permission = self._permissions.actions(claim, rights, browsable).delete
        user = unfinished(self._journal.entries(), claim.metadata.uid)
        if permission.allowed and user is not None and user.uid != claim.metadata.uid:
            return no(
                f"A {user.record.kind} of “{user.record.volume.name}” needs it and has not ended.",
                "Wait until it has ended, or cancel it.",
            )
        return permission

    # --- The model -------------------------------------------------------------------------------

    def _view(self, claim: Claim) -> Volume:
        self._catalog.persistent_volume(claim)  # keeps the handle, which the model shows
        browsable = Browsable(self._catalog.mounts())
        cut = self._views.by_volume()
        return self._volume(claim, cut, self._permissions.rights(), browsable)

    def _volume(
        self,
        claim: Claim,
        cut: Mapping[str, Sequence[Snapshot]],
        rights: Rights,
        browsable: Browsable,
    ) -> Volume:
        meta, phase = claim.metadata, volume_phase(claim)
        mount = self._catalog.mounts().get(meta.name)
        own = cut.get(meta.uid, [])
        return Volume(
            name=meta.name,
            uid=meta.uid,
            namespace=meta.namespace,
            phase=phase,
            role=self._role(claim),
            requested=claim.requested,
            capacity=claim.capacity,
            used=self._meter.used(mount, claim.capacity) if mount is not None else None,
            storage_class=claim.spec.storage_class_name,
            access_modes=claim.spec.access_modes,
            driver=self._classes.driver_of(claim),
            volume_handle=self._catalog.known_handle(claim),
            created_at=meta.creation_timestamp,
            source=source_of(claim),
            note=meta.annotations.get(naming.NOTE, ""),
            mount_path=mount.path if mount is not None else "",
            pods=self._catalog.pods_of(meta.name),
            snapshots=len(own),
            last_snapshot_at=_newest(own),
            message=self._catalog.pending_message(claim) if phase == "pending" else "",
            can=self._permissions.actions(claim, rights, browsable),
        )

    def _role(self, claim: Claim) -> Role:
        name, mounts = claim.metadata.name, self._catalog.mounts()
        if name == mounts.workspace:
            return "workspace"
        if name in self._catalog.settings.shared_claims:
            return "shared"
        mounted_by_many = mounts.get(name) is not None and SHARED_MODES & {*claim.spec.access_modes}
        return "shared" if mounted_by_many else "other"


def source_of(claim: Claim) -> Source | None:
    """Return what a claim was made from."""
    source = claim.spec.data_source
    if source is None:
        return None
    return Source(
        kind="snapshot" if source.kind == "VolumeSnapshot" else "volume", name=source.name
    )


def _refuse_to_shrink(claim: Claim, size: int) -> None:
    present = max(claim.requested, claim.capacity or 0)
    if size < present:
        raise Invalid(
            f"The volume “{claim.metadata.name}” has {naming.human(present)}; it can not shrink to "
            f"{naming.human(size)}.",
            hint="Volumes only grow. For a smaller one create a new volume and copy the data.",
        )


def require(permission: Permission, what: str, claim: Claim) -> None:
    """Raise what a refused `permission` means; `what` says in one sentence what can not be done."""
    if permission.allowed:
        return
    text = f"{what} {permission.reason}"
    if volume_phase(claim) == "pending":
        raise NotReady(text, hint=permission.hint)
    if permission.reason.startswith("Your account"):
        raise Forbidden(text, hint=permission.hint)
    raise Refused(text, hint=permission.hint)


def _newest(snapshots: Sequence[Snapshot]) -> datetime | None:
    """Return when the newest ready one was cut, of snapshots with the newest first."""
    return next(
        (one.cut_at for one in snapshots if one.phase == "ready" and one.cut_at is not None), None
    )
