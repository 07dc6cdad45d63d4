"""What takes longer than one request: clones and restores, and how far they are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from netapp_jlab.models.base import Model, Name, Note, Order, RequestId
from netapp_jlab.models.volumes import AccessMode, Permission

OperationKind = Literal["restore", "undo", "clone"]
OperationState = Literal["pending", "running", "interrupted", "done", "failed", "cancelled"]


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
