"""What tests tell the driver to do wrong: files that the driver reads at each call.

::

    {"CreateSnapshot": {"delay": 3.0, "namespace": "test-1"},
     "CreateVolume": {"code": "RESOURCE_EXHAUSTED"}, "ready": false}

With a namespace only calls for what was made there are concerned. Each test writes a file of its
own: several run at once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


class Orders:
    """The orders in one folder.

    Parameters
    ----------
    folder : Path
        It need not exist: then nothing goes wrong.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, call: str, namespace: str = "") -> dict[str, Any]:
        """Return what is ordered for a call."""
        orders: list[dict[str, Any]] = [one.get(call, {}) for one in self._all()]
        meant = (one for one in orders if one and one.get("namespace", namespace) == namespace)
        return next(meant, {})

    @property
    def ready(self) -> bool:
        """Whether snapshots become ready at all."""
        return all(one.get("ready", True) for one in self._all())

    @contextmanager
    def given(self, **orders: Any) -> Iterator[None]:
        """Order something for the duration of a block."""
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{uuid.uuid4().hex}.json"
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(orders))
        beside.replace(path)
        try:
            yield
        finally:
            path.unlink()

    @contextmanager
    def waits(self, call: str) -> Iterator[None]:
        """Say, for the duration of a block, that the driver delays a call as ordered."""
        mark = self._folder / f"{uuid.uuid4().hex}.{call}"
        mark.touch()
        try:
            yield
        finally:
            mark.unlink()

    def waiting(self, call: str) -> bool:
        """Whether the driver delays such a call just now, or was killed while it did."""
        return any(self._folder.glob(f"*.{call}"))

    def _all(self) -> Iterator[dict[str, Any]]:
        for path in sorted(self._folder.glob("*.json")):
            with suppress(FileNotFoundError):  # taken back just now
                yield json.loads(path.read_text())
