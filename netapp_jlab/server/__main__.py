"""``python -m netapp_jlab.server``: a Jupyter server with this extension, and its settings.

``--help-all`` lists every ``NetAppJLab`` setting. (``jupyter lab --help-all`` can not: Jupyter
prints its help before it loads extensions.)
"""

from __future__ import annotations

from netapp_jlab.server.app import NetAppJLab

if __name__ == "__main__":
    NetAppJLab.launch_instance()  # type: ignore[no-untyped-call]
