"""Filling a fresh cluster: two volumes with a history of some days.

The objects are the controllers' work, as ever; only that they are backdated is special, which no
real cluster allows.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers.objects import key_of, status, timestamp
from netapp_jlab.demo.project.access import ACCOUNT, NAMESPACE, add_account
from netapp_jlab.demo.project.classes import add_classes
from netapp_jlab.demo.project.stages import SHARED, WORKSPACE, Stage, apply
from netapp_jlab.k8s import naming, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netapp_jlab.demo.api.auth.users import User
    from netapp_jlab.demo.api.kinds import Kind
    from netapp_jlab.demo.api.store import Store
    from netapp_jlab.demo.controllers.objects import Object
    from netapp_jlab.demo.storage import Storage

__all__ = ["SHARED_CLAIM", "WORKSPACE_CLAIM", "seed"]

WORKSPACE_CLAIM = "claim-ada"
SHARED_CLAIM = "shared-datasets"
_SIZES = {WORKSPACE_CLAIM: 10 * 1024**3, SHARED_CLAIM: 100 * 1024**3}
_PATIENCE = 60.0  # seconds for the controllers to bind and cut


def seed(store: Store, storage: Storage) -> None:
    """Make the demo's namespace, account, volumes and snapshots.

    Only for a cluster without them. The controllers have to run.

    Parameters
    ----------
    store, storage
        Of the cluster.

    Raises
    ------
    TimeoutError
        The controllers did not do their part.
    """
    add_classes(store)
    add_account(store)
    with _Backdating(store) as past:
        now = datetime.now(timezone.utc)
        shared = _Volume(store, storage, past, SHARED_CLAIM, now - timedelta(days=21))
        workspace = _Volume(store, storage, past, WORKSPACE_CLAIM, now - timedelta(days=7))
        os.symlink(os.path.join(os.pardir, shared.handle), os.path.join(workspace.path, "shared"))
        for volume, history in ((shared, SHARED), (workspace, WORKSPACE)):
            for stage in history:
                volume.pass_through(stage, now)
        for volume in (shared, workspace):
            volume.wait_until_ready()
        _add_pod(store, past, now - timedelta(hours=5))


class _Backdating:
    """Gives the objects of the past their time, and a uid that is known beforehand."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str], tuple[datetime, str]] = {}

    def __enter__(self) -> _Backdating:  # noqa: PYI034 - Self came with Python 3.11
        self._store.mutation.append(self._mutate)
        return self

    def __exit__(self, *_: object) -> None:
        self._store.mutation.remove(self._mutate)

    def expect(self, kind: str, name: str, when: datetime, uid: str = "") -> None:
        """Backdate an object that somebody is about to create."""
        self._known[kind, name] = (when, uid)

    def _mutate(
        self,
        operation: str,
        kind: Kind,
        new: Object | None,
        _old: Object | None,
        _user: User | None,
    ) -> None:
        if operation != "CREATE" or new is None:
            return
        when, uid = self._known.get((kind.kind, new["metadata"]["name"]), (None, ""))
        if when is not None:
            new["metadata"]["creationTimestamp"] = timestamp(when)
        if uid:
            new["metadata"]["uid"] = uid


class _Volume:
    """One claim in the making, ahead of the controllers: they find its volume on the array."""

    def __init__(
        self, store: Store, storage: Storage, past: _Backdating, name: str, made: datetime
    ) -> None:
        self._store, self._storage, self._past = store, storage, past
        self._name = name
        self._uid = str(uuid.uuid4())
        self._snapshots: list[str] = []
        self.handle = f"pvc-{self._uid}"
        storage.create_volume(self.handle, _SIZES[name])
        self.path = storage.path(self.handle)
        os.chmod(self.path, 0o755)  # noqa: S103 - a home, not a public place
        past.expect("PersistentVolumeClaim", name, made, self._uid)
        past.expect("PersistentVolume", self.handle, made)
        claim = objects.claim(name, size=_SIZES[name], access_modes=["ReadWriteMany"])
        claim["metadata"]["namespace"] = NAMESPACE
        store.create("PersistentVolumeClaim", claim)

    def pass_through(self, stage: Stage, now: datetime) -> None:
        """Do what happened on that day, and cut the snapshot that was cut then."""
        apply(stage, self.path, now)
        if not stage.snapshot:
            return
        when, uid = now - stage.age, str(uuid.uuid4())
        self._storage.create_snapshot(self.handle, f"snapshot-{uid}", created_at=when)
        self._past.expect("VolumeSnapshot", stage.snapshot, when, uid)
        self._past.expect("VolumeSnapshotContent", f"snapcontent-{uid}", when)
        snapshot = objects.snapshot(
            stage.snapshot,
            claim=self._name,
            claim_uid=self._uid,
            annotations={
                naming.NOTE: stage.note,
                naming.AUTHOR: stage.author,
                naming.ORIGIN: json.dumps(stage.origin),
            },
        )
        snapshot["metadata"]["namespace"] = NAMESPACE
        self._store.create("VolumeSnapshot", snapshot)
        self._snapshots.append(stage.snapshot)

    def wait_until_ready(self) -> None:
        """Wait for the controllers to bind the claim and take over the snapshots."""
        claim = self._store.get("PersistentVolumeClaim", NAMESPACE, self._name)
        _wait(self._store, claim, lambda found: status(found).get("phase") == "Bound")
        for name in self._snapshots:
            snapshot = self._store.get("VolumeSnapshot", NAMESPACE, name)
            _wait(self._store, snapshot, lambda found: bool(status(found).get("readyToUse")))


def _add_pod(store: Store, past: _Backdating, when: datetime) -> None:
    """Add the pod that the workspace would run in, so that its volumes are seen to be in use."""
    name = f"jupyter-{ACCOUNT}"
    past.expect("Pod", name, when)
    mounts = {WORKSPACE_CLAIM: "/home/jovyan", SHARED_CLAIM: "/home/jovyan/shared"}
    pod = store.create(
        "Pod",
        {
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "labels": {"app": "jupyterhub", "component": "singleuser-server"},
            },
            "spec": {
                "serviceAccountName": ACCOUNT,
                "containers": [
                    {
                        "name": "notebook",
                        "image": "quay.io/jupyter/minimal-notebook",
                        "volumeMounts": [
                            {"name": claim, "mountPath": path} for claim, path in mounts.items()
                        ],
                    }
                ],
                "volumes": [
                    {"name": claim, "persistentVolumeClaim": {"claimName": claim}}
                    for claim in mounts
                ],
            },
        },
    )
    _wait(store, pod, lambda found: status(found).get("phase") == "Running")


def _wait(store: Store, obj: Object, reached: Callable[[Object], bool]) -> None:
    """Wait on the watch until an object is as it should be."""
    deadline = time.monotonic() + _PATIENCE
    for found in _versions(store, obj, deadline):
        if reached(found):
            return
    raise TimeoutError(f"{obj['kind']} {key_of(obj)} did not get ready within {_PATIENCE:.0f} s")


def _versions(store: Store, obj: Object, deadline: float) -> Iterator[Object]:
    meta = obj["metadata"]
    selector = f"metadata.name={meta['name']}"
    watch = store.watch(obj["kind"], meta["namespace"], field_selector=selector)
    with watch:
        while (event := watch.get(deadline - time.monotonic())) is not None:
            yield event.object
