"""Who the driver is, to the sidecars and to the kubelet."""

from __future__ import annotations

from typing import Any

import grpc

from netapp_jlab.version import __version__
from tests.cluster.layout import DRIVER

from .protocol import csi, csi_grpc, registration, registration_grpc


class Identity(csi_grpc.IdentityServicer):  # type: ignore[misc]
    """The identity service."""

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return csi.GetPluginInfoResponse(name=DRIVER, vendor_version=__version__)

    def GetPluginCapabilities(self, request: Any, context: Any) -> Any:  # noqa: N802
        service = csi.PluginCapability.Service
        expansion = csi.PluginCapability.VolumeExpansion
        return csi.GetPluginCapabilitiesResponse(
            capabilities=[
                csi.PluginCapability(service=service(type=service.CONTROLLER_SERVICE)),
                csi.PluginCapability(volume_expansion=expansion(type=expansion.ONLINE)),
            ]
        )

    def Probe(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return csi.ProbeResponse()


class Registration(registration_grpc.RegistrationServicer):  # type: ignore[misc]
    """What the kubelet asks a socket in its folder for plug-ins.

    Parameters
    ----------
    endpoint : str
        Path of the driver's socket.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def GetInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return registration.PluginInfo(
            type="CSIPlugin", name=DRIVER, endpoint=self._endpoint, supported_versions=["1.0.0"]
        )

    def NotifyRegistrationStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        said = request.error or "registered"
        print(f"kubelet: {said}", flush=True)
        return registration.RegistrationStatusResponse()
