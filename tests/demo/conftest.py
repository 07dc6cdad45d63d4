from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A cluster in this process: store, array and controllers, with the demo's classes."""
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def open_world(tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Open the same cluster again and again, as after a restart."""
    opened: list[World] = []

    def open_again() -> World:
        for one in opened:
            one.close()
        opened.append(World(tmp_path))
        return opened[-1]

    yield open_again
    for one in opened:
        one.close()
