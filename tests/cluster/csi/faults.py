"""Delays and failures of the driver, as a test orders them: a file that is read at each call.

::

    {"CreateSnapshot": {"delay": 3.0}, "CreateVolume": {"code": "RESOURCE_EXHAUSTED"},
     "ready": false}
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

POLL = 0.05


class Faults:
    """The orders in one file.

    Parameters
    ----------
    path : Path
        It need not exist: then nothing fails.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def orders(self) -> dict[str, Any]:
        """Return what is ordered at present."""
        try:
            found: dict[str, Any] = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        return found

    @property
    def ready(self) -> bool:
        """Whether snapshots become ready at all."""
        return bool(self.orders().get("ready", True))

    def endure(self, call: str, context: grpc.ServicerContext) -> None:
        """Wait, or fail, as is ordered for a call; an order that is taken back ends the wait."""
        began = time.monotonic()
        while time.monotonic() - began < self.orders().get(call, {}).get("delay", 0.0):
            if not context.is_active():
                context.abort(grpc.StatusCode.CANCELLED, "the caller left")
            time.sleep(POLL)
        if code := self.orders().get(call, {}).get("code"):
            context.abort(grpc.StatusCode[code], f"{call}: this failure was ordered")

    @contextmanager
    def ordered(self, **orders: Any) -> Iterator[None]:
        """Order something for the duration of a block."""
        before = self.orders()
        self._write({**before, **orders})
        try:
            yield
        finally:
            self._write(before)

    def _write(self, orders: dict[str, Any]) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(orders))
        beside.replace(self._path)
