"""Serves the driver until it is told to stop."""

from __future__ import annotations

import argparse
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from netapp_jlab.demo.storage import BusyError, Storage
from tests.cluster.layout import DRIVER

from .controller import Controller
from .faults import Faults
from .identity import Identity, Registration
from .node import Node
from .protocol import csi_grpc, registration_grpc

PREDECESSOR_SECONDS = 30.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.csi", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="unix://…: the driver's socket")
    parser.add_argument("--registration-dir", type=Path, help="where the kubelet looks")
    parser.add_argument("--root", required=True, help="the array's directory")
    parser.add_argument("--node", required=True, help="this node's name")
    parser.add_argument("--faults", type=Path, default=Path("/nonexistent"))
    args = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    storage, faults = _storage(args.root), Faults(args.faults)
    path = args.endpoint.removeprefix("unix://")
    driver = _server(path)
    csi_grpc.add_IdentityServicer_to_server(Identity(), driver)
    csi_grpc.add_ControllerServicer_to_server(Controller(storage, faults), driver)
    csi_grpc.add_NodeServicer_to_server(Node(storage, faults, args.node), driver)
    servers = [driver]
    driver.start()
    if args.registration_dir is not None:
        args.registration_dir.mkdir(parents=True, exist_ok=True)
        kubelet = _server(str(args.registration_dir / f"{DRIVER}-reg.sock"))
        registration_grpc.add_RegistrationServicer_to_server(Registration(path), kubelet)
        kubelet.start()
        servers.append(kubelet)
    print(f"{DRIVER} serves {args.root}", flush=True)
    stopped.wait()
    for server in servers:
        server.stop(2.0).wait()
    storage.close()


def _storage(root: str) -> Storage:
    """Open the array; one that was killed a moment ago may still hold it."""
    deadline = time.monotonic() + PREDECESSOR_SECONDS
    while True:
        try:
            # As a real driver's volumes: a pod's fsGroup or the mode lets users in.
            return Storage(root, show_snapshots=False, mode=0o777, durable=False)
        except BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _server(path: str) -> grpc.Server:
    Path(path).unlink(missing_ok=True)  # left by one that was killed
    server = grpc.server(ThreadPoolExecutor(max_workers=16))
    server.add_insecure_port(f"unix://{path}")
    return server


if __name__ == "__main__":
    main()
