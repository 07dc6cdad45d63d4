"""Volumes and snapshots as directory trees."""

from __future__ import annotations

import os
from collections.abc import Callable

from netapp_jlab import files
from netapp_jlab.errors import NotMounted
from netapp_jlab.k8s.wire import VolumeSnapshot
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.views import SNAPSHOT_DIRECTORY, directory_name

APPEAR_WITHIN = 20
"""Looks for a snapshot's directory: an NFS client keeps a listing for some seconds."""
LOOK_EVERY = 0.5


class SnapshotTrees:
    """Opens volumes that are mounted here, and their snapshots in ``.snapshot``."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def volume(self, claim: str) -> files.Tree:
        """Open a volume's root.

        Raises
        ------
        NotMounted
            It is not mounted here, or only a part of it.
        """
        mount = self._catalog.mounts().get(claim)
        if mount is None or not mount.whole:
            part = "Only a part of the" if mount is not None else "The"
            state = "is" if mount is not None else "is not"
            raise NotMounted(
                f"{part} volume “{claim}” {state} mounted here.",
                hint="Clone the snapshot to a new volume, or restore from a server that mounts it.",
            )
        return files.Tree.open(mount.path)

    def snapshot(
        self, snapshot: VolumeSnapshot, *, pause: Callable[[float], None] | None = None
    ) -> files.Tree:
        """Open a snapshot of a volume that is mounted here.

        Parameters
        ----------
        snapshot : VolumeSnapshot
            A ready one.
        pause : Callable[[float], None], optional
            Waits; given where the snapshot was cut just now and may take a moment to appear.

        Raises
        ------
        NotMounted
            Its directory is not there.
        """
        claim = snapshot.spec.source.persistent_volume_claim_name
        with self.volume(claim) as volume:
            for look in range(APPEAR_WITHIN if pause is not None else 1):
                if look and pause is not None:
                    pause(LOOK_EVERY)
                for name in self._names(snapshot):
                    place = os.fsencode(f"{SNAPSHOT_DIRECTORY}/{name}")
                    try:
                        return volume.subtree(place)
                    except files.TreeUnavailable:
                        continue
        raise NotMounted(
            f"The files of the snapshot “{snapshot.metadata.name}” can not be read here: there is "
            f"no {SNAPSHOT_DIRECTORY}/{directory_name(snapshot)} in the volume “{claim}”.",
            hint="On Trident, a volume made with the annotation "
            'trident.netapp.io/snapshotDirectory: "true" shows it. Otherwise '
            "clone the snapshot to a new volume.",
        )

    def _names(self, snapshot: VolumeSnapshot) -> list[str]:
        """Return the names its directory may have: by convention, else from its handle."""
        names = [directory_name(snapshot)]
        content = self._catalog.snapshot_content(snapshot)
        if content is not None and content.status.snapshot_handle:
            handle = content.status.snapshot_handle.rpartition("/")[2]
            if handle not in (names[0], ".", "..", ""):
                names.append(handle)
        return names
