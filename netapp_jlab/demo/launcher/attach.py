"""The embedded cluster for a Jupyter server that is started by somebody else, as on Binder.

``python -m netapp_jlab.demo.launcher.attach COMMAND …`` starts the cluster, then becomes the
command. The cluster ends with it.
"""

from __future__ import annotations

import json
import os
import sys

from netapp_jlab.demo.launcher.cluster import start_cluster
from netapp_jlab.demo.launcher.home import Home, write_private
from netapp_jlab.demo.launcher.jupyter import as_seen_from, extension_settings, write_overrides
from netapp_jlab.demo.launcher.options import Options
from netapp_jlab.errors import NetAppJLabError

__all__ = ["main"]


def main(command: list[str]) -> int:
    """Start the cluster and become `command`; returns only when that fails.

    Parameters
    ----------
    command : list[str]
        A Jupyter server and its arguments. It finds the demo's settings in its configuration path,
        below whatever its command line says.
    """
    if not command:
        sys.stderr.write("usage: python -m netapp_jlab.demo.launcher.attach COMMAND …\n")
        return 2
    try:
        home = Home(os.environ.get("NETAPP_JLAB_DEMO_HOME", ""))
        cluster = start_cluster(home, Options(home=home.path))
    except NetAppJLabError as error:
        sys.stderr.write(f"{error}\n{error.hint}\n")
        return 1
    root = home.link("workspace", next(iter(cluster.mounts.values())))
    mounts = as_seen_from(root, cluster.mounts)
    settings = extension_settings(cluster.kubeconfig, cluster.namespace, mounts)
    settings["ServerApp"]["root_dir"] = root
    folder = home.file("jupyter", "attached")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    write_private(os.path.join(folder, "jupyter_server_config.json"), json.dumps(settings))
    write_overrides(folder)
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    env = {
        **os.environ,
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, (folder, others))),
        "KUBECONFIG": cluster.kubeconfig,
    }
    os.set_inheritable(home.lock, True)  # the home is in use as long as the command runs
    try:
        os.execvpe(command[0], command, env)  # noqa: S606 - what we are here for
    except OSError as error:
        cluster.process.stop()
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
