"""The verbs as plain functions, for notebooks and pipelines: each waits until it is done."""

from __future__ import annotations

from typing import Any

from netapp_jlab.errors import Cancelled, NetAppJLabError, Refused
from netapp_jlab.models import (
    CloneOrder,
    Operation,
    RestoreOrder,
    Snapshot,
    SnapshotOrder,
    Volume,
)
from netapp_jlab.services.client import Client

PATIENCE = 3600.0


def snapshot(volume: str, name: str = "", note: str = "", **settings: Any) -> Snapshot:
    """Cut a snapshot and wait until it is ready.

    Parameters
    ----------
    volume : str
        Name of the claim.
    name : str
        Name of the snapshot; made from the volume's and the time if empty.
    note : str
        What it is for.
    **settings
        Fields of :class:`netapp_jlab.config.Settings`, e.g. ``namespace``.

    Raises
    ------
    NetAppJLabError
        It could not be cut; the class tells why.
    """
    with Client(**settings) as client:
        made = client.snapshots.create(volume, SnapshotOrder(name=name, note=note))
        return client.snapshots.wait(made.name, timeout=client.settings.ready_timeout)


def clone(source: str, name: str, *, size: str = "", note: str = "", **settings: Any) -> Volume:
    """Clone a snapshot, or else the volume of that name, to a new volume and wait for it.

    Parameters
    ----------
    source : str
        A snapshot's name; a volume's where there is no such snapshot.
    name : str
        Name of the new volume.
    size : str
        A larger size than the source's, e.g. ``20Gi``.

    Raises
    ------
    NetAppJLabError
        It could not be cloned; the class tells why.
    """
    order = CloneOrder(name=name, size=size, note=note)
    with Client(**settings) as client:
        if source in {one.name for one in client.snapshots.list().items}:
            begun = client.clones.from_snapshot(source, order)
        else:
            begun = client.clones.from_volume(source, order)
        _ended(client, begun)
        return client.volumes.get(name)


def restore(
    snapshot: str, *paths: str, remove_extra: bool = False, verify: bool = False, **settings: Any
) -> Operation:
    """Bring files of a mounted volume back to a snapshot and wait until that is done.

    Parameters
    ----------
    snapshot : str
        Name of the snapshot.
    *paths : str
        Files and folders, relative to the volume's root; everything if there are none.
    remove_extra, verify : bool
        See :class:`netapp_jlab.models.RestoreOrder`.

    Raises
    ------
    NetAppJLabError
        It failed; what was done so far can be undone.
    """
    order = RestoreOrder(paths=paths, remove_extra=remove_extra, verify=verify)
    with Client(**settings) as client:
        return _ended(client, client.restores.start(snapshot, order))


def _ended(client: Client, begun: Operation) -> Operation:
    """Wait for an operation and raise how it ended, unless well."""
    ended = client.operations.wait(begun.id, timeout=PATIENCE)
    if ended.state == "done":
        return ended
    kind: type[NetAppJLabError] = Cancelled if ended.state == "cancelled" else Refused
    raise kind(ended.message or ended.step, hint=ended.hint)
