"""Delays and failures of the driver, as a test orders them."""

from __future__ import annotations

import time
from pathlib import Path

import grpc

from .orders import Orders

POLL = 0.05


class Faults:
    """Carries out the orders of tests.

    Parameters
    ----------
    folder : Path
        See :class:`~tests.cluster.csi.orders.Orders`.
    """

    def __init__(self, folder: Path) -> None:
        self._orders = Orders(folder)

    @property
    def ready(self) -> bool:
        """Whether snapshots become ready at all."""
        return self._orders.ready

    def endure(self, call: str, context: grpc.ServicerContext, namespace: str = "") -> None:
        """Wait, or fail, as is ordered for a call; an order that is taken back ends the wait."""
        if self._orders.of(call, namespace).get("delay"):
            with self._orders.waits(call):
                self._delay(call, context, namespace)
        if code := self._orders.of(call, namespace).get("code"):
            context.abort(grpc.StatusCode[code], f"{call}: this failure was ordered")

    def _delay(self, call: str, context: grpc.ServicerContext, namespace: str) -> None:
        began = time.monotonic()
        while time.monotonic() - began < self._orders.of(call, namespace).get("delay", 0.0):
            if not context.is_active():
                context.abort(grpc.StatusCode.CANCELLED, "the caller left")
            time.sleep(POLL)
