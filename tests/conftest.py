"""What all tests share: the cluster under test."""

from __future__ import annotations

from .contract.conftest import cluster, connection

__all__ = ["cluster", "connection"]
