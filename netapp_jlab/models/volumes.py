"""Volumes and what can be done with them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType

from netapp_jlab.models.base import Model, Name, Note, Order, RequestId

AccessMode = Literal["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
Role = Literal["workspace", "shared", "other"]
VolumePhase = Literal["pending", "bound", "lost", "deleting"]


class Permission(Model, frozen=True, kw_only=True):
    """Whether an action can work, and why not.

    Attributes
    ----------
    reason : str
        Empty when allowed; else one sentence for the user.
    hint : str
        What to do about it; may be empty.
    """

    allowed: bool
    reason: str = ""
    hint: str = ""


class Actions(Model, frozen=True, kw_only=True):
    """For each action on a volume, whether it can work now."""

    snapshot: Permission
    clone: Permission
    resize: Permission
    browse: Permission
    restore: Permission
    delete: Permission


class Source(Model, frozen=True, kw_only=True):
    """What a volume was made from (``spec.dataSource``)."""

    kind: Literal["snapshot", "volume"]
    name: str


class Volume(Model, frozen=True, kw_only=True):
    """A PersistentVolumeClaim and what is known of its PersistentVolume.

    Attributes
    ----------
    requested : int
        Bytes asked for (``spec.resources.requests.storage``).
    capacity : int | None
        Bytes given (``status.capacity.storage``); None until bound.
    used : int | None
        Bytes used as ``statvfs`` says; None where the volume is not mounted here.
    driver : str
        CSI driver; empty where neither the volume nor its class may be read.
    volume_handle : str
        The driver's name of it (``spec.csi.volumeHandle``); empty where it may not be read.
    mount_path : str
        Where it is mounted in this server; empty where it is not.
    pods : tuple[str, ...] | None
        Pods that mount it; None where pods may not be read.
    snapshots : int
        Snapshots of this very volume (by uid), those of ours for safety included.
    last_snapshot_at : datetime | None
        When the newest ready one was cut.
    message : str
        Why it is pending or lost, in the provisioner's words; else empty.
    """

    name: str
    uid: str
    namespace: str
    phase: VolumePhase
    role: Role
    requested: int
    capacity: int | None
    used: int | None
    storage_class: str
    access_modes: tuple[str, ...]
    driver: str
    volume_handle: str
    created_at: datetime
    source: Source | None
    note: str
    mount_path: str
    pods: tuple[str, ...] | None
    snapshots: int
    last_snapshot_at: datetime | None
    message: str
    can: Actions


class VolumeList(Model, frozen=True, kw_only=True):
    """All volumes of the namespace, the workspace first, then shared ones, then by name.

    Attributes
    ----------
    stale_since : datetime | None
        Set while the API server is out of reach: the items are as they were then.
    """

    items: tuple[Volume, ...]
    stale_since: datetime | None = None


class VolumeSource(Order, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new volume is filled with."""

    kind: Literal["empty", "snapshot", "volume"] = "empty"
    name: str = ""


class VolumeOrder(Order, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new volume.

    Attributes
    ----------
    size : str
        A Kubernetes quantity with a unit, e.g. ``10Gi``. Empty: the source's size.
    storage_class : str
        Empty for the namespace's default, or for the source's.
    access_modes : tuple[AccessMode, ...]
        Empty: the source's, else ReadWriteOnce.
    """

    name: Name
    size: str = ""
    storage_class: str = ""
    access_modes: tuple[AccessMode, ...] = ()
    source: VolumeSource = VolumeSource()
    note: Note = ""
    request_id: RequestId | UnsetType = UNSET


class VolumeChange(Order, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a volume: its size can only grow."""

    size: str


class DeletePlan(Model, frozen=True, kw_only=True):
    """What deleting a volume or a snapshot would take with it.

    Attributes
    ----------
    snapshots : tuple[str, ...]
        Snapshots of this volume. They stay as objects, but on many drivers hold the storage.
    clones : tuple[str, ...]
        Volumes that were made from it; they stay.
    reclaim_policy : str
        ``Delete`` or ``Retain``; empty where it may not be read.
    refusal : Permission
        Whether it is allowed at all, and why not.
    """

    name: str
    uid: str
    snapshots: tuple[str, ...] = ()
    clones: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()
    capacity: int | None = None
    reclaim_policy: str = ""
    refusal: Permission
