"""When to try again, and how long to wait before."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Waiting times that double, with jitter so that many clients do not come back together.

    Parameters
    ----------
    first, longest : float
        Seconds; the actual time is between half of it and the whole.
    rng : Callable[[], float]
        Random numbers from 0 to 1.
    """

    def __init__(
        self,
        first: float = 0.2,
        longest: float = 5.0,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._first = first
        self._longest = longest
        self._rng = rng
        self._next = first

    def next(self) -> float:
        """Return how many seconds to wait now."""
        seconds = self._next * (0.5 + 0.5 * self._rng())
        self._next = min(self._next * 2, self._longest)
        return seconds

    def reset(self) -> None:
        """Begin anew: it worked."""
        self._next = self._first
