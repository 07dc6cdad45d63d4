"""What the demo can be told."""

from __future__ import annotations

import msgspec

from netapp_jlab.demo.api.faults import Settings

__all__ = ["Options"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Options of ``netapp-jlab demo``.

    Attributes
    ----------
    home : str
        Folder that keeps everything between runs; empty for the default one.
    port : int
        Port of JupyterLab; 0 for a free one.
    browser : bool
        Open the browser when it is ready.
    ready_file : str
        File to write ``{"url", "token", "kubeconfig"}`` to once everything answers; empty for none.
    storage : str
        Folder for the volumes, say on a file system that can share blocks; empty for one in the
        home. Only the first start on a home decides.
    faults : Settings
        How the cluster is to misbehave from the start.
    """

    home: str = ""
    port: int = 0
    browser: bool = True
    ready_file: str = ""
    storage: str = ""
    faults: Settings = msgspec.field(default_factory=Settings)

    def faults_json(self) -> str:
        """Return the faults as the cluster's process reads them."""
        return msgspec.json.encode(self.faults).decode()
