"""What each kind defaults, refuses and keeps: the "strategies" of a real API server."""

from __future__ import annotations

from .base import Rules

__all__ = ["Rules", "for_kind"]

_RULES: dict[str, Rules] = {}
_PLAIN = Rules()


def for_kind(kind: str) -> Rules:
    """Return the rules of a kind."""
    return _RULES.get(kind, _PLAIN)
