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

    Attributes
    ----------
    asked : bool
        It was, once.
    """

    def __init__(self) -> None:
        self.asked = False

    def check(self) -> None:
        """Raise :class:`~netapp_jlab.errors.Cancelled` once it was: the services' ``cancel``."""
        if self.asked:
            raise Cancelled("interrupted by Ctrl-C")


@contextmanager
def interrupts(console: Console) -> Iterator[Interrupts]:
    """Turn the first Ctrl-C into :attr:`Interrupts.asked` while entered.

    A second one raises ``KeyboardInterrupt`` as ever, so that nobody is locked in.
    """
    state = Interrupts()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if state.asked:
            raise KeyboardInterrupt
        state.asked = True
        console.say("\nStopping; press Ctrl-C again to leave at once.")

    previous = signal.signal(signal.SIGINT, on_signal)
    try:
        yield state
    finally:
        signal.signal(signal.SIGINT, previous)
