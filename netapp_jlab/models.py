r"""The core's border: what services take and return, and the JSON of the REST interface.

The OpenAPI document and the front end's TypeScript types are generated from these structs, so a
field is declared here and nowhere else. Times are timezone-aware UTC; sizes are bytes.

Paths of files are relative to the volume's root, ``/``-separated text as
:func:`netapp_jlab.files.names.to_text` writes it (UTF-8; a byte that is not appears as ``\xNN``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

API_VERSION = 1
"""Version of the REST interface; the front end refuses to work with another one."""

Name = Annotated[str, Meta(min_length=1, max_length=253)]
Note = Annotated[str, Meta(max_length=1000)]
RequestId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,61}[A-Za-z0-9]$(?!\n)")]
"""Made by the caller for one click; the same id again returns what the first one made."""

AccessMode = Literal["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
Role = Literal["workspace", "shared", "other"]
VolumePhase = Literal["pending", "bound", "lost", "deleting"]
SnapshotPhase = Literal["pending", "ready", "failed", "deleting"]
Purpose = Literal["user", "safety", "intermediate"]
OperationKind = Literal["restore", "undo", "clone"]
OperationState = Literal["pending", "running", "interrupted", "done", "failed", "cancelled"]


class Model(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of what is returned: no cycles, so the garbage collector need not look at thousands."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what is asked for; unknown fields are refused."""


# --- Volumes ------------------------------------------------------------------------------------


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


# --- Snapshots ----------------------------------------------------------------------------------


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a snapshot was asked for; what is not known stays empty."""

    kind: Annotated[str, Meta(max_length=40)] = ""
    notebook: Annotated[str, Meta(max_length=1024)] = ""
    cell: Annotated[str, Meta(max_length=128)] = ""
    commit: Annotated[str, Meta(max_length=128)] = ""
    run: Annotated[str, Meta(max_length=256)] = ""


class Snapshot(Model, frozen=True, kw_only=True):
    """A point-in-time copy of one volume (a VolumeSnapshot).

    Attributes
    ----------
    volume : str
        Name of the claim it was cut from; empty for one imported from a storage handle.
    volume_uid : str
        That claim's uid; empty where no one wrote it down.
    stale : bool
        It belongs to a deleted volume, whose name the present one only shares.
    cut_at : datetime | None
        When the driver cut it (``status.creationTime``), not when it was asked for.
    restore_size : int | None
        Bytes that a new volume needs at least. Not the volume's size: ONTAP NAS reports used bytes.
    purpose : Purpose
        ``safety``: cut by a restore, kept for Undo; ``intermediate``: on the way to a clone.
    expires_at : datetime | None
        When a safety snapshot is deleted; None for what a user made.
    browsable : bool
        Its files can be read here, through the volume's ``.snapshot`` directory.
    message : str
        The driver's error while failed; else empty.
    """

    name: str
    uid: str
    namespace: str
    volume: str
    volume_uid: str
    stale: bool
    phase: SnapshotPhase
    created_at: datetime
    cut_at: datetime | None
    restore_size: int | None
    snapshot_class: str
    note: str
    author: str
    origin: Origin | None
    purpose: Purpose
    expires_at: datetime | None
    browsable: bool
    message: str


class SnapshotList(Model, frozen=True, kw_only=True):
    """Snapshots, the newest first."""

    items: tuple[Snapshot, ...]
    stale_since: datetime | None = None


class SnapshotOrder(Order, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new snapshot.

    Attributes
    ----------
    name : str
        Empty: made from the volume's name and the time.
    snapshot_class : str
        Empty: the default one of the volume's driver.
    """

    name: str = ""
    note: Note = ""
    origin: Origin | None = None
    snapshot_class: str = ""
    request_id: RequestId | UnsetType = UNSET


class SnapshotChange(Order, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a snapshot: its note."""

    note: Note


# --- Clones, restores, operations ----------------------------------------------------------------


class CloneOrder(Order, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new volume with the contents of a snapshot or of another volume.

    Attributes
    ----------
    size : str
        Empty: the source's size. A larger one is grown after cloning.
    """

    name: Name
    size: str = ""
    access_modes: tuple[AccessMode, ...] = ()
    note: Note = ""
    request_id: RequestId | UnsetType = UNSET


class RestoreOrder(Order, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bring a volume back to a snapshot.

    Attributes
    ----------
    mode : str
        ``files``: live, only what differs is copied back.
    paths : tuple[str, ...]
        Files and folders to bring back; empty for everything.
    remove_extra : bool
        Also remove what the snapshot does not have.
    verify : bool
        Compare contents too, not only type, size, mode and time.
    dry_run : bool
        Change nothing; answer with a :class:`RestorePlan`.
    """

    mode: Literal["files"] = "files"
    paths: tuple[Annotated[str, Meta(max_length=16384)], ...] = ()
    remove_extra: bool = False
    verify: bool = False
    dry_run: bool = False
    request_id: RequestId | UnsetType = UNSET


class Example(Model, frozen=True, kw_only=True):
    """One path that a restore would change."""

    path: str
    action: Literal["create", "replace", "metadata", "remove"]
    size: int


class RestorePlan(Model, frozen=True, kw_only=True):
    """What a restore would change now.

    Attributes
    ----------
    create, replace, metadata, remove : int
        Numbers of files, folders and links, by what happens to them.
    copy_bytes, remove_bytes : int
        Bytes of file contents.
    free_bytes : int
        Free on the volume now.
    unreadable : int
        Entries that this account can not look at; they stay as they are.
    examples : tuple[Example, ...]
        The first ones, at most 50.
    """

    snapshot: str
    volume: str
    create: int
    replace: int
    metadata: int
    remove: int
    copy_bytes: int
    remove_bytes: int
    free_bytes: int
    unreadable: int
    examples: tuple[Example, ...]


class Progress(Model, frozen=True, kw_only=True):
    """How far an operation is; totals are None until they are known."""

    files_done: int = 0
    files_total: int | None = None
    bytes_done: int = 0
    bytes_total: int | None = None
    path: str = ""


class Issue(Model, frozen=True, kw_only=True):
    """One path that a restore left as it was, and why."""

    path: str
    reason: str


class Outcome(Model, frozen=True, kw_only=True):
    """What a restore did.

    Attributes
    ----------
    conflicts : tuple[Issue, ...]
        Changed after the safety snapshot was cut, hence left alone; the first 100.
    failures : tuple[Issue, ...]
        Could not be brought back (permissions …); the first 100.
    conflict_count, failure_count : int
        All of them.
    """

    created: int = 0
    replaced: int = 0
    metadata: int = 0
    removed: int = 0
    copied_bytes: int = 0
    conflicts: tuple[Issue, ...] = ()
    failures: tuple[Issue, ...] = ()
    conflict_count: int = 0
    failure_count: int = 0


class Operation(Model, frozen=True, kw_only=True):
    """Something that takes longer than one request.

    Its record lives in annotations of the Kubernetes object it makes, so any process can resume,
    cancel or undo it.

    Attributes
    ----------
    id : str
        The uid of the object that carries the record.
    state : OperationState
        ``interrupted``: the process that worked on it is gone; another one takes it up.
    step : str
        One sentence for the user: what happens now.
    volume : str
        The volume that changes; for a clone the new one.
    snapshot : str
        The snapshot it takes the data from; empty for a clone of a volume.
    safety_snapshot : str
        Holds what was before; *Undo* goes back to it.
    can_cancel, can_undo : Permission
        Whether these would work now.
    undo_of : str
        Id of the operation that this one undoes; else empty.
    """

    id: str
    kind: OperationKind
    state: OperationState
    step: str
    volume: str
    snapshot: str
    source_volume: str
    safety_snapshot: str
    author: str
    started_at: datetime
    finished_at: datetime | None
    progress: Progress
    outcome: Outcome | None
    message: str
    hint: str
    undo_of: str
    can_cancel: Permission
    can_undo: Permission


class OperationList(Model, frozen=True, kw_only=True):
    """Operations, the newest first; finished ones as long as they can be undone."""

    items: tuple[Operation, ...]


class Change(Model, frozen=True, kw_only=True):
    """A hint that something is no longer what it was: look again.

    Attributes
    ----------
    kind : str
        ``connection``: the API server went away (phase ``lost``) or is back (``live``).
    volume : str
        The volume it concerns; empty for a connection.
    phase : str
        The object's phase, or an operation's state.
    """

    kind: Literal["volume", "snapshot", "operation", "connection"]
    action: Literal["added", "modified", "deleted"]
    name: str = ""
    uid: str = ""
    volume: str = ""
    phase: str = ""


# --- Status ---------------------------------------------------------------------------------------


class StorageClass(Model, frozen=True, kw_only=True):
    """A StorageClass and whether snapshots work on it.

    Attributes
    ----------
    snapshot_class : str
        VolumeSnapshotClass that would be used; empty if none, then `reason` says why.
    """

    name: str
    driver: str
    default: bool
    expandable: bool
    reclaim_policy: str
    binding_mode: str
    snapshot_class: str
    reason: str


class Right(Model, frozen=True, kw_only=True):
    """One right of the account, and the file under ``rbac/`` that grants it."""

    verb: str
    resource: str
    needed_for: str
    allowed: bool
    granted_by: str


class Problem(Model, frozen=True, kw_only=True):
    """Something that keeps part of the product from working."""

    reason: str
    message: str
    hint: str
    severity: Literal["error", "warning"] = "error"


class Workspace(Model, frozen=True, kw_only=True):
    """Which claim holds the workspace and how that is known."""

    claim: str
    path: str
    found_by: Literal["settings", "pod", "mountinfo", "none"]


class Status(Model, frozen=True, kw_only=True):
    """What this server can do, and what is missing.

    Attributes
    ----------
    api_version : int
        :data:`API_VERSION`; the front end compares it with its own.
    connected : bool
        The API server answered just now.
    classes : tuple[StorageClass, ...] | None
        None where the account may not read them.
    """

    version: str
    api_version: int
    namespace: str
    server: str
    kubernetes: str
    account: str
    user: str
    read_only: bool
    connected: bool
    workspace: Workspace
    classes: tuple[StorageClass, ...] | None
    rights: tuple[Right, ...]
    problems: tuple[Problem, ...]


class ErrorBody(Model, frozen=True, kw_only=True):
    """Body of every answer that is an error."""

    message: str
    reason: str
    hint: str
