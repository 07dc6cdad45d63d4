"""Mounts volumes into pods."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import grpc

from netapp_jlab.demo.storage import SNAPSHOT_DIRECTORY, NotFoundError, Storage

from .calls import need, refusals
from .faults import Faults
from .modes import READ_ONLY, need_capabilities, obstacle
from .protocol import csi, csi_grpc


class Node(csi_grpc.NodeServicer):  # type: ignore[misc]
    """The node service: a pod gets the volume's directory by a bind mount.

    Parameters
    ----------
    storage : Storage
        The array.
    faults : Faults
        What is to go wrong.
    name : str
        The node's.
    """

    def __init__(self, storage: Storage, faults: Faults, name: str) -> None:
        self._storage = storage
        self._faults = faults
        self._name = name

    def NodeGetInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return csi.NodeGetInfoResponse(node_id=self._name)

    def NodeGetCapabilities(self, request: Any, context: Any) -> Any:  # noqa: N802
        rpc = csi.NodeServiceCapability.RPC
        kinds = (rpc.GET_VOLUME_STATS, rpc.SINGLE_NODE_MULTI_WRITER)
        return csi.NodeGetCapabilitiesResponse(
            capabilities=[csi.NodeServiceCapability(rpc=rpc(type=kind)) for kind in kinds]
        )

    def NodePublishVolume(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        need(request.volume_id, "volume_id", context)
        need(request.target_path, "target_path", context)
        need(request.HasField("volume_capability"), "volume_capability", context)
        need_capabilities([request.volume_capability], context)
        if why := obstacle([request.volume_capability]):
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, why)
        self._faults.endure("NodePublishVolume", context)
        with refusals(context):
            source = self._storage.path(request.volume_id)
        target = request.target_path
        Path(target).mkdir(parents=True, exist_ok=True)
        # Each step by itself: a driver killed between two of them is called again.
        only_read = request.readonly or request.volume_capability.access_mode.mode == READ_ONLY
        if not _published(target, source, only_read, context):
            _mount(context, "--bind", source, target)
        # Else what is mounted in it is mounted in the array as well, where mounts are shared: then
        # the next snapshot can not be moved there (EXDEV), nor the volume away (EBUSY).
        _mount(context, "--make-private", target)
        shown = os.path.join(target, SNAPSHOT_DIRECTORY)
        if os.path.isdir(shown):  # nobody writes into snapshots
            if not _mounted(shown):
                _mount(context, "--bind", shown, shown)
            _mount(context, "-o", "remount,bind,ro", shown)
        if only_read:
            _mount(context, "-o", "remount,bind,ro", target)
        return csi.NodePublishVolumeResponse()

    def NodeUnpublishVolume(self, request: Any, context: Any) -> Any:  # noqa: N802
        need(request.volume_id, "volume_id", context)
        need(request.target_path, "target_path", context)
        target = request.target_path
        while _mounted(target):
            command = ["umount", "--recursive", target]
            done = subprocess.run(command, capture_output=True, check=False, timeout=30)
            if done.returncode:
                context.abort(grpc.StatusCode.INTERNAL, done.stderr.decode())
        if os.path.isdir(target):
            os.rmdir(target)  # it is empty, or the mount is still there
        return csi.NodeUnpublishVolumeResponse()

    def NodeGetVolumeStats(self, request: Any, context: Any) -> Any:  # noqa: N802
        need(request.volume_id, "volume_id", context)
        need(request.volume_path, "volume_path", context)
        with refusals(context):
            size = self._storage.volume(request.volume_id).size
            if not _same(request.volume_path, self._storage.path(request.volume_id)):
                raise NotFoundError(f"{request.volume_id} is not at {request.volume_path}")
            used = self._storage.used(request.volume_id)
        usage = csi.VolumeUsage
        return csi.NodeGetVolumeStatsResponse(
            usage=[usage(unit=usage.BYTES, total=size, used=used, available=max(0, size - used))]
        )


def _published(target: str, source: str, only_read: bool, context: grpc.ServicerContext) -> bool:
    """Whether it is mounted there already; refuse if something else is, or otherwise.

    One that is written to and is to be read only may have been cut short, and is completed.
    """
    if not _mounted(target):
        return False
    if not _same(target, source):
        context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{target} shows another volume")
    if os.statvfs(target).f_flag & os.ST_RDONLY and not only_read:
        context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{target} is mounted to be read only")
    return True


def _same(path: str, directory: str) -> bool:
    """Whether a directory is at a path: a bind mount has the number of what it shows."""
    return os.path.exists(path) and os.path.samefile(path, directory)


def _mounted(target: str) -> bool:
    """Whether something is mounted there; `os.path.ismount` misses bind mounts of one device."""
    table = Path("/proc/self/mounts").read_text().splitlines()
    return any(line.split()[1].replace("\\040", " ") == target for line in table)


def _mount(context: grpc.ServicerContext, *arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False, timeout=30)
    if done.returncode:
        context.abort(grpc.StatusCode.INTERNAL, done.stderr.decode())
