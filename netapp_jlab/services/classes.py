"""Which VolumeSnapshotClass serves a volume, and what its driver can do."""

from __future__ import annotations

from collections.abc import Mapping

from netapp_jlab.errors import NotFound, Refused, Unsupported
from netapp_jlab.k8s import naming
from netapp_jlab.k8s.wire import Claim, SnapshotClass, StorageClass
from netapp_jlab.services.catalog import Catalog

TRIDENT = "csi.trident.netapp.io"
CLONES_VOLUMES = frozenset({TRIDENT, "hostpath.csi.k8s.io"})
"""Drivers known to clone a claim without an intermediate snapshot (CSI ``CLONE_VOLUME``).

No object of the API tells this capability; for other drivers a snapshot is the sure way.
"""


class Classes:
    """Chooses classes for a volume.

    Parameters
    ----------
    catalog : Catalog
        Where the classes are read.
    preferred : str
        ``Settings.snapshot_class``: the one to take where a driver has several.
    """

    def __init__(self, catalog: Catalog, preferred: str) -> None:
        self._catalog = catalog
        self._preferred = preferred

    def driver_of(self, claim: Claim) -> str:
        """Return the claim's CSI driver; "" where nothing that may be read names it."""
        annotated = claim.metadata.annotations.get(naming.STORAGE_PROVISIONER)
        if annotated:
            return annotated
        classes = self._catalog.storage_classes()
        known = (classes or {}).get(claim.spec.storage_class_name)
        return known.provisioner if known is not None else ""

    def storage_class(self, name: str) -> StorageClass | None:
        """Return a StorageClass; None where classes may not be read.

        Raises
        ------
        NotFound
            Classes may be read and there is none of this name.
        """
        classes = self._catalog.storage_classes()
        if classes is None:
            return None
        if name not in classes:
            raise NotFound(
                f"There is no storage class “{name}”.",
                hint=f"There are: {_listed(classes) or 'none'}.",
            )
        return classes[name]

    def default_storage_class(self) -> StorageClass | None:
        """Return the cluster's default StorageClass; None without one or where not readable."""
        classes = self._catalog.storage_classes() or {}
        defaults = [one for one in classes.values() if is_default(one, naming.DEFAULT_CLASS)]
        # Kubernetes takes the newest of several defaults.
        return max(defaults, key=lambda one: one.metadata.creation_timestamp, default=None)

    def snapshot_class(self, driver: str, wanted: str = "") -> str:
        """Return the VolumeSnapshotClass for volumes of `driver`.

        Parameters
        ----------
        driver : str
            The CSI driver; empty where it is not known.
        wanted : str
            A class asked for by name.

        Returns
        -------
        str
            Its name; empty to leave the choice to the cluster, where classes may not be read.

        Raises
        ------
        NotFound
            `wanted` does not exist.
        Refused
            `wanted` is another driver's, or there are several and none is the default.
        Unsupported
            The driver has no snapshot class.
        """
        classes = self._catalog.snapshot_classes()
        if classes is None:
            return wanted or self._preferred
        if wanted:
            return self._wanted(classes, driver, wanted)
        if not driver:
            return self._preferred
        fitting = {name: one for name, one in classes.items() if one.driver == driver}
        if self._preferred in fitting:
            return self._preferred
        if not fitting:
            raise Unsupported(
                f"The storage driver “{driver}” has no snapshot class, so it can not snapshot.",
                hint="An administrator can add a VolumeSnapshotClass for this driver if the "
                "driver supports snapshots; or use a volume of another storage class.",
            )
        defaults = [
            name for name, one in fitting.items() if is_default(one, naming.DEFAULT_SNAPSHOT_CLASS)
        ]
        candidates = defaults or list(fitting)
        if len(candidates) > 1:
            which = "default snapshot classes" if defaults else "snapshot classes, none the default"
            raise Refused(
                f"The storage driver “{driver}” has {len(candidates)} {which}: "
                f"{_listed(candidates)}.",
                hint="Name one (NetAppJLab.snapshot_class, or `--snapshot-class`), or ask your "
                "administrator to make one of them the default.",
            )
        return candidates[0]

    def clones_directly(self, driver: str) -> bool:
        """Whether a volume of `driver` is cloned without an intermediate snapshot."""
        if driver in CLONES_VOLUMES:
            return True
        classes = self._catalog.snapshot_classes()
        return classes is not None and not any(one.driver == driver for one in classes.values())

    @staticmethod
    def _wanted(classes: Mapping[str, SnapshotClass], driver: str, wanted: str) -> str:
        if wanted not in classes:
            raise NotFound(
                f"There is no snapshot class “{wanted}”.",
                hint=f"There are: {_listed(classes) or 'none'}.",
            )
        if driver and classes[wanted].driver != driver:
            raise Refused(
                f"The snapshot class “{wanted}” is for the driver “{classes[wanted].driver}”, "
                f"but the volume's is “{driver}”.",
                hint="Leave the class out to take the fitting one.",
            )
        return wanted


def is_default(one: StorageClass | SnapshotClass, annotation: str) -> bool:
    """Whether a class is marked as the default."""
    return one.metadata.annotations.get(annotation) == "true"


def _listed(names: Mapping[str, object] | list[str]) -> str:
    return ", ".join(f"“{name}”" for name in sorted(names))
