"""For each action on a volume: can it work now, and if not, why and what to do about it.

The panel greys an action out with this reason, and a service refuses with the same one, so the two
never tell different stories. What is not known (a right or a class that may not be read) counts as
possible: the API server decides anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netapp_jlab.config import Settings
from netapp_jlab.errors import NetAppJLabError
from netapp_jlab.k8s.access import Access
from netapp_jlab.k8s.wire import Claim
from netapp_jlab.models import Actions, Permission
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.classes import Classes
from netapp_jlab.services.views import SNAPSHOT_DIRECTORY, Browsable, volume_phase

YES = Permission(allowed=True)
SNAPSHOT_GROUP = "snapshot.storage.k8s.io"
_NOT_BOUND = {
    "pending": ("It is not provisioned yet.", "Wait until it is bound."),
    "lost": (
        "Its storage is lost.",
        "The PersistentVolume is gone; ask your storage administrator.",
    ),
    "deleting": ("It is being deleted.", ""),
}


def no(reason: str, hint: str = "") -> Permission:
    """Return a refusal."""
    return Permission(allowed=False, reason=reason, hint=hint)


@dataclass(frozen=True)
class Rights:
    """What the account may do here, each as a :class:`Permission`, looked up once per answer."""

    cut: Permission
    record: Permission
    remove_snapshot: Permission
    fill_volume: Permission  # the new claim bears a record, which is written again in the end
    change_volume: Permission
    remove_volume: Permission
    use_helpers: Permission


class Permissions:
    """Judges actions.

    Parameters
    ----------
    catalog, classes : Catalog, Classes
        What is known of the namespace.
    access : Access
        The account's rights.
    settings : Settings
        ``read_only`` refuses everything.
    use_helpers : Callable[[], Permission]
        Whether helper pods can be used to reach files.
    """

    def __init__(
        self,
        catalog: Catalog,
        classes: Classes,
        access: Access,
        settings: Settings,
        use_helpers: Callable[[], Permission],
    ) -> None:
        self._use_helpers = use_helpers
        self._catalog = catalog
        self._classes = classes
        self._access = access
        self._read_only = settings.read_only

    def rights(self) -> Rights:
        """Return the account's rights in this namespace."""
        snapshots, claims = "volumesnapshots", "persistentvolumeclaims"
        change = self._right("patch", claims, "", "full")
        return Rights(
            cut=self._right("create", snapshots, SNAPSHOT_GROUP, "snapshot"),
            record=self._right("patch", snapshots, SNAPSHOT_GROUP, "snapshot"),
            remove_snapshot=self._right("delete", snapshots, SNAPSHOT_GROUP, "snapshot"),
            fill_volume=_first(self._right("create", claims, "", "full"), change),
            change_volume=change,
            remove_volume=self._right("delete", claims, "", "full"),
            use_helpers=self._use_helpers(),
        )

    def actions(self, claim: Claim, rights: Rights, browsable: Browsable) -> Actions:
        """Judge every action on one volume."""
        bound = self._bound(claim)
        snapshot = _first(rights.cut, bound, self.snapshot_class(claim))
        here = self.browse_here(claim, browsable)
        browse = here if here.allowed else self._by_helper(claim, here, rights)
        mountable = YES if here.allowed else self._mountable(claim)
        return Actions(
            snapshot=snapshot,
            clone=_first(rights.fill_volume, bound, self._cloneable(claim, rights)),
            resize=_first(rights.change_volume, bound, self._expandable(claim)),
            browse=browse,
            restore=_first(snapshot, rights.record, browse, self._writable(claim), mountable),
            delete=_first(rights.remove_volume, self._unused(claim)),
        )

    def snapshot_class(self, claim: Claim) -> Permission:
        """Whether a snapshot class serves the volume's driver."""
        try:
            self._classes.snapshot_class(self._classes.driver_of(claim))
        except NetAppJLabError as error:
            return no(error.message, error.hint)
        return YES

    def browse_here(self, claim: Claim, browsable: Browsable) -> Permission:
        """Whether the files of the volume's snapshots can be read without a helper pod."""
        mount = self._catalog.mounts().get(claim.metadata.name)
        if mount is None:
            return no(
                "It is not mounted here.",
                "Clone the snapshot to a new volume, or restore from a server that mounts it.",
            )
        if not mount.whole:
            return no(
                "Only a part of it (subPath) is mounted here.",
                "Clone the snapshot to a new volume instead.",
            )
        if not browsable.names(claim.metadata.name):
            return no(
                f"It has no {SNAPSHOT_DIRECTORY} directory that can be read here.",
                "A Trident NAS volume has one if it was made with the annotation "
                'trident.netapp.io/snapshotDirectory: "true". If it has no snapshot yet, take one.',
            )
        return YES

    @staticmethod
    def _by_helper(claim: Claim, here: Permission, rights: Rights) -> Permission:
        """Whether a helper pod can read them, where they can't be read `here`."""
        if claim.spec.volume_mode == "Block":
            return no("It is a raw block device, which has no files.")
        if rights.use_helpers.allowed:
            return YES
        helped = f"{rights.use_helpers.reason} {rights.use_helpers.hint}"
        return no(here.reason, f"{here.hint} A helper pod can not be used: {helped}".strip())

    def _mountable(self, claim: Claim) -> Permission:
        """Whether a helper pod can mount the volume itself."""
        pods = self._catalog.pods_of(claim.metadata.name)
        if pods and set(claim.spec.access_modes) == {"ReadWriteOncePod"}:
            return no(
                f"It may be mounted by one pod only (ReadWriteOncePod), and “{pods[0]}” mounts it.",
                "Stop what uses the volume, or clone the snapshot to a new volume.",
            )
        return YES

    def _right(self, verb: str, resource: str, group: str, tier: str) -> Permission:
        if self._read_only:
            return no("Changes are switched off here.", "NetAppJLab.read_only is set.")
        if self._access.allowed(verb, resource, group):
            return YES
        return no(
            f"Your account may not {verb} {resource}.",
            f"An administrator can grant it with rbac/tiers/{tier}.",
        )

    @staticmethod
    def _bound(claim: Claim) -> Permission:
        phase = volume_phase(claim)
        return YES if phase == "bound" else no(*_NOT_BOUND[phase])

    def _cloneable(self, claim: Claim, rights: Rights) -> Permission:
        if self._classes.clones_directly(self._classes.driver_of(claim)):
            return YES
        return _first(rights.cut, self.snapshot_class(claim))

    def _expandable(self, claim: Claim) -> Permission:
        known = (self._catalog.storage_classes() or {}).get(claim.spec.storage_class_name)
        if known is None or known.allow_volume_expansion:
            return YES
        return no(
            f"Its storage class “{known.metadata.name}” does not allow to grow volumes.",
            "An administrator can set allowVolumeExpansion on the class.",
        )

    def _writable(self, claim: Claim) -> Permission:
        mount = self._catalog.mounts().get(claim.metadata.name)
        if mount is not None and mount.read_only:
            return no(
                "It is mounted read-only here.", "Restore from a server that may write to it."
            )
        return YES

    def _unused(self, claim: Claim) -> Permission:
        name = claim.metadata.name
        if volume_phase(claim) == "deleting":
            return no(*_NOT_BOUND["deleting"])
        mounts = self._catalog.mounts()
        if name == mounts.workspace:
            return no("It is the workspace you are working in.", "")
        if mounts.get(name) is not None:
            return no("It is mounted in this server.", "Stop the server that mounts it first.")
        pods = self._catalog.pods_of(name)
        if pods:
            return no(
                f"{len(pods)} pods use it: {', '.join(pods[:3])}."
                if len(pods) > 1
                else f"The pod “{pods[0]}” uses it.",
                "Stop what uses it first.",
            )
        return YES


def _first(*permissions: Permission) -> Permission:
    """Return the first refusal, or YES."""
    for one in permissions:
        if not one.allowed:
            return one
    return YES
