"""What the API server sends, reduced to the fields that are used.

Decoded straight from the bytes. Fields that are not named are skipped, missing ones take the
defaults, and ``null`` counts as missing (:mod:`netapp_jlab.k8s.decode`). Names are those of the
API in snake case; the reference is https://kubernetes.io/docs/reference/kubernetes-api/.
"""

from __future__ import annotations

from datetime import datetime, timezone

from msgspec import Struct, field

from netapp_jlab.errors import Invalid
from netapp_jlab.k8s.quantities import parse_quantity

NEVER = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""Stands for a time that the API server always sets, in an object that lacks it."""

Quantity = str | int
"""The API allows a plain number too; typed API objects always carry text."""


class Wire(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Base: frozen, and without cycles, so the garbage collector need not look at them."""


class OwnerReference(Wire, frozen=True):
    """``metadata.ownerReferences[]``."""

    kind: str = ""
    name: str = ""
    uid: str = ""


class Meta(Wire, frozen=True):
    """``metadata``."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: datetime = NEVER
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()


class Object(Wire, frozen=True):
    """Base of all objects."""

    metadata: Meta = Meta()


class Reference(Wire, frozen=True):
    """A reference to another object; which fields are set depends on where it stands."""

    api_group: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Condition(Wire, frozen=True):
    """``status.conditions[]``."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


# --- PersistentVolumeClaim ------------------------------------------------------------------------


class Storage(Wire, frozen=True):
    """``requests`` or ``capacity``: only storage counts here."""

    storage: Quantity = ""


class Resources(Wire, frozen=True):
    """``spec.resources`` of a claim."""

    requests: Storage = Storage()


class ClaimSpec(Wire, frozen=True):
    """``spec`` of a claim."""

    access_modes: tuple[str, ...] = ()
    resources: Resources = Resources()
    volume_name: str = ""
    storage_class_name: str = ""
    volume_mode: str = "Filesystem"
    data_source: Reference | None = None
    data_source_ref: Reference | None = None


class ClaimStatus(Wire, frozen=True):
    """``status`` of a claim."""

    phase: str = ""
    capacity: Storage = Storage()
    access_modes: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Claim(Object, frozen=True):
    """A PersistentVolumeClaim."""

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()

    @property
    def requested(self) -> int:
        """Bytes asked for; 0 where the object does not say."""
        return _bytes(self.spec.resources.requests.storage) or 0

    @property
    def capacity(self) -> int | None:
        """Bytes given; None until it is bound."""
        return _bytes(self.status.capacity.storage)


# --- VolumeSnapshot -------------------------------------------------------------------------------


class SnapshotSource(Wire, frozen=True):
    """``spec.source`` of a snapshot: a claim, or a content that was there before."""

    persistent_volume_claim_name: str = ""
    volume_snapshot_content_name: str = ""


class SnapshotSpec(Wire, frozen=True):
    """``spec`` of a snapshot."""

    source: SnapshotSource = SnapshotSource()
    volume_snapshot_class_name: str = ""


class SnapshotError(Wire, frozen=True):
    """``status.error``: the driver's last one; it may be retried."""

    message: str = ""
    time: datetime | None = None


class SnapshotStatus(Wire, frozen=True):
    """``status`` of a snapshot.

    Attributes
    ----------
    creation_time : datetime | None
        When the driver cut it.
    """

    bound_volume_snapshot_content_name: str = ""
    creation_time: datetime | None = None
    ready_to_use: bool = False
    error: SnapshotError | None = None
    size: Quantity = field(name="restoreSize", default="")

    @property
    def restore_size(self) -> int | None:
        """Bytes that a new volume needs at least; None until the driver has told."""
        return _bytes(self.size)


class VolumeSnapshot(Object, frozen=True):
    """A VolumeSnapshot."""

    spec: SnapshotSpec = SnapshotSpec()
    status: SnapshotStatus = SnapshotStatus()


class SnapshotClass(Object, frozen=True):
    """A VolumeSnapshotClass."""

    driver: str = ""
    deletion_policy: str = ""
    parameters: dict[str, str] = {}


class ContentSource(Wire, frozen=True):
    """``spec.source`` of a snapshot content: handles in the driver's words."""

    volume_handle: str = ""
    snapshot_handle: str = ""


class ContentSpec(Wire, frozen=True):
    """``spec`` of a snapshot content."""

    driver: str = ""
    deletion_policy: str = ""
    source: ContentSource = ContentSource()
    volume_snapshot_ref: Reference = Reference()


class ContentStatus(Wire, frozen=True):
    """``status`` of a snapshot content."""

    snapshot_handle: str = ""
    ready_to_use: bool = False
    error: SnapshotError | None = None


class SnapshotContent(Object, frozen=True):
    """A VolumeSnapshotContent."""

    spec: ContentSpec = ContentSpec()
    status: ContentStatus = ContentStatus()


# --- StorageClass, PersistentVolume ---------------------------------------------------------------


class StorageClass(Object, frozen=True):
    """A StorageClass."""

    provisioner: str = ""
    parameters: dict[str, str] = {}
    reclaim_policy: str = "Delete"
    volume_binding_mode: str = "Immediate"
    allow_volume_expansion: bool = False


class Csi(Wire, frozen=True):
    """``spec.csi`` of a PersistentVolume."""

    driver: str = ""
    volume_handle: str = ""
    volume_attributes: dict[str, str] = {}


class VolumeSpec(Wire, frozen=True):
    """``spec`` of a PersistentVolume."""

    capacity: Storage = Storage()
    csi: Csi | None = None
    claim_ref: Reference | None = None
    persistent_volume_reclaim_policy: str = ""
    storage_class_name: str = ""


class VolumeStatus(Wire, frozen=True):
    """``status`` of a PersistentVolume."""

    phase: str = ""
    message: str = ""


class PersistentVolume(Object, frozen=True):
    """A PersistentVolume."""

    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()


# --- Pod ------------------------------------------------------------------------------------------


class ClaimVolumeSource(Wire, frozen=True):
    """``spec.volumes[].persistentVolumeClaim``."""

    claim_name: str = ""
    read_only: bool = False


class PodVolume(Wire, frozen=True):
    """``spec.volumes[]``; sources other than claims are not looked at."""

    name: str = ""
    persistent_volume_claim: ClaimVolumeSource | None = None


class VolumeMount(Wire, frozen=True):
    """``spec.containers[].volumeMounts[]``."""

    name: str = ""
    mount_path: str = ""
    read_only: bool = False
    sub_path: str = ""
    sub_path_expr: str = ""


class Container(Wire, frozen=True):
    """``spec.containers[]``."""

    name: str = ""
    volume_mounts: tuple[VolumeMount, ...] = ()


class PodSpec(Wire, frozen=True):
    """``spec`` of a pod."""

    node_name: str = ""
    service_account_name: str = ""
    volumes: tuple[PodVolume, ...] = ()
    containers: tuple[Container, ...] = ()


class PodStatus(Wire, frozen=True):
    """``status`` of a pod."""

    phase: str = ""


class Pod(Object, frozen=True):
    """A Pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


# --- Event, ResourceQuota -------------------------------------------------------------------------


class Event(Object, frozen=True):
    """A core/v1 Event: what a controller did or could not do."""

    involved_object: Reference = Reference()
    type: str = ""
    reason: str = ""
    message: str = ""
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None

    @property
    def when(self) -> datetime:
        """When it happened last; new recorders set ``eventTime`` only."""
        return (
            self.last_timestamp
            or self.event_time
            or self.first_timestamp
            or self.metadata.creation_timestamp
        )


class QuotaStatus(Wire, frozen=True):
    """``status`` of a quota: limits and what is used, by resource."""

    hard: dict[str, Quantity] = {}
    used: dict[str, Quantity] = {}


class Quota(Object, frozen=True):
    """A ResourceQuota."""

    status: QuotaStatus = QuotaStatus()


def _bytes(quantity: Quantity) -> int | None:
    try:
        return parse_quantity(str(quantity)) if quantity != "" else None
    except Invalid:
        return None  # a driver's slip in a status; the object is shown without it
