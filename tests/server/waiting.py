"""Waiting for what another thread does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest


async def eventually(check: Callable[[], object]) -> None:
    """Wait until `check` is true; fail after five seconds."""
    for _ in range(500):
        if check():
            return
        await asyncio.sleep(0.01)
    pytest.fail("It did not happen within five seconds")
