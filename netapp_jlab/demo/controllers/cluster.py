"""What the controllers share: the store, the storage array, the faults to play, the recorder."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.controllers.index import Index
from netapp_jlab.demo.controllers.names import DATA_SOURCE_KINDS
from netapp_jlab.demo.controllers.objects import (
    being_deleted,
    claim_class,
    claim_keys_of_pod,
    key_of,
    phase,
    split_key,
    status,
)
from netapp_jlab.demo.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from netapp_jlab.demo.api.faults import Step
    from netapp_jlab.demo.api.store import Store
    from netapp_jlab.demo.controllers.objects import Object
    from netapp_jlab.demo.storage import Storage

__all__ = ["Cluster", "StorageFaults"]

_TRIES = 10  # of a change that others keep getting ahead of


class StorageFaults(Protocol):
    """How the array behaves badly on demand (:class:`netapp_jlab.demo.api.faults.Faults`)."""

    def delay(self, step: Step) -> float:
        """Return the seconds that a step takes longer."""

    def fails(self, step: Step) -> bool:
        """Say whether a step is to fail this time."""


class Cluster:
    """The world as a controller sees it.

    Parameters
    ----------
    store : Store
        All objects.
    storage : Storage
        The array behind the volumes.
    faults : StorageFaults
        What to do badly.

    Attributes
    ----------
    stopping : threading.Event
        Set when the controllers stop; delays end with it.
    """

    def __init__(self, store: Store, storage: Storage, faults: StorageFaults) -> None:
        self.store = store
        self.storage = storage
        self.faults = faults
        self.stopping = threading.Event()
        self.pods_by_claim = Index("Pod", claim_keys_of_pod)
        self.unready_snapshots_by_claim = Index("VolumeSnapshot", _unready_source)
        self.pending_claims_by_source = Index("PersistentVolumeClaim", _pending_source)
        self.pending_claims_by_class = Index("PersistentVolumeClaim", _pending_class)
        self.volumes_by_claim = Index("PersistentVolume", _claim_of_volume)
        self.free_volumes = Index("PersistentVolume", _free_volume)
        self.claims_by_volume = Index("PersistentVolumeClaim", _volume_of_claim)
        self.quotas_by_namespace = Index(
            "ResourceQuota", lambda obj: [obj["metadata"]["namespace"]]
        )
        self.going_namespaces = Index("Namespace", _going)
        self.dependents = Index("*", _owners)

    @property
    def indexes(self) -> list[Index]:
        """Every index, to be kept up to date from the watch."""
        return [value for value in vars(self).values() if isinstance(value, Index)]

    def endure(self, step: Step) -> None:
        """Take as long over a step of the array as is set, and fail as often.

        Raises
        ------
        StorageError
            The step is to fail.
        """
        self.stopping.wait(self.faults.delay(step))
        if self.faults.fails(step):
            raise StorageError(f"{step} failed because it was told to")

    def find(self, kind: str, key: str) -> Object | None:
        """Return an object by its key, None where there is none."""
        namespace, name = split_key(key)
        try:
            return self.store.get(kind, namespace, name)
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def change(
        self,
        obj: Object,
        edit: Callable[[Object], Any],
        *,
        subresource: str | None = None,
    ) -> Object | None:
        """Apply `edit` to the newest version of an object and store it.

        Nothing is stored when `edit` changes nothing, and an object of the same name with another
        uid is left alone.

        Returns
        -------
        Object | None
            The stored object; None when it is gone.

        Raises
        ------
        ApiError
            The change is refused, or others were faster ten times in a row.
        """
        for attempt in range(1, _TRIES + 1):
            new = self.find(obj["kind"], key_of(obj))
            if new is None or new["metadata"]["uid"] != obj["metadata"]["uid"]:
                return None
            before = msgspec.json.encode(new)
            edit(new)
            if msgspec.json.encode(new) == before:
                return new
            try:
                return self.store.update(obj["kind"], new, subresource=subresource)
            except ApiError as error:
                if error.code == 404:
                    return None
                if error.code != 409 or attempt == _TRIES:
                    raise
        return None

    def delete(self, obj: Object, **options: Any) -> None:
        """Delete this very object, if it is still there."""
        namespace, name = split_key(key_of(obj))
        try:
            self.store.delete(
                obj["kind"],
                namespace,
                name,
                preconditions={"uid": obj["metadata"]["uid"]},
                **options,
            )
        except ApiError as error:
            if error.code not in (404, 409):
                raise


def _unready_source(snapshot: Object) -> list[str]:
    claim = snapshot["spec"]["source"].get("persistentVolumeClaimName")
    if not claim or status(snapshot).get("readyToUse"):
        return []
    return [f"{snapshot['metadata']['namespace']}/{claim}"]


def _pending_source(claim: Object) -> list[str]:
    source = claim["spec"].get("dataSource") or claim["spec"].get("dataSourceRef")
    if not source or source.get("kind") not in DATA_SOURCE_KINDS or phase(claim) == "Bound":
        return []
    return [f"{source['kind']}/{claim['metadata']['namespace']}/{source['name']}"]


def _pending_class(claim: Object) -> list[str]:
    return [] if claim["spec"].get("volumeName") else [claim_class(claim) or ""]


def _claim_of_volume(volume: Object) -> list[str]:
    ref = volume["spec"].get("claimRef")
    return [f"{ref['namespace']}/{ref['name']}"] if ref else []


def _free_volume(volume: Object) -> list[str]:
    ref = volume["spec"].get("claimRef")
    return [] if ref else [volume["spec"].get("storageClassName") or ""]


def _going(namespace: Object) -> list[str]:
    return ["going"] if being_deleted(namespace) else []


def _owners(obj: Object) -> list[str]:
    return [ref["uid"] for ref in obj["metadata"].get("ownerReferences") or ()]


def _volume_of_claim(claim: Object) -> list[str]:
    name = claim["spec"].get("volumeName")
    return [name] if name else []
