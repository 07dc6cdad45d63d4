"""What a test tells the driver to do wrong: a file that the driver reads at each call.

::

    {"CreateSnapshot": {"delay": 3.0, "namespace": "test-1"},
     "CreateVolume": {"code": "RESOURCE_EXHAUSTED"}, "ready": false}

With a namespace only calls for what was made there are concerned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Orders:
    """The orders in one file.

    Parameters
    ----------
    path : Path
        It need not exist: then nothing goes wrong.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> dict[str, Any]:
        """Return what is ordered at present."""
        try:
            found: dict[str, Any] = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        return found

    def of(self, call: str, namespace: str = "") -> dict[str, Any]:
        """Return what is ordered for a call."""
        order: dict[str, Any] = self.all().get(call, {})
        return order if order.get("namespace", namespace) == namespace else {}

    @contextmanager
    def given(self, **orders: Any) -> Iterator[None]:
        """Order something for the duration of a block."""
        before = self.all()
        self._write({**before, **orders})
        try:
            yield
        finally:
            now = self.all()
            kept = {name: value for name, value in now.items() if name not in orders}
            self._write({**kept, **{name: before[name] for name in orders if name in before}})

    def _write(self, orders: dict[str, Any]) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(orders))
        beside.replace(self._path)
