"""Snapshot, clone and restore your JupyterLab workspace and data volumes on Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.version import __version__ as __version__

if TYPE_CHECKING:
    from netapp_jlab.services.client import Client
    from netapp_jlab.services.shortcuts import clone, restore, snapshot

__all__ = ["Client", "clone", "restore", "snapshot"]


def __getattr__(name: str) -> object:
    """Load the core when it is first used: a server that never opens the panel pays nothing."""
    if name == "Client":
        from netapp_jlab.services.client import Client

        return Client
    if name in __all__:
        from netapp_jlab.services import shortcuts

        return getattr(shortcuts, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """Tell the Jupyter server where its extension is."""
    from netapp_jlab.server.app import NetAppJLab

    return [{"module": "netapp_jlab.server.app", "app": NetAppJLab}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built front end is."""
    return [{"src": "labextension", "dest": "netapp-jlab"}]
