"""The core's settings for the command line: its options, else what the Jupyter server is told.

An administrator configures the server extension (``c.NetAppJLab``); a terminal in the same pod is
to work on the same volumes, under the same restrictions, without being told again.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import msgspec

from netapp_jlab.config import Settings
from netapp_jlab.errors import Invalid

if TYPE_CHECKING:
    from argparse import Namespace

# The files in which a Jupyter server looks for `c.NetAppJLab`, the weakest first.
_FILES = ("jupyter_config", "jupyter_server_config", "jupyter_netapp_jlab_config")


def settings(args: Namespace) -> Settings:
    """Return the settings that the options and the Jupyter configuration make.

    Raises
    ------
    Invalid
        The Jupyter configuration can't be read, or sets what can't be.
    """
    given = {
        "namespace": args.namespace,
        "kubeconfig": args.kubeconfig,
        "context": args.context,
        "request_timeout": args.timeout,
        "ready_timeout": args.ready_timeout,
        "workspace_claim": args.workspace,
        "mounts": dict(args.mount) if args.mount else None,
    }
    configured = _configured()
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return msgspec.convert({**configured, **chosen}, Settings)
    except msgspec.ValidationError as error:
        raise Invalid(f"The Jupyter configuration of NetAppJLab is wrong: {error}.") from error


def _configured() -> dict[str, Any]:
    """Return what the Jupyter configuration files say under ``c.NetAppJLab``."""
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config import Application

    reader = Application(log=logging.getLogger(__name__), raise_config_file_errors=True)
    try:
        for name in _FILES:
            reader.load_config_file(name, path=jupyter_config_path())
    except Exception as error:
        raise Invalid(
            f"The Jupyter configuration can not be read: {error}.",
            hint="`jupyter --paths` lists where it is looked for.",
        ) from error
    found = reader.config.get("NetAppJLab", {})
    known = {name: value for name, value in found.items() if name in Settings.__struct_fields__}
    if "kubeconfig" in known:
        known["kubeconfig"] = os.path.expanduser(known["kubeconfig"])
    return known
