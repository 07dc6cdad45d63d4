"""One test's namespace, with volumes, snapshots, and processes of ours that work on them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netapp_jlab import Client
from netapp_jlab.config import Settings
from netapp_jlab.demo.storage.layout import Layout
from netapp_jlab.models import Snapshot, SnapshotOrder
from tests.cluster.api import CLAIMS, Api, eventually
from tests.server.process import Server

from .proxy import Proxy

SHOWN, HIDDEN = "csi-shown", "csi-hidden"
"""Storage classes: whose volumes show ``.snapshot``, and whose do not."""
READY_SECONDS = 45.0


class Scene:
    """Close it at the end.

    Parameters
    ----------
    admin : Api
        The cluster's administrator.
    kubeconfig : Path
        Its kubeconfig.
    namespace : str
        One that nobody else uses.
    folder : Path
        For what has to be written.

    Attributes
    ----------
    proxy : Proxy
        Before the API server; `proxied` is the kubeconfig that leads there.
    mounts : dict[str, str]
        Claim name to where its files are reached from here.
    """

    def __init__(self, admin: Api, kubeconfig: Path, namespace: str, folder: Path) -> None:
        self.admin = admin
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        self.folder = folder
        self.proxy = Proxy.before_cluster(kubeconfig)
        self.proxied = self.proxy.kubeconfig(folder)
        self.mounts: dict[str, str] = {}
        self._clients: list[Client] = []
        self._servers: list[Server] = []
        self._array = Layout(str(kubeconfig.resolve().parent / "csi"))

    def client(self, *, proxied: bool = False, **settings: Any) -> Client:
        """Return a client of the core, by default right at the API server."""
        given: dict[str, Any] = {
            "kubeconfig": str(self.proxied if proxied else self.kubeconfig),
            "namespace": self.namespace,
            "user": "ada",
            "request_timeout": 10.0,
            "ready_timeout": READY_SECONDS,
            "mounts": dict(self.mounts),
            **settings,
        }
        made = Client(Settings(**given))
        self._clients.append(made)
        return made

    def server(
        self,
        *options: str,
        kubeconfig: Path | None = None,
        module: str = "netapp_jlab.server",
        **environment: str,
    ) -> Server:
        """Start a Jupyter server with the extension, by default through the proxy."""
        mounts = (f"--NetAppJLab.mounts={name}={path}" for name, path in self.mounts.items())
        made = Server(
            self.folder / f"server-{len(self._servers)}",
            module,
            f"--NetAppJLab.kubeconfig={kubeconfig or self.proxied}",
            f"--NetAppJLab.namespace={self.namespace}",
            *mounts,
            *options,
            **environment,
        )
        self._servers.append(made)
        return made

    def volume(self, name: str, storage_class: str = SHOWN) -> Path:
        """Make a volume and return where its files are, once it is bound."""
        self.admin.create(
            CLAIMS.format(self.namespace),
            {
                "metadata": {"name": name},
                "spec": {
                    "accessModes": ["ReadWriteMany"],
                    "storageClassName": storage_class,
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            },
        )
        claim = f"{CLAIMS.format(self.namespace)}/{name}"
        eventually(lambda: self.admin.get(claim).get("status", {}).get("phase") == "Bound")
        return self.files_of(name)

    def files_of(self, name: str) -> Path:
        """Return where the files of a bound claim are."""
        claim = self.admin.get(f"{CLAIMS.format(self.namespace)}/{name}")
        path = Path(self._array.volume(claim["spec"]["volumeName"]))
        self.mounts[name] = str(path)
        return path

    def cut(self, client: Client, volume: str, name: str) -> Snapshot:
        """Cut a snapshot and wait until it is ready."""
        client.snapshots.create(volume, SnapshotOrder(name=name))
        return client.snapshots.wait(name, timeout=READY_SECONDS)

    def close(self) -> None:
        """End all processes and connections."""
        for client in self._clients:
            client.close()
        for server in self._servers:
            server.process.kill()
            server.process.wait(20)
        self.proxy.close()


def fill(root: Path, files: Mapping[str, str], owner: int = 0) -> None:
    """Write text files below a folder, and give them and their folders to an owner."""
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        for one in (place, *(up for up in place.parents if root in (up, *up.parents))):
            os.chown(one, owner, -1)


def tree(root: Path) -> dict[str, str]:
    """Return all files below a volume's root, without its snapshots, as path to text."""
    found = {}
    for folder, folders, names in os.walk(root):
        if Path(folder) == root and ".snapshot" in folders:
            folders.remove(".snapshot")
        for name in names:
            place = Path(folder) / name
            found[str(place.relative_to(root))] = place.read_text()
    return found


def at_rest(client: Client) -> bool:
    """Whether no operation of the namespace is unfinished."""
    ended = ("done", "failed", "cancelled")
    return all(one.state in ended for one in client.operations.list().items)
