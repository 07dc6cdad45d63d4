"""Volumes and snapshots."""

from __future__ import annotations

import os
from typing import Any

import grpc

from netapp_jlab.demo.storage import ExistsError, SizeError, Snapshot, Source, Storage, Volume

from .calls import gone_if_none_of_ours, need, refusals
from .faults import Faults
from .modes import limits, need_capabilities, obstacle
from .protocol import csi, csi_grpc

SHOW = "showSnapshots"
"""Parameter of a storage class: whether its volumes show ``.snapshot``, as ONTAP's may."""
PVC_NAMESPACE = "csi.storage.k8s.io/pvc/namespace"
SNAPSHOT_NAMESPACE = "csi.storage.k8s.io/volumesnapshot/namespace"
"""Parameters that the sidecars add with ``--extra-create-metadata``."""
SMALLEST = 1024**2
"""Bytes of a volume for which no size was asked."""


class Controller(csi_grpc.ControllerServicer):  # type: ignore[misc]
    """The controller service.

    Parameters
    ----------
    storage : Storage
        The array.
    faults : Faults
        What is to go wrong.
    """

    def __init__(self, storage: Storage, faults: Faults) -> None:
        self._storage = storage
        self._faults = faults

    def ControllerGetCapabilities(self, request: Any, context: Any) -> Any:  # noqa: N802
        rpc = csi.ControllerServiceCapability.RPC
        kinds = (
            rpc.CREATE_DELETE_VOLUME,
            rpc.CREATE_DELETE_SNAPSHOT,
            rpc.CLONE_VOLUME,
            rpc.EXPAND_VOLUME,
            rpc.LIST_VOLUMES,
            rpc.LIST_SNAPSHOTS,
            rpc.GET_CAPACITY,
            rpc.SINGLE_NODE_MULTI_WRITER,
        )
        return csi.ControllerGetCapabilitiesResponse(
            capabilities=[csi.ControllerServiceCapability(rpc=rpc(type=kind)) for kind in kinds]
        )

    # --- Volumes ---------------------------------------------------------------------------------

    def CreateVolume(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        need(request.name, "name", context)
        need_capabilities(request.volume_capabilities, context)
        if why := obstacle(request.volume_capabilities):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)
        least, most = limits(request.capacity_range, context)
        self._faults.endure("CreateVolume", context, request.parameters[PVC_NAMESPACE])
        size = least or most or SMALLEST
        with refusals(context):
            made = self._made(request, size, most)
            if made.size < size:  # a clone has its source's size at first
                made = self._storage.expand_volume(made.handle, size)
        return csi.CreateVolumeResponse(
            volume=csi.Volume(
                volume_id=made.handle,
                capacity_bytes=made.size,
                volume_context=dict(request.parameters),
                content_source=request.volume_content_source
                if request.HasField("volume_content_source")
                else None,
            )
        )

    def _made(self, request: Any, size: int, most: int) -> Volume:
        source = _source(request.volume_content_source)
        if source is not None:
            smallest = self._size_of(source)
            if most and smallest > most:
                raise SizeError(f"{source.handle} has {smallest} bytes, over the limit of {most}")
            size = min(size, smallest)
        shown = request.parameters.get(SHOW, "false") == "true"
        made = self._storage.create_volume(request.name, size, source, show_snapshots=shown)
        if made.show_snapshots is not shown or (most and made.size > most):
            raise ExistsError(f"volume {made.handle} already exists and differs")
        return made

    def _size_of(self, source: Source) -> int:
        if source.kind == "volume":
            return self._storage.volume(source.handle).size
        parent = self._storage.snapshot(source.handle).volume
        kept = self._storage.list_volumes(deleting=True)
        return next(volume.size for volume in kept if volume.handle == parent)

    def DeleteVolume(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        need(request.volume_id, "volume_id", context)
        self._faults.endure("DeleteVolume", context)
        with refusals(context), gone_if_none_of_ours():
            self._storage.delete_volume(request.volume_id)
        return csi.DeleteVolumeResponse()

    def ControllerExpandVolume(self, request: Any, context: Any) -> Any:  # noqa: N802
        need(request.volume_id, "volume_id", context)
        least, most = limits(request.capacity_range, context)
        if not (least or most):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "capacity_range is missing")
        if request.HasField("volume_capability"):
            need_capabilities([request.volume_capability], context)
            if why := obstacle([request.volume_capability]):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)
        self._faults.endure("ControllerExpandVolume", context)
        with refusals(context):
            has = self._storage.volume(request.volume_id).size
            if most and has > most:
                raise SizeError(f"it has {has} bytes, over the limit of {most}, and never shrinks")
            grown = self._storage.expand_volume(request.volume_id, least)
        return csi.ControllerExpandVolumeResponse(
            capacity_bytes=grown.size, node_expansion_required=False
        )

    def ListVolumes(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        found = self._storage.list_volumes()
        page, following = _page(found, request, context)
        return csi.ListVolumesResponse(
            entries=[
                csi.ListVolumesResponse.Entry(
                    volume=csi.Volume(volume_id=volume.handle, capacity_bytes=volume.size)
                )
                for volume in page
            ],
            next_token=following,
        )

    def ValidateVolumeCapabilities(self, request: Any, context: Any) -> Any:  # noqa: N802
        need(request.volume_id, "volume_id", context)
        need_capabilities(request.volume_capabilities, context)
        with refusals(context):
            self._storage.volume(request.volume_id)
        if why := obstacle(request.volume_capabilities):
            return csi.ValidateVolumeCapabilitiesResponse(message=why)
        confirmed = csi.ValidateVolumeCapabilitiesResponse.Confirmed
        return csi.ValidateVolumeCapabilitiesResponse(
            confirmed=confirmed(volume_capabilities=request.volume_capabilities)
        )

    def GetCapacity(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if obstacle(request.volume_capabilities):  # no volume could be made for them
            return csi.GetCapacityResponse(available_capacity=0)
        space = os.statvfs(self._storage.root)
        return csi.GetCapacityResponse(available_capacity=space.f_bavail * space.f_frsize)

    # --- Snapshots -------------------------------------------------------------------------------

    def CreateSnapshot(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        need(request.name, "name", context)
        need(request.source_volume_id, "source_volume_id", context)
        self._faults.endure("CreateSnapshot", context, request.parameters[SNAPSHOT_NAMESPACE])
        taken = (one for one in self._storage.list_snapshots() if one.name == request.name)
        if any(one.volume != request.source_volume_id for one in taken):
            context.abort(grpc.StatusCode.ALREADY_EXISTS, "a snapshot of another volume")
        with refusals(context):
            cut = self._storage.create_snapshot(request.source_volume_id, request.name)
        return csi.CreateSnapshotResponse(snapshot=self._described(cut))

    def DeleteSnapshot(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        need(request.snapshot_id, "snapshot_id", context)
        self._faults.endure("DeleteSnapshot", context)
        with refusals(context), gone_if_none_of_ours():
            self._storage.delete_snapshot(request.snapshot_id)
        return csi.DeleteSnapshotResponse()

    def ListSnapshots(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        found = [
            one
            for one in self._storage.list_snapshots()
            if request.source_volume_id in ("", one.volume)
            and request.snapshot_id in ("", one.handle)
        ]
        page, following = _page(found, request, context)
        entry = csi.ListSnapshotsResponse.Entry
        return csi.ListSnapshotsResponse(
            entries=[entry(snapshot=self._described(one)) for one in page], next_token=following
        )

    def _described(self, snapshot: Snapshot) -> Any:
        described = csi.Snapshot(
            snapshot_id=snapshot.handle,
            source_volume_id=snapshot.volume,
            size_bytes=snapshot.size,
            ready_to_use=self._faults.ready,
        )
        described.creation_time.FromDatetime(snapshot.created_at)
        return described


def _source(content: Any) -> Source | None:
    kind = content.WhichOneof("type")
    if kind is None:
        return None
    if kind == "snapshot":
        return Source(kind="snapshot", handle=content.snapshot.snapshot_id)
    return Source(kind="volume", handle=content.volume.volume_id)


def _page(found: list[Any], request: Any, context: grpc.ServicerContext) -> tuple[list[Any], str]:
    """Return the page that is asked for, and the token of the next one."""
    if request.max_entries < 0:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "max_entries is negative")
    start = request.starting_token or "0"
    if not start.isdecimal() or int(start) > len(found):
        context.abort(grpc.StatusCode.ABORTED, "the token is not valid: begin anew")
    end = int(start) + (request.max_entries or len(found))
    return found[int(start) : end], str(end) if end < len(found) else ""
