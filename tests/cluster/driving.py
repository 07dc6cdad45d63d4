"""Drives a CSI driver by its own socket, without a kubelet and with an array of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from .csi.orders import Orders
from .csi.protocol import csi, csi_grpc, registration, registration_grpc
from .layout import DRIVER, ROOT

MIB = 1024**2
SECONDS = 30.0
NODE = "here"


def usage(mode: str = "SINGLE_NODE_WRITER", access: str = "mount") -> Any:
    """Return how a volume is to be used."""
    return csi.VolumeCapability(**{access: {}}, access_mode={"mode": mode})


def refused(call: Any, *arguments: Any, **named: Any) -> grpc.StatusCode:
    """Make a call that must fail, and return its code."""
    with pytest.raises(grpc.RpcError) as refusal:
        call(*arguments, **named)
    code: grpc.StatusCode = refusal.value.code()
    return code


class Driver:
    """A driver in a process of its own.

    Parameters
    ----------
    home : Path
        Folder for its socket, its array and its orders.
    inside : tuple[str, ...]
        Command that starts it.

    Attributes
    ----------
    controller, node, identity : Any
        Its services.
    kubelet : Any
        What it shows to a kubelet.
    """

    def __init__(self, home: Path, inside: tuple[str, ...] = ()) -> None:
        self.home = home
        self._inside = inside
        self.orders = Orders(home / "faults")
        self.socket = home / "csi.sock"
        self.start()

    def start(self) -> None:
        """Start it; returns once it answers."""
        self.socket.unlink(missing_ok=True)
        places = {
            "--endpoint": f"unix://{self.socket}",
            "--root": str(self.home / "array"),
            "--registration-dir": str(self.home),
            "--node": NODE,
            "--faults": str(self.home / "faults"),
        }
        options = [word for option in places.items() for word in option]
        command = [*self._inside, sys.executable, "-m", "tests.cluster.csi", *options]
        self._process = subprocess.Popen(command, cwd=ROOT)
        sockets = (self.socket, self.home / f"{DRIVER}-reg.sock")
        self._channels = [grpc.insecure_channel(f"unix://{socket}") for socket in sockets]
        for channel in self._channels:
            grpc.channel_ready_future(channel).result(timeout=SECONDS)
        driver, kubelet = self._channels
        self.controller = csi_grpc.ControllerStub(driver)
        self.node = csi_grpc.NodeStub(driver)
        self.identity = csi_grpc.IdentityStub(driver)
        self.kubelet = registration_grpc.RegistrationStub(kubelet)

    def kill(self) -> None:
        """End it without a warning."""
        for channel in self._channels:
            channel.close()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(SECONDS)

    def ask(self, call: str, **fields: Any) -> Any:
        """Make a call by its name, whichever service has it."""
        service = next(one for one in self._services() if hasattr(one, call))
        kind = registration if service is self.kubelet else csi
        # The two calls of the kubelet's protocol have requests of other names.
        name = {"GetInfo": "InfoRequest", "NotifyRegistrationStatus": "RegistrationStatus"}
        request = getattr(kind, name.get(call, f"{call}Request"))(**fields)
        return getattr(service, call)(request, timeout=SECONDS)

    def _services(self) -> tuple[Any, ...]:
        return (self.controller, self.node, self.identity, self.kubelet)

    def files(self, volume: str) -> Path:
        """Return where the array keeps a volume's files."""
        return self.home / "array" / "volumes" / volume

    def volume(self, name: str = "pvc-1", size: int = MIB, **more: Any) -> Any:
        """Make a volume."""
        more.setdefault("capacity_range", {"required_bytes": size})
        more.setdefault("volume_capabilities", [usage()])
        return self.ask("CreateVolume", name=name, **more).volume

    def snapshot(self, name: str = "s1", volume: str = "pvc-1", timeout: float = SECONDS) -> Any:
        """Cut a snapshot."""
        request = csi.CreateSnapshotRequest(name=name, source_volume_id=volume)
        return self.controller.CreateSnapshot(request, timeout=timeout).snapshot

    def publish(self, target: Path, **more: Any) -> None:
        """Mount the volume pvc-1."""
        more.setdefault("volume_capability", usage())
        self.ask("NodePublishVolume", volume_id="pvc-1", target_path=str(target), **more)

    def unpublish(self, target: Path) -> None:
        """Take a mount away."""
        self.ask("NodeUnpublishVolume", volume_id="pvc-1", target_path=str(target))


@contextmanager
def driving(home: Path, inside: tuple[str, ...] = ()) -> Iterator[Driver]:
    """Run a driver for the duration of a block."""
    made = Driver(home, inside)
    try:
        yield made
    finally:
        made.kill()
