"""What one user tries on another user's data, by every route there is: requests as data.

Each :class:`Case` makes one request out of a :class:`Scene`: who asks, and whose data it is about.
With somebody else's data it has to be refused; with one's own the same request has to pass, or the
case says why there is no honest form of it.
"""

from __future__ import annotations

from . import claims, commands, kinds, lives, metadata, outside, pods, rights, snapshots
from .scene import Case, Request, Scene

CASES: tuple[Case, ...] = (
    *claims.CASES,
    *metadata.CASES,
    *snapshots.CASES,
    *pods.CASES,
    *lives.CASES,
    *commands.CASES,
    *kinds.CASES,
    *outside.CASES,
    *rights.CASES,
)

__all__ = ["CASES", "Case", "Request", "Scene"]
