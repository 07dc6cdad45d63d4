"""Snapshots get their class and their content, and tell when they are ready.

After the snapshot-controller (``external-snapshotter/pkg/common-controller``); messages and
reasons are its own.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, NoReturn

from netapp_jlab.demo.api.errors import ApiError
from netapp_jlab.demo.controllers import quantity
from netapp_jlab.demo.controllers.controller import Controller, RetryError
from netapp_jlab.demo.controllers.names import (
    AS_SOURCE_FINALIZER,
    BEING_DELETED,
    BOUND_FINALIZER,
    CLAIM_SOURCE_FINALIZER,
)
from netapp_jlab.demo.controllers.objects import (
    add_finalizer,
    being_deleted,
    finalizers,
    key_of,
    reference,
    remove_finalizer,
    same_reference,
    set_annotation,
    status,
    timestamp,
)
from netapp_jlab.demo.controllers.snapshot_sources import SnapshotSourceError, SnapshotSources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netapp_jlab.demo.controllers.cluster import Cluster
    from netapp_jlab.demo.controllers.objects import Object

__all__ = ["SnapshotController", "content_name"]


def content_name(snapshot: Object) -> str:
    """Name of the content that is made for a snapshot."""
    return f"snapcontent-{snapshot['metadata']['uid']}"


class SnapshotController(Controller):
    """Brings VolumeSnapshots and their contents together."""

    component = "snapshot-controller"
    watches = (
        "VolumeSnapshot",
        "VolumeSnapshotContent",
        "VolumeSnapshotClass",
        "PersistentVolumeClaim",
    )
    workers = 3
    delays = (1.0, 300.0)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._sources = SnapshotSources(cluster)

    def concerns(self, obj: Object) -> Iterable[str]:
        """Return the snapshots that a change may bring forward."""
        unready = self.cluster.unready_snapshots_by_claim
        if obj["kind"] == "VolumeSnapshot":
            return (key_of(obj),)
        if obj["kind"] == "VolumeSnapshotContent":
            ref = obj["spec"]["volumeSnapshotRef"]
            return (f"{ref['namespace']}/{ref['name']}",)
        if obj["kind"] == "VolumeSnapshotClass":
            return unready.mentioning()
        source = obj["spec"].get("dataSource") or {}
        namespace = obj["metadata"]["namespace"]
        restored = (
            [f"{namespace}/{source['name']}"] if source.get("kind") == "VolumeSnapshot" else []
        )
        return {*unready.get(key_of(obj)), *restored}

    def reconcile(self, key: str) -> None:
        """Bring one snapshot forward."""
        snapshot = self.cluster.find("VolumeSnapshot", key)
        if snapshot is None:
            return
        if being_deleted(snapshot):
            self._release_claim(snapshot)
            self._delete(snapshot)
            return
        if snapshot["spec"]["source"].get("volumeSnapshotContentName"):
            self._bind(snapshot)
        elif not _settled(snapshot):
            self._cut(snapshot)
        else:
            self._check_ready(snapshot)

    # Dynamic snapshots -----------------------------------------------------------------------

    def _cut(self, snapshot: Object) -> None:
        """See that a snapshot of a claim has a class and a content, and follow the content."""
        chosen = self._with_class(snapshot)
        snapshot = self._protect(chosen) or chosen
        content = self.cluster.find("VolumeSnapshotContent", content_name(snapshot))
        if content is None:
            content = self._create_content(snapshot)
        elif not same_reference(content["spec"]["volumeSnapshotRef"], snapshot):
            name = content["metadata"]["name"]
            message = f"VolumeSnapshotContent [{name}] is bound to a different snapshot"
            self._fail(snapshot, "SnapshotContentMisbound", message)
        self._follow(snapshot, content)

    def _with_class(self, snapshot: Object) -> Object:
        name = snapshot["spec"].get("volumeSnapshotClassName")
        if name:
            if self.cluster.find("VolumeSnapshotClass", name) is None:
                message = (
                    "Failed to get snapshot class with error "
                    f'volumesnapshotclass.snapshot.storage.k8s.io "{name}" not found'
                )
                self._fail(snapshot, "GetSnapshotClassFailed", message, unready=False)
            return snapshot
        try:
            chosen = self._sources.default_class(snapshot)
        except SnapshotSourceError as error:
            message = f"Failed to set default snapshot class with error {error}"
            self._fail(snapshot, "SetDefaultSnapshotClassFailed", message, unready=False)
        return self._gone_unless(
            self.cluster.change(
                snapshot, lambda new: new["spec"].update(volumeSnapshotClassName=chosen)
            )
        )

    def _protect(self, snapshot: Object) -> Object | None:
        return self.cluster.change(snapshot, lambda new: add_finalizer(new, AS_SOURCE_FINALIZER))

    def _create_content(self, snapshot: Object) -> Object:
        try:
            spec = self._sources.content_spec(snapshot)
        except SnapshotSourceError as error:
            message = f"Failed to create snapshot content with error {error}"
            self._fail(snapshot, "SnapshotContentCreationFailed", message)
        spec["volumeSnapshotRef"] = reference(snapshot)
        content = {"metadata": {"name": content_name(snapshot)}, "spec": spec}
        try:
            stored = self.cluster.store.create("VolumeSnapshotContent", content)
        except ApiError as error:
            if error.reason == "AlreadyExists":  # another worker's; it is found next time
                raise RetryError(str(error)) from error
            raise
        self.recorder.normal(
            snapshot,
            "CreatingSnapshot",
            f"Waiting for a snapshot {key_of(snapshot)} to be created by the CSI driver.",
        )
        return stored

    # Pre-provisioned snapshots ---------------------------------------------------------------

    def _bind(self, snapshot: Object) -> None:
        """Bind a snapshot to the content that it names."""
        self._protect(snapshot)
        name = snapshot["spec"]["source"]["volumeSnapshotContentName"]
        content = self.cluster.find("VolumeSnapshotContent", name)
        if content is None:
            self._fail(snapshot, "SnapshotContentMissing", "VolumeSnapshotContent is missing")
        if not content["spec"]["source"].get("snapshotHandle"):
            message = (
                "VolumeSnapshotContent is dynamically provisioned while expecting a "
                "pre-provisioned one"
            )
            self._fail(snapshot, "SnapshotContentMismatch", message)
        ref, meta = content["spec"]["volumeSnapshotRef"], snapshot["metadata"]
        named = (ref.get("namespace"), ref.get("name")) == (meta["namespace"], meta["name"])
        if not named or ref.get("uid") not in (None, "", meta["uid"]):
            message = f"VolumeSnapshotContent [{name}] is bound to a different snapshot"
            self._fail(snapshot, "SnapshotContentMisbound", message)

        def bind(new: Object) -> None:
            new["spec"]["volumeSnapshotRef"]["uid"] = meta["uid"]
            chosen = snapshot["spec"].get("volumeSnapshotClassName")
            if chosen:
                new["spec"].setdefault("volumeSnapshotClassName", chosen)

        bound = self.cluster.change(content, bind)
        if bound is not None:
            self._follow(snapshot, bound)

    # Both ------------------------------------------------------------------------------------

    def _follow(self, snapshot: Object, content: Object) -> None:
        """Copy what the content tells to the snapshot."""
        if content["spec"]["deletionPolicy"] == "Delete":
            self.cluster.change(snapshot, lambda new: add_finalizer(new, BOUND_FINALIZER))
        before = status(snapshot)
        stored = self.cluster.change(
            snapshot, lambda new: _copy_status(new, content), subresource="status"
        )
        if stored is None:
            return
        key, now = key_of(snapshot), status(stored)
        if now.get("creationTime") and not before.get("creationTime"):
            message = f"Snapshot {key} was successfully created by the CSI driver."
            self.recorder.normal(snapshot, "SnapshotCreated", message)
        if now.get("readyToUse") and not before.get("readyToUse"):
            self.recorder.normal(snapshot, "SnapshotReady", f"Snapshot {key} is ready to use.")
        if now.get("readyToUse"):
            self._release_claim(stored)

    def _check_ready(self, snapshot: Object) -> None:
        self._release_claim(snapshot)
        content = self.cluster.find(
            "VolumeSnapshotContent", status(snapshot)["boundVolumeSnapshotContentName"]
        )
        if content is None:
            self._fail(snapshot, "SnapshotContentMissing", "VolumeSnapshotContent is missing")
        if not same_reference(content["spec"]["volumeSnapshotRef"], snapshot):
            message = "VolumeSnapshotContent is not bound to the VolumeSnapshot correctly"
            self._fail(snapshot, "SnapshotMisbound", message)

    def _release_claim(self, snapshot: Object) -> None:
        """Stop holding the source once no snapshot of it is being cut."""
        name = snapshot["spec"]["source"].get("persistentVolumeClaimName")
        if not name:
            return
        key = f"{snapshot['metadata']['namespace']}/{name}"
        claim = self.cluster.find("PersistentVolumeClaim", key)
        if claim is None or CLAIM_SOURCE_FINALIZER not in finalizers(claim):
            return
        others = set(self.cluster.unready_snapshots_by_claim.get(key)) - {key_of(snapshot)}
        if not any(self._holds(other) for other in others):
            self.cluster.change(claim, lambda new: remove_finalizer(new, CLAIM_SOURCE_FINALIZER))

    def _holds(self, key: str) -> bool:
        other = self.cluster.find("VolumeSnapshot", key)
        return (
            other is not None and not being_deleted(other) and not status(other).get("readyToUse")
        )

    def _delete(self, snapshot: Object) -> None:
        """Delete the content if its policy says so, and let the snapshot go after it."""
        content = self._content_of(snapshot)
        restoring = f"VolumeSnapshot/{key_of(snapshot)}"
        if content is not None and self.cluster.pending_claims_by_source.get(restoring):
            self.recorder.warning(
                snapshot, "SnapshotDeletePending", "Snapshot is being used to restore a PVC"
            )
            raise RetryError("in use by a claim that is being restored")
        if content is not None:
            self.cluster.change(content, lambda new: set_annotation(new, BEING_DELETED, "yes"))
        cascades = content is not None and content["spec"]["deletionPolicy"] == "Delete"
        if content is not None and cascades:
            self.cluster.delete(content)
            cascades = self.cluster.find("VolumeSnapshotContent", key_of(content)) is not None

        def let_go(new: Object) -> None:
            remove_finalizer(new, AS_SOURCE_FINALIZER)
            if not cascades:
                remove_finalizer(new, BOUND_FINALIZER)

        self.cluster.change(snapshot, let_go)

    def _content_of(self, snapshot: Object) -> Object | None:
        name = status(snapshot).get("boundVolumeSnapshotContentName") or content_name(snapshot)
        content = self.cluster.find("VolumeSnapshotContent", name)
        if content is None or not same_reference(content["spec"]["volumeSnapshotRef"], snapshot):
            return None
        return content

    def _fail(
        self, snapshot: Object, reason: str, message: str, *, unready: bool = True
    ) -> NoReturn:
        """Write an error to the status, once, and try again later."""
        if (status(snapshot).get("error") or {}).get("message") != message:

            def edit(new: Object) -> None:
                found = {**status(new), "error": {"time": timestamp(), "message": message}}
                if unready:
                    found["readyToUse"] = False
                new["status"] = found

            self.cluster.change(snapshot, edit, subresource="status")
            self.recorder.warning(snapshot, reason, message)
        raise RetryError(message)

    def _gone_unless(self, stored: Object | None) -> Object:
        if stored is None:
            raise RetryError("deleted meanwhile")
        return stored


def _settled(snapshot: Object) -> bool:
    found = status(snapshot)
    return bool(found.get("readyToUse") and found.get("boundVolumeSnapshotContentName"))


def _copy_status(new: Object, content: Object) -> None:
    """After ``updateSnapshotStatus``: creation time and size are only set once."""
    told, found = status(content), dict(status(new))
    found.setdefault("boundVolumeSnapshotContentName", content["metadata"]["name"])
    found["readyToUse"] = bool(told.get("readyToUse"))
    if told.get("creationTime"):
        cut_at = datetime.fromtimestamp(told["creationTime"] / 1e9, timezone.utc)
        found.setdefault("creationTime", timestamp(cut_at))
    if told.get("restoreSize") is not None:
        found.setdefault("restoreSize", quantity.write_binary(told["restoreSize"]))
    if told.get("error"):
        found["error"] = told["error"]
    else:
        found.pop("error", None)
    new["status"] = found
