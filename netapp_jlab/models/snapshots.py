"""Snapshots of volumes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from netapp_jlab.models.base import Model, Note, Order, RequestId

SnapshotPhase = Literal["pending", "ready", "failed", "deleting"]
Purpose = Literal["user", "safety", "intermediate"]


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
