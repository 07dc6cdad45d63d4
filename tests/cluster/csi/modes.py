"""What volumes can be used as, and the sizes that a request allows."""

from __future__ import annotations

from typing import Any

import grpc

from .protocol import csi

_MODE = csi.VolumeCapability.AccessMode
READ_ONLY = _MODE.MULTI_NODE_READER_ONLY
SUPPORTED = frozenset(
    {
        # ReadWriteOnce, as clients that know SINGLE_NODE_MULTI_WRITER ask for it, and as others do.
        _MODE.SINGLE_NODE_MULTI_WRITER,
        _MODE.SINGLE_NODE_WRITER,
        _MODE.SINGLE_NODE_SINGLE_WRITER,  # ReadWriteOncePod
        _MODE.MULTI_NODE_MULTI_WRITER,  # ReadWriteMany
        READ_ONLY,  # ReadOnlyMany
    }
)
"""A directory can be mounted by many, so the modes of one writer are Kubernetes' to keep."""


def obstacle(capabilities: Any) -> str:
    """Return why volumes can not be used like this; empty if they can."""
    for one in capabilities:
        if one.WhichOneof("access_type") == "block":
            return "block volumes are not supported"
        if one.access_mode.mode not in SUPPORTED:
            return f"access mode {_MODE.Mode.Name(one.access_mode.mode)} is not supported"
    return ""


def need_capabilities(capabilities: Any, context: grpc.ServicerContext) -> None:
    """Refuse a request that does not say how a volume is to be used, or not completely."""
    missing = ""
    if not capabilities:
        missing = "the volume capability"
    elif any(one.WhichOneof("access_type") is None for one in capabilities):
        missing = "the access type"
    elif any(one.access_mode.mode == _MODE.UNKNOWN for one in capabilities):
        missing = "the access mode"
    if missing:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{missing} is missing")


def limits(asked: Any, context: grpc.ServicerContext) -> tuple[int, int]:
    """Return the least and the largest size of a ``CapacityRange``; 0 is one that is left open."""
    least, most = asked.required_bytes, asked.limit_bytes
    if least < 0 or most < 0:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a size is negative")
    if most and least > most:
        context.abort(grpc.StatusCode.OUT_OF_RANGE, "the limit is below what is required")
    return least, most
