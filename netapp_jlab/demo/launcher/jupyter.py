"""JupyterLab for the demo, with settings of its own: the user's are neither read nor changed."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from netapp_jlab.demo.launcher.home import write_private
from netapp_jlab.demo.launcher.process import Process
from netapp_jlab.demo.project.access import ACCOUNT

if TYPE_CHECKING:
    from netapp_jlab.demo.launcher.home import Home

__all__ = ["as_seen_from", "extension_settings", "start_lab", "write_overrides"]

_OVERRIDES: dict[str, Any] = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
    },
    "@jupyterlab/docmanager-extension:plugin": {
        "defaultViewers": {"markdown": "Markdown Preview"},
    },
}
"""Settings of the interface: no questions about news, and the tour opens as text, not source."""


def extension_settings(kubeconfig: str, namespace: str, mounts: dict[str, str]) -> dict[str, Any]:
    """Return what the extension is told, as configuration of Jupyter.

    Parameters
    ----------
    kubeconfig : str
        Path of the kubeconfig.
    namespace : str
        Namespace to work in.
    mounts : dict[str, str]
        Claim name to path; the first one is the workspace.
    """
    return {
        "ServerApp": {"jpserver_extensions": {"netapp_jlab": True}},
        "NetAppJLab": {
            "kubeconfig": kubeconfig,
            "namespace": namespace,
            "workspace_claim": next(iter(mounts)),
            "mover_enabled": False,  # the embedded cluster runs no pods
            "mounts": mounts,
            "user": ACCOUNT,
        },
    }


def as_seen_from(root: str, mounts: dict[str, str]) -> dict[str, str]:
    """Return where the volumes are in the file browser's folder, which has links to them.

    Parameters
    ----------
    root : str
        The folder that JupyterLab shows.
    mounts : dict[str, str]
        Claim name to real path.
    """
    real = os.path.realpath(root)
    seen = {real: root}
    with os.scandir(root) as entries:
        seen |= {os.path.realpath(entry): entry.path for entry in entries if entry.is_symlink()}
    return {claim: seen.get(os.path.realpath(path), path) for claim, path in mounts.items()}


def write_overrides(folder: str) -> None:
    """Write defaults of the interface below a configuration folder of Jupyter."""
    target = os.path.join(folder, "labconfig")
    os.makedirs(target, exist_ok=True)
    write_private(os.path.join(target, "default_setting_overrides.json"), json.dumps(_OVERRIDES))
    lab = {"check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "news_url": None}
    write_private(os.path.join(folder, "jupyter_lab_config.json"), json.dumps({"LabApp": lab}))


def start_lab(home: Home, port: int, token: str, root: str, settings: dict[str, Any]) -> Process:
    """Start JupyterLab.

    Parameters
    ----------
    home : Home
        Gets its configuration, its data and its log.
    port : int
        Where it listens, on this machine alone.
    token : str
        Lets the browser in; written to a file, as others could read a command line.
    root : str
        The folder that it shows.
    settings : dict
        Of the extension, see :func:`extension_settings`.
    """
    folders = {name: home.file("jupyter", name) for name in ("config", "data", "runtime")}
    for folder in folders.values():
        os.makedirs(folder, mode=0o700, exist_ok=True)
    server = {
        "ip": "127.0.0.1",
        "port": port,
        "port_retries": 0,
        "open_browser": False,
        "root_dir": root,
        "allow_root": True,
        **settings["ServerApp"],
    }
    config = {**settings, "ServerApp": server, "IdentityProvider": {"token": token}}
    write_private(os.path.join(folders["config"], "jupyter_server_config.json"), json.dumps(config))
    write_overrides(folders["config"])
    env = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": folders["config"],
        "JUPYTER_DATA_DIR": folders["data"],
        "JUPYTER_RUNTIME_DIR": folders["runtime"],
        "KUBECONFIG": settings["NetAppJLab"]["kubeconfig"],
        # so that its terminals find `netapp-jlab`, also where no environment is activated
        "PATH": os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", ""))),
    }
    for name in ("JUPYTER_TOKEN", "JUPYTERHUB_USER", "JUPYTER_CONFIG_PATH"):
        env.pop(name, None)
    command = [sys.executable, "-m", "jupyterlab"]
    return Process("JupyterLab", command, log=home.log("jupyterlab"), env=env)
