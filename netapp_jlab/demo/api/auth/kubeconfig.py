"""Files that tell ``kubectl`` and the clients where the cluster is and who they are."""

from __future__ import annotations

import os
import tempfile

import msgspec


def write(
    path: str, *, server: str, token: str, authority: str = "", namespace: str = "default"
) -> None:
    """Write a kubeconfig, readable by its owner only, in one step.

    Parameters
    ----------
    path : str
        The file.
    server : str
        The address, such as ``https://127.0.0.1:6443``.
    token : str
        The bearer token.
    authority : str
        ``certificate-authority-data``: the certificate that the server's is checked by;
        empty for plain HTTP, over which `kubectl` (other clients do) sends no token.
    namespace : str
        The namespace that commands use when they name none.
    """
    cluster = {"server": server}
    if authority:
        cluster["certificate-authority-data"] = authority
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "demo", "cluster": cluster}],
        "users": [{"name": "demo", "user": {"token": token}}],
        "contexts": [
            {
                "name": "demo",
                "context": {"cluster": "demo", "user": "demo", "namespace": namespace},
            }
        ],
        "current-context": "demo",
    }
    # JSON is YAML: no client minds, and no YAML writer is needed
    text = msgspec.json.format(msgspec.json.encode(config), indent=2)
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))
    with os.fdopen(descriptor, "wb") as file:
        file.write(text + b"\n")
    os.replace(temporary, path)
