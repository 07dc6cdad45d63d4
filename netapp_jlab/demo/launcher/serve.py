"""The process of the embedded cluster: its API server, its controllers and its storage.

``python -m netapp_jlab.demo.launcher.serve`` serves until it gets SIGTERM. Killed at any moment,
it goes on at its next start where it was.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
from typing import TYPE_CHECKING

from netapp_jlab.demo.api import certificates
from netapp_jlab.demo.api.auth import kubeconfig
from netapp_jlab.demo.api.auth.authenticator import Authenticator
from netapp_jlab.demo.api.faults import Faults
from netapp_jlab.demo.api.server import Ready, serve
from netapp_jlab.demo.launcher.state import open_world
from netapp_jlab.demo.project.access import ACCOUNT, NAMESPACE
from netapp_jlab.demo.project.seed import SHARED_CLAIM, WORKSPACE_CLAIM
from netapp_jlab.errors import NetAppJLabError

if TYPE_CHECKING:
    from netapp_jlab.demo.launcher.state import World

__all__ = ["main"]

_YEAR = 365 * 24 * 3600


def main(arguments: list[str] | None = None) -> int:
    """Serve the cluster of a home."""
    parser = argparse.ArgumentParser(prog="netapp_jlab.demo.launcher.serve")
    parser.add_argument("--home", required=True)
    parser.add_argument("--storage", default="")
    parser.add_argument("--faults", default="{}")
    parser.add_argument("--ready-fd", type=int, required=True)
    args = parser.parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    faults = Faults()
    faults.change_from_json(args.faults.encode())
    try:
        world = open_world(args.home, args.storage, faults)
    except NetAppJLabError as error:
        sys.stderr.write(f"{error} {error.hint}\n")
        return 1
    try:
        asyncio.run(_serve(world, args.home, args.ready_fd))
    finally:
        world.close()
    return 0


async def _serve(world: World, home: str, ready_fd: int) -> None:
    kept = certificates.ensure(home)
    authenticator = Authenticator(world.store)
    memory = os.path.join(home, "port")

    def on_ready(ready: Ready) -> None:
        with open(memory, "w", encoding="ascii") as file:
            file.write(str(ready.port))
        path = os.path.join(home, "kubeconfig")
        account = world.store.get("ServiceAccount", NAMESPACE, ACCOUNT)
        token = authenticator.issuer.issue(account, seconds=_YEAR)
        for name, bearer in ((path, token), (path + ".admin", ready.token)):
            kubeconfig.write(
                name,
                server=ready.server,
                token=bearer,
                authority=kept.authority_data(),
                namespace=NAMESPACE,
            )
        told = {"kubeconfig": path, "namespace": NAMESPACE, "mounts": _mounts(world)}
        with open(ready_fd, "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps(told))

    await serve(
        world.store,
        world.faults,
        certificates=kept,
        port=_last_port(memory),
        authenticator=authenticator,
        on_ready=on_ready,
    )


def _last_port(memory: str) -> int:
    """Return the port of the last time, for clients that kept it; 0 if somebody else has it."""
    try:
        with open(memory, encoding="ascii") as file, socket.socket() as probe:
            port = int(file.read())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except (OSError, ValueError, OverflowError):
        return 0
    return port


def _mounts(world: World) -> dict[str, str]:
    """Return where the demo's volumes are, the workspace first; deleted ones are left out."""
    found = {}
    for name in (WORKSPACE_CLAIM, SHARED_CLAIM):
        for claim in world.store.list("PersistentVolumeClaim", NAMESPACE).items:
            if claim["metadata"]["name"] == name and claim["spec"].get("volumeName"):
                found[name] = world.storage.path(claim["spec"]["volumeName"])
    return found


if __name__ == "__main__":
    sys.exit(main())
