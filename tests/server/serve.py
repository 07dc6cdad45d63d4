"""A Jupyter server over the core in memory, as a process: ``python -m tests.server.serve PORT``."""

from __future__ import annotations

import sys

from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from .double import Double, snapshot, volume


def main() -> None:
    config = Config()
    config.ServerApp.jpserver_extensions = {"netapp_jlab": True}
    config.ServerApp.open_browser = False
    config.ServerApp.allow_root = True
    config.ServerApp.port = int(sys.argv[1])
    config.ServerApp.port_retries = 0
    config.ServerApp.log_level = "ERROR"
    config.IdentityProvider.token = "t"
    app = ServerApp.instance(config=config)
    app.initialize(argv=[])
    extension = app.extension_manager.extension_points["netapp_jlab"].app
    double = Double(extension.core_settings())
    double.volumes_by_name["data"] = volume("data")
    double.snapshots_by_name["monday"] = snapshot("monday", double.volumes_by_name["data"])
    extension.runtime.make = lambda settings: double
    app.start()


if __name__ == "__main__":
    main()
