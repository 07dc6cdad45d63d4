from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp_jlab.files import calls

from . import trees
from .worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield World(tmp_path)
    if os.geteuid() != 0:
        trees.open_up(tmp_path)  # pytest removes it some day


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here is the order of things; child processes do wait."""
    monkeypatch.setattr(calls, "fsync", lambda _: None)


@pytest.fixture(autouse=True)
def _no_open_files_are_left() -> Iterator[None]:
    """Each test of this folder closes what it opens."""
    before = set(os.listdir("/proc/self/fd"))
    yield
    left = {
        os.readlink(f"/proc/self/fd/{fd}")
        for fd in set(os.listdir("/proc/self/fd")) - before
        if os.path.exists(f"/proc/self/fd/{fd}")
    }
    assert not left
