"""Ctrl-C while something long runs: the first one asks it to stop, the second one leaves."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netapp_jlab.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from netapp_jlab.cli.console import Console


class Interrupts:
    """Whether Ctrl-C was pressed.

    Parameters
    ----------
    console : Console
        Where it is acknowledged.

    Attributes
    ----------
    asked : bool
        It was, once.
    """

    def __init__(self, console: Console) -> None:
        self.asked = False
        self._console = console
        self._told = False

    def check(self) -> None:
        """Raise :class:`~netapp_jlab.errors.Cancelled` once it was: the services' ``cancel``.

        It is here that the user is told, and not in the signal's handler: that runs in the middle
        of whatever the main thread does, also of a write to the very same stream, which Python
        refuses to begin anew.
        """
        if not self.asked:
            return
        if not self._told:
            self._told = True
            self._console.say("\nStopping; press Ctrl-C again to leave at once.")
        raise Cancelled("interrupted by Ctrl-C")


@contextmanager
def interrupts(console: Console) -> Iterator[Interrupts]:
    """Turn the first Ctrl-C into :attr:`Interrupts.asked` while entered.

    A second one raises ``KeyboardInterrupt`` as ever, so that nobody is locked in.
    """
    state = Interrupts(console)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if state.asked:
            raise KeyboardInterrupt
        state.asked = True

    previous = signal.signal(signal.SIGINT, on_signal)
    try:
        yield state
    finally:
        signal.signal(signal.SIGINT, previous)
