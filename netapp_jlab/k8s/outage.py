"""What is known of the API server's absence, shared by all who can do without it for a while."""

from __future__ import annotations

import time

RETRY = 10.0
"""Seconds until the API server is asked again after it did not answer."""


class Outage:
    """Whether the API server was out of reach a moment ago.

    A request to one that is away takes its time, since it is tried again. A list of volumes is made
    of half a dozen answers that are kept: without this each of them would wait in turn.
    """

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def lasts(self) -> bool:
        """Whether not to ask now, where what was known will do."""
        return time.monotonic() < self._until

    def begin(self) -> None:
        """Note that it did not answer just now."""
        self._until = time.monotonic() + RETRY

    def end(self) -> None:
        """Note that it answers."""
        self._until = 0.0
