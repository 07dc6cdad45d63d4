"""Opening the cluster of a home: empty and to be filled, half filled, or as it was left."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from netapp_jlab.demo.api.bootstrap import open_cluster
from netapp_jlab.demo.api.faults import Faults
from netapp_jlab.demo.controllers import Controllers
from netapp_jlab.demo.launcher.home import write_private
from netapp_jlab.demo.project.classes import add_classes
from netapp_jlab.demo.project.seed import seed
from netapp_jlab.demo.storage import Storage
from netapp_jlab.errors import Invalid

if TYPE_CHECKING:
    from netapp_jlab.demo.api.store import Store

__all__ = ["World", "open_world"]


class World(NamedTuple):
    """An open cluster with its controllers at work."""

    store: Store
    storage: Storage
    faults: Faults
    controllers: Controllers

    def close(self) -> None:
        """Stop the controllers and close everything."""
        self.controllers.stop()
        self.store.close()
        self.storage.close()


def open_world(home: str, storage: str, faults: Faults) -> World:
    """Open the cluster of a home, and fill it with the sample project the first time.

    A start that was killed while filling begins anew: nobody has seen the cluster before.

    Parameters
    ----------
    home : str
        The demo's folder.
    storage : str
        Folder of the volumes; empty for the one of before, or one in the home.
    faults : Faults
        Played from the start, but not while the sample project is made.

    Raises
    ------
    Invalid
        The folder for the volumes holds others, or those of this home are elsewhere.
    """
    mark = os.path.join(home, "cluster.json")
    known = _read(mark)
    array = _array(home, storage, known)
    kept = os.path.relpath(array, home) if array.startswith(home + os.sep) else array
    database = os.path.join(home, "cluster.sqlite")
    seeded = bool(known.get("seeded"))
    if not seeded:
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(database + suffix):
                os.unlink(database + suffix)
    opened = Storage(array, durable=False)  # no more than the database is
    if not seeded:
        if not known and opened.list_volumes(deleting=True):
            opened.close()
            raise Invalid(
                f"{array} holds the volumes of another demo.", hint="Name another --storage."
            )
        write_private(mark, json.dumps({"array": kept, "seeded": False}))
        _empty(opened)
    store = open_cluster(database)
    controllers = Controllers(store, opened, faults)
    controllers.start()
    world = World(store, opened, faults, controllers)
    if seeded:
        add_classes(store)
    else:
        _fill(world)
        write_private(mark, json.dumps({"array": kept, "seeded": True}))
    return world


def _read(mark: str) -> dict[str, object]:
    try:
        with open(mark, encoding="utf-8") as file:
            found: dict[str, object] = json.load(file)
            return found
    except FileNotFoundError:
        return {}


def _array(home: str, storage: str, known: dict[str, object]) -> str:
    asked = os.path.abspath(os.path.expanduser(storage)) if storage else ""
    found = str(known.get("array", ""))
    found = found and os.path.join(home, found)  # one in the home moves with it
    if found and asked and os.path.realpath(found) != os.path.realpath(asked):
        raise Invalid(
            f"The volumes of this demo are in {found}, not in {asked}.",
            hint="Leave --storage out, or begin afresh with another --home.",
        )
    return found or asked or os.path.join(home, "array")


def _empty(storage: Storage) -> None:
    for snapshot in storage.list_snapshots():
        storage.delete_snapshot(snapshot.handle)
    for volume in storage.list_volumes():
        storage.delete_volume(volume.handle)


def _fill(world: World) -> None:
    wanted = world.faults.settings
    world.faults.reset()
    seed(world.store, world.storage)
    world.faults.change(wanted)
