from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from netapp_jlab.demo.storage import Storage

GIB = 1024**3


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    array = Storage(str(tmp_path / "array"))
    yield array
    array.close()
