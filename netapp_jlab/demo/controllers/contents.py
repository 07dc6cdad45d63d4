"""Contents are cut on the array, and deleted there.

After the csi-snapshotter (``external-snapshotter/pkg/sidecar-controller``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from netapp_jlab.demo.controllers.controller import Controller, RetryError
from netapp_jlab.demo.controllers.csi import rpc_error
from netapp_jlab.demo.controllers.names import (
    BEING_CREATED,
    BEING_DELETED,
    CONTENT_FINALIZER,
    DRIVERS,
)
from netapp_jlab.demo.controllers.objects import (
    add_finalizer,
    annotations_of,
    being_deleted,
    finalizers,
    remove_finalizer,
    set_annotation,
    status,
    timestamp,
)
from netapp_jlab.demo.storage import StorageError

if TYPE_CHECKING:
    from netapp_jlab.demo.controllers.objects import Object
    from netapp_jlab.demo.storage import Snapshot

__all__ = ["ContentController"]


class ContentController(Controller):
    """Cuts and deletes snapshots on the array."""

    component = "csi-snapshotter csi.trident.netapp.io"
    watches = ("VolumeSnapshotContent",)
    workers = 4
    delays = (1.0, 300.0)

    def reconcile(self, key: str) -> None:
        """Bring one content forward."""
        content = self.cluster.find("VolumeSnapshotContent", key)
        if content is None or content["spec"]["driver"] not in DRIVERS:
            return
        if being_deleted(content):
            if _to_be_deleted(content):
                self._delete(content)
            return
        protected = self.cluster.change(content, lambda new: add_finalizer(new, CONTENT_FINALIZER))
        if protected is not None and not status(protected).get("readyToUse"):
            self._make_ready(protected)

    def _make_ready(self, content: Object) -> None:
        first = "status" not in content
        try:
            snapshot = self._find(content) or self._cut(content)
        except StorageError as error:
            self._fail(content, error, first=first)
        self.cluster.change(content, lambda new: _tell(new, snapshot), subresource="status")
        self.cluster.change(content, _stop_creating)

    def _find(self, content: Object) -> Snapshot | None:
        """Return the snapshot that a pre-provisioned content names."""
        handle = content["spec"]["source"].get("snapshotHandle")
        return self.cluster.storage.snapshot(handle) if handle else None

    def _cut(self, content: Object) -> Snapshot:
        self.cluster.change(content, lambda new: set_annotation(new, BEING_CREATED, "yes"))
        self.cluster.endure("snapshot")
        name = f"snapshot-{content['spec']['volumeSnapshotRef']['uid']}"
        handle = content["spec"]["source"]["volumeHandle"]
        return self.cluster.storage.create_snapshot(handle, name)

    def _fail(self, content: Object, error: StorageError, *, first: bool) -> NoReturn:
        handle = content["spec"]["source"].get("volumeHandle")
        failure = rpc_error(error)
        if handle:
            failure = f'failed to take snapshot of the volume {handle}: "{failure}"'
        else:
            name = content["metadata"]["name"]
            failure = f'failed to list snapshot for content {name}: "{failure}"'
        reason, doing = (
            ("SnapshotCreationFailed", "create snapshot")
            if first and handle
            else ("SnapshotContentCheckandUpdateFailed", "check and update snapshot content")
        )
        message = f"Failed to {doing}: {failure}"
        self.cluster.change(content, _stop_creating)
        if (status(content).get("error") or {}).get("message") != message:

            def edit(new: Object) -> None:
                found = {"time": timestamp(), "message": message}
                new["status"] = {**status(new), "error": found, "readyToUse": False}

            self.cluster.change(content, edit, subresource="status")
            self.recorder.warning(content, reason, message)
        raise RetryError(message)

    def _delete(self, content: Object) -> None:
        """Delete the snapshot on the array, unless the policy is to keep it, then let go."""
        if content["spec"]["deletionPolicy"] == "Delete":
            handle = status(content).get("snapshotHandle") or _expected_handle(content)
            try:
                self.cluster.endure("delete")
                self.cluster.storage.delete_snapshot(handle)
            except StorageError as error:
                self.recorder.warning(content, "SnapshotDeleteError", "Failed to delete snapshot")
                raise RetryError(rpc_error(error)) from error
        if CONTENT_FINALIZER in finalizers(content):
            self.cluster.change(content, lambda new: remove_finalizer(new, CONTENT_FINALIZER))


def _expected_handle(content: Object) -> str:
    """Handle of what was asked for but never reported: a kill may have come in between."""
    source = content["spec"]["source"]
    uid = content["spec"]["volumeSnapshotRef"].get("uid")
    return str(source.get("snapshotHandle") or f"{source['volumeHandle']}/snapshot-{uid}")


def _to_be_deleted(content: Object) -> bool:
    """After ``shouldDelete``: only once the snapshot itself is going, or never was bound.

    The mark of a snapshot being cut doesn't count: no other worker has this content, so one that
    is found was left by a process that was killed.
    """
    ref = content["spec"]["volumeSnapshotRef"]
    if content["spec"]["source"].get("snapshotHandle") and not ref.get("uid"):
        return True
    return BEING_DELETED in annotations_of(content)


def _tell(new: Object, snapshot: Snapshot) -> None:
    new["status"] = {
        "creationTime": int(snapshot.created_at.timestamp() * 1e9),
        "readyToUse": snapshot.ready,
        "restoreSize": snapshot.size,
        "snapshotHandle": snapshot.handle,
    }


def _stop_creating(new: Object) -> None:
    found = new["metadata"].get("annotations") or {}
    found.pop(BEING_CREATED, None)
    if not found:
        new["metadata"].pop("annotations", None)
