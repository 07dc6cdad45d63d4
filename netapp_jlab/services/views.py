"""From Kubernetes' objects to the models: what belongs to what, and since when."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from netapp_jlab.k8s import naming
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.models import Origin, Purpose, Snapshot, SnapshotPhase, VolumePhase
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.mounts import Mounts

SNAPSHOT_DIRECTORY = ".snapshot"
_decode_origin = msgspec.json.Decoder(Origin).decode
_PURPOSES: Mapping[str, Purpose] = {"safety": "safety", "intermediate": "intermediate"}
_PHASES: Mapping[str, VolumePhase] = {"Bound": "bound", "Lost": "lost"}


def volume_phase(claim: Claim) -> VolumePhase:
    """Return a claim's phase in the user's words."""
    if claim.metadata.deletion_timestamp is not None:
        return "deleting"
    return _PHASES.get(claim.status.phase, "pending")


def snapshot_phase(snapshot: VolumeSnapshot) -> SnapshotPhase:
    """Return a snapshot's phase; an error counts only while it is not ready (it may be retried)."""
    if snapshot.metadata.deletion_timestamp is not None:
        return "deleting"
    if snapshot.status.ready_to_use:
        return "ready"
    return "failed" if snapshot.status.error is not None else "pending"


def owner_uid(
    snapshot: VolumeSnapshot,
    claims: Mapping[str, Claim],
    present: Collection[str] | None = None,
) -> str:
    """Return the uid of the claim that `snapshot` was cut from; "" where nobody can tell.

    We write it on every snapshot of ours. On others (kubectl, the DataOps Toolkit) it follows from
    the time: the present claim of that name, if it existed when the snapshot was cut.

    Parameters
    ----------
    present : Collection[str], optional
        The uids of `claims`, where they are at hand.
    """
    written = snapshot.metadata.labels.get(naming.VOLUME_UID)
    claim = claims.get(snapshot.spec.source.persistent_volume_claim_name)
    if written:
        if claim is not None and claim.metadata.uid == written:
            return written
        uids = present if present is not None else {one.metadata.uid for one in claims.values()}
        # A claim never changes its name: whoever wrote another claim's uid here wants to show a
        # snapshot in that one's timeline, and have it restored.
        return "" if written in uids else written
    if claim is None:
        return ""
    cut_at = snapshot.status.creation_time or snapshot.metadata.creation_timestamp
    # The API server keeps whole seconds, the driver may keep nanoseconds.
    existed = cut_at.replace(microsecond=0) >= claim.metadata.creation_timestamp
    return claim.metadata.uid if existed else ""


class Browsable:
    """Tells which snapshots can be read as files here; lists each ``.snapshot`` once."""

    def __init__(self, mounts: Mounts) -> None:
        self._mounts = mounts
        self._names: dict[str, frozenset[str]] = {}

    def names(self, claim: str) -> frozenset[str]:
        """Return the entries of the claim's ``.snapshot`` directory; empty without one."""
        if claim not in self._names:
            self._names[claim] = self._listed(claim)
        return self._names[claim]

    def all(self) -> Mapping[str, frozenset[str]]:
        """Return the entries for every claim that is mounted here."""
        return {claim: self.names(claim) for claim in self._mounts.by_claim}

    def __call__(self, snapshot: VolumeSnapshot) -> bool:
        """Whether the files of `snapshot` can be read here."""
        names = self.names(snapshot.spec.source.persistent_volume_claim_name)
        return bool(names) and directory_name(snapshot) in names

    def _listed(self, claim: str) -> frozenset[str]:
        mount = self._mounts.get(claim)
        if mount is None or not mount.whole:
            return frozenset()
        try:
            return frozenset(os.listdir(os.path.join(mount.path, SNAPSHOT_DIRECTORY)))
        except OSError:
            return frozenset()  # no such directory: most drivers; the volume is not browsable


def directory_name(snapshot: VolumeSnapshot) -> str:
    """Return a snapshot's entry in ``.snapshot``: what Trident and the CSI sidecars name it."""
    return f"snapshot-{snapshot.metadata.uid}"


_Version = tuple[str, str, bool, bool]
"""What a model was made from: its resourceVersion, its volume's uid, whether that volume is gone,
whether it can be read here. As long as these are the same, so is the model."""


class _Timeline(NamedTuple):
    """All snapshots at one moment, and what they were made from; nobody changes its parts."""

    claims: Mapping[str, Claim]
    snapshots: Mapping[str, VolumeSnapshot]
    browsable: Mapping[str, frozenset[str]]
    newest_first: tuple[Snapshot, ...]
    by_volume: Mapping[str, Sequence[Snapshot]]


class SnapshotViews:
    """Makes :class:`Snapshot` models and keeps them: a timeline has thousands that never change.

    As long as nothing has changed at all, the whole timeline is the one of before. Else each entry
    is valid for one version of the object and one answer to whose it is and whether it can be read
    here.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._kept: dict[str, tuple[_Version, Snapshot]] = {}
        self._timeline: _Timeline | None = None
        self._making = threading.Lock()

    def newest_first(self) -> tuple[Snapshot, ...]:
        """Return models of all snapshots of the namespace; the same tuple until one changes."""
        return self._now().newest_first

    def by_volume(self) -> Mapping[str, Sequence[Snapshot]]:
        """Return the snapshots by their volume's uid, newest first; also of volumes now gone."""
        return self._now().by_volume

    def one(self, snapshot: VolumeSnapshot) -> Snapshot:
        """Return the model of one snapshot."""
        claims = self._catalog.claims()
        present = {claim.metadata.uid for claim in claims.values()}
        return self._entry(snapshot, claims, present, Browsable(self._catalog.mounts()))[1]

    def _now(self) -> _Timeline:
        claims, snapshots = self._catalog.claims(), self._catalog.snapshots()
        browsable = Browsable(self._catalog.mounts())
        browsable.all()  # may wait for a file server, which must not hold up the others
        with self._making:  # a page asks for volumes and snapshots at once: the work is done once
            return self._made(claims, snapshots, browsable)

    def _made(
        self,
        claims: Mapping[str, Claim],
        snapshots: Mapping[str, VolumeSnapshot],
        browsable: Browsable,
    ) -> _Timeline:
        known = self._timeline
        if (
            known is not None
            and known.claims is claims  # informers hand out another one after each change
            and known.snapshots is snapshots
            and known.browsable == browsable.all()
        ):
            return known
        present = {claim.metadata.uid for claim in claims.values()}
        kept = {
            snapshot.metadata.uid: self._entry(snapshot, claims, present, browsable)
            for snapshot in snapshots.values()
        }
        models = sorted((model for _, model in kept.values()), key=age_key, reverse=True)
        groups: dict[str, list[Snapshot]] = {}
        for model in models:
            groups.setdefault(model.volume_uid, []).append(model)
        self._kept = kept
        self._timeline = _Timeline(claims, snapshots, browsable.all(), tuple(models), groups)
        return self._timeline

    def _entry(
        self,
        snapshot: VolumeSnapshot,
        claims: Mapping[str, Claim],
        present: set[str],
        browsable: Browsable,
    ) -> tuple[_Version, Snapshot]:
        uid = owner_uid(snapshot, claims, present)
        stale = uid not in present
        version = (
            snapshot.metadata.resource_version,
            uid,
            stale,
            not stale and browsable(snapshot),
        )
        kept = self._kept.get(snapshot.metadata.uid)
        if kept is not None and kept[0] == version:
            return kept
        return version, self._model(snapshot, version)

    def _model(self, snapshot: VolumeSnapshot, version: _Version) -> Snapshot:
        meta, status = snapshot.metadata, snapshot.status
        _, volume_uid, stale, browsable = version
        return Snapshot(
            name=meta.name,
            uid=meta.uid,
            namespace=meta.namespace,
            volume=snapshot.spec.source.persistent_volume_claim_name,
            volume_uid=volume_uid,
            stale=stale,
            phase=snapshot_phase(snapshot),
            created_at=meta.creation_timestamp,
            cut_at=status.creation_time,
            restore_size=status.restore_size,
            snapshot_class=snapshot.spec.volume_snapshot_class_name,
            note=meta.annotations.get(naming.NOTE, ""),
            author=meta.annotations.get(naming.AUTHOR, ""),
            origin=_origin(meta.annotations.get(naming.ORIGIN, "")),
            purpose=_PURPOSES.get(meta.labels.get(naming.PURPOSE, ""), "user"),
            expires_at=_time(meta.annotations.get(naming.EXPIRES_AT, "")),
            browsable=browsable,
            message=status.error.message if status.error and not status.ready_to_use else "",
        )


def age_key(snapshot: Snapshot) -> tuple[datetime, str]:
    """Sort key: when it was cut, or asked for while it is not.

    Kubernetes keeps whole seconds; of one second the name decides, which ends with the time in
    those we make.
    """
    return (snapshot.cut_at or snapshot.created_at, snapshot.name)


def _origin(text: str) -> Origin | None:
    """Read the annotation; None where it is missing or somebody edited it into something else."""
    if not text:
        return None
    try:
        return _decode_origin(text)
    except (msgspec.DecodeError, ValueError):
        return None


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
