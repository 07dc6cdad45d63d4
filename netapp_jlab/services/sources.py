"""What a new volume is filled with, and the claim that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec import UnsetType

from netapp_jlab.errors import Conflict, Invalid, NotReady, Refused, Unsupported
from netapp_jlab.k8s import naming, objects
from netapp_jlab.k8s.wire import StorageClass, VolumeSnapshot
from netapp_jlab.models import VolumeOrder
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.classes import Classes
from netapp_jlab.services.views import owner_uid, snapshot_phase, volume_phase


@dataclass(frozen=True)
class Filled:
    """A source that can be used now.

    Attributes
    ----------
    snapshot, claim : str
        One of them: what the new claim is filled with.
    volume_mode : str
        ``Filesystem`` or ``Block``, as the source's.
    size : int
        Bytes of the new claim at first; `least` and `grow_to` tell the rest.
    least : int
        Bytes that it needs at least.
    storage_class : str
        Class to use unless another one is asked for; may be empty.
    access_modes : tuple[str, ...]
        Likewise.
    """

    volume_mode: str
    size: int
    least: int
    storage_class: str
    access_modes: tuple[str, ...]
    snapshot: str = ""
    claim: str = ""


class Sources:
    """Turns an order for a volume into the manifest of a claim."""

    def __init__(self, catalog: Catalog, classes: Classes, author: str) -> None:
        self._catalog = catalog
        self._classes = classes
        self._author = author

    def manifest(self, order: VolumeOrder) -> tuple[dict[str, Any], int]:
        """Return the manifest of the claim for `order`, and to how many bytes to grow it later.

        A clone starts with the size of its source, because Trident refuses a larger one; the
        second value is 0 unless a larger size was asked for.

        Raises
        ------
        Invalid
            The name or the size.
        NotFound
            A class or the source.
        NotReady, Refused, Conflict
            The source can not be used now.
        """
        naming.validate_name(order.name, "volume")
        asked = naming.parse_size(order.size) if order.size else 0
        filled = self._filled(order)
        if filled is None and not asked:
            raise Invalid("A new volume needs a size.", hint="For example 10Gi.")
        named = order.storage_class or (filled.storage_class if filled else "")
        storage_class = self._storage_class(named)
        size, grow_to = asked, 0
        if filled is not None:
            size, grow_to = self._sizes(filled, asked, storage_class)
        modes = order.access_modes or (filled.access_modes if filled else ()) or ("ReadWriteOnce",)
        manifest = objects.claim(
            order.name,
            size=size,
            storage_class=named,
            access_modes=modes,
            from_snapshot=filled.snapshot if filled else "",
            from_claim=filled.claim if filled else "",
            volume_mode=filled.volume_mode if filled else "Filesystem",
            labels=labels(order.request_id),
            annotations=notes(order.note, self._author),
        )
        return manifest, grow_to

    def usable_snapshot(self, name: str) -> VolumeSnapshot:
        """Return a snapshot that data can be taken from now.

        Raises
        ------
        NotFound
            There is none of this name.
        NotReady
            It is not ready yet.
        Refused
            It failed.
        Conflict
            It is being deleted.
        """
        snapshot = self._catalog.snapshot(name)
        phase = snapshot_phase(snapshot)
        if phase == "pending":
            raise NotReady(f"The snapshot “{name}” is not ready yet.")
        if phase == "deleting":
            raise Conflict(f"The snapshot “{name}” is being deleted.", hint="Choose another one.")
        if phase == "failed":
            error = snapshot.status.error
            raise Refused(
                f"The snapshot “{name}” failed: {error.message if error else 'no reason given'}",
                hint="Delete it and take another one.",
            )
        return snapshot

    def _filled(self, order: VolumeOrder) -> Filled | None:
        kind, name = order.source.kind, order.source.name
        if kind == "empty":
            return None
        if not name:
            raise Invalid(f"A volume from a {kind} needs the {kind}'s name.")
        if kind == "snapshot":
            return self.copy_of(self.usable_snapshot(name))
        return self._from_volume(name)

    def copy_of(self, snapshot: VolumeSnapshot) -> Filled:
        """Return what a claim with the contents of a snapshot has to be like."""
        claim = self._catalog.claim_with_uid(owner_uid(snapshot, self._catalog.claims()))
        least = snapshot.status.restore_size or 0
        size = max(least, (claim.capacity or claim.requested) if claim is not None else 0)
        return Filled(
            snapshot=snapshot.metadata.name,
            volume_mode=claim.spec.volume_mode if claim is not None else "Filesystem",
            size=size,
            least=least,
            storage_class=claim.spec.storage_class_name if claim else self._class_for(snapshot),
            access_modes=claim.spec.access_modes if claim is not None else (),
        )

    def _from_volume(self, name: str) -> Filled:
        claim = self._catalog.claim(name)
        if volume_phase(claim) != "bound":
            raise NotReady(f"The volume “{name}” is not bound, so there is nothing to clone yet.")
        driver = self._classes.driver_of(claim)
        if not self._classes.clones_directly(driver):
            raise Unsupported(
                f"The storage driver “{driver}” clones by way of a snapshot.",
                hint="Use clone instead of create: it makes the snapshot and cleans it up.",
            )
        size = claim.capacity or claim.requested
        return Filled(
            claim=name,
            volume_mode=claim.spec.volume_mode,
            size=size,
            least=size,
            storage_class=claim.spec.storage_class_name,
            access_modes=claim.spec.access_modes,
        )

    def _class_for(self, snapshot: VolumeSnapshot) -> str:
        """Return a storage class of the snapshot's driver, where its volume is gone."""
        one = (self._catalog.snapshot_classes() or {}).get(snapshot.spec.volume_snapshot_class_name)
        if one is None:
            return ""
        default = self._classes.default_storage_class()
        if default is not None and default.provisioner == one.driver:
            return default.metadata.name
        fitting = [
            other.metadata.name
            for other in (self._catalog.storage_classes() or {}).values()
            if other.provisioner == one.driver
        ]
        return min(fitting, default="")

    def _storage_class(self, named: str) -> StorageClass | None:
        if named:
            return self._classes.storage_class(named)
        default = self._classes.default_storage_class()
        if default is None and self._catalog.storage_classes() is not None:
            raise Refused(
                "The cluster has no default storage class.",
                hint="Name a storage class; `netapp-jlab doctor` lists them.",
            )
        return default

    @staticmethod
    def _sizes(filled: Filled, asked: int, storage_class: StorageClass | None) -> tuple[int, int]:
        """Return the size to create and the size to grow to (0: not at all)."""
        if not asked or asked == filled.size:
            return filled.size, 0
        if asked < filled.least:
            raise Invalid(
                f"{naming.human(asked)} is too small: the data needs {naming.human(filled.least)}.",
                hint="Leave the size out to take the source's.",
            )
        if asked < filled.size:
            return asked, 0
        if storage_class is not None and not storage_class.allow_volume_expansion:
            raise Refused(
                f"The storage class “{storage_class.metadata.name}” does not allow to grow "
                f"volumes, so a clone has the size of its source, {naming.human(filled.size)}.",
                hint="Leave the size out.",
            )
        return filled.size, asked


def labels(request_id: str | UnsetType) -> dict[str, str]:
    """Return the labels of an object that one click makes."""
    return {} if isinstance(request_id, UnsetType) else {naming.REQUEST_ID: request_id}


def notes(note: str, author: str) -> dict[str, str]:
    """Return the annotations of an object that we make."""
    return {naming.NOTE: note, naming.AUTHOR: author}
