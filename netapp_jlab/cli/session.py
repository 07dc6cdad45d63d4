"""One run of the command line: its arguments, its terminal and its client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netapp_jlab.cli.settings import settings

if TYPE_CHECKING:
    from argparse import Namespace

    from netapp_jlab.cli.console import Console
    from netapp_jlab.services.client import Client


class Session:
    """What a command works with.

    Attributes
    ----------
    args : argparse.Namespace
        The command's own arguments and the global ones.
    console : Console
        Where it writes and asks.
    """

    def __init__(self, args: Namespace, console: Console) -> None:
        self.args = args
        self.console = console
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The services; imported and made on first use, so that ``--help`` stays quick."""
        if self._client is None:
            from netapp_jlab import Client

            self._client = Client(settings(self.args))
        return self._client

    def close(self) -> None:
        """Stop what the client started."""
        if self._client is not None:
            self._client.close()
