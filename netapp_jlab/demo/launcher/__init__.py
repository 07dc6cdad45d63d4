"""``netapp-jlab demo``: the embedded cluster and JupyterLab on it, in one command.

``run`` starts both as child processes and ends them together; ``serve`` is the cluster's process;
``attach`` starts the cluster for a JupyterLab that somebody else starts, as Binder does.
"""

from netapp_jlab.demo.launcher.options import Options
from netapp_jlab.demo.launcher.run import run

__all__ = ["Options", "run"]
