"""Which errors of a snapshot end the wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from netapp_jlab.errors import Refused, Timeout
from netapp_jlab.k8s.wire import VolumeSnapshot
from netapp_jlab.services import cutting

FAILED: dict[str, Any] = {"readyToUse": False, "error": {"message": "no room in the pool"}}
PENDING: dict[str, Any] = {"readyToUse": False}
READY: dict[str, Any] = {"readyToUse": True}


class Cluster:
    """A snapshot that shows one status after the other, each for a second; then no more."""

    def __init__(self, *statuses: dict[str, Any]) -> None:
        self._statuses = statuses
        self.now = 0.0

    def wait(
        self,
        kind: Any,
        name: str,
        ready: Callable[[VolumeSnapshot], bool],
        *,
        timeout: float,
        cancel: Callable[[], None],
    ) -> VolumeSnapshot:
        for status in self._statuses:
            found = msgspec.convert({"metadata": {"name": name}, "status": status}, VolumeSnapshot)
            if ready(found):
                return found
            self.now += 1.0
            cancel()
        while self.now < timeout:
            self.now += 1.0
            cancel()
        raise Timeout("late")


@pytest.fixture
def wait(monkeypatch):
    def wait(*statuses: dict[str, Any], timeout: float = 60.0) -> float:
        cluster = Cluster(*statuses)
        monkeypatch.setattr(cutting.time, "monotonic", lambda: cluster.now)
        cutting.wait_until_cut(cluster, "good", timeout=timeout, cancel=lambda: None)
        return cluster.now

    return wait


def test_an_error_that_passes_is_waited_out(wait):
    assert wait(PENDING, FAILED, FAILED, PENDING, READY) == 4.0


def test_one_that_stays_ends_the_wait_with_the_drivers_words(wait):
    with pytest.raises(Refused, match="“good” failed: no room in the pool"):
        wait(PENDING, *[FAILED] * 20)


def test_one_that_is_told_only_once_as_well(wait):
    with pytest.raises(Refused, match="no room"):
        wait(FAILED)


def test_errors_with_pauses_between_them_are_each_given_time(wait):
    assert wait(*[FAILED, FAILED, FAILED, PENDING] * 4, READY) == 16.0


def test_at_the_limit_the_error_tells_more_than_the_time(wait):
    with pytest.raises(Refused, match="no room"):
        wait(FAILED, timeout=2.0)
    with pytest.raises(Timeout):
        wait(PENDING, timeout=2.0)


def test_an_operation_that_waits_in_vain_is_refused(monkeypatch):
    with pytest.raises(Refused, match="did not get ready within 2 s"):
        cutting.await_cut(Cluster(PENDING), "good", timeout=2.0, cancel=lambda: None)
