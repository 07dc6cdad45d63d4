"""How the embedded array answers as a CSI driver: its errors, and what it tells of a volume."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from netapp_jlab.demo.controllers.names import TRIDENT

if TYPE_CHECKING:
    from netapp_jlab.demo.storage import StorageError, Volume

__all__ = ["BACKEND_UUID", "rpc_error", "volume_attributes"]

BACKEND_UUID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "backend.demo.netapp-jlab.io"))
_IDENTITY = "1760000000000-8081-"


def rpc_error(error: StorageError) -> str:
    """Write an error of the array as a sidecar quotes it."""
    code = "".join(word.capitalize() for word in error.code.split("_"))
    return f"rpc error: code = {code} desc = {error}"


def volume_attributes(driver: str, volume: Volume) -> dict[str, str]:
    """Return what the driver tells of a new volume (``spec.csi.volumeAttributes``)."""
    identity = {"storage.kubernetes.io/csiProvisionerIdentity": _IDENTITY + driver}
    if driver != TRIDENT:
        return identity
    return {
        "backendUUID": BACKEND_UUID,
        "internalName": f"trident_{volume.handle.replace('-', '_')}",
        "name": volume.handle,
        "protocol": "file",
        **identity,
    }
