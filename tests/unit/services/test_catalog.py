"""What is kept of the API server's answers, and for how long."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from netapp_jlab.config import Settings
from netapp_jlab.errors import Forbidden, Unreachable, Unsupported
from netapp_jlab.k8s.outage import RETRY, Outage
from netapp_jlab.services.catalog import Catalog, Kept
from netapp_jlab.services.classes import Classes


class Reader:
    """Something to read that may fail."""

    def __init__(self) -> None:
        self.reads = 0
        self.error: Exception | None = None

    def __call__(self) -> int:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self.reads


@pytest.fixture
def read() -> Reader:
    return Reader()


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("netapp_jlab.services.catalog.time.monotonic", lambda: now[0])
    return now


def test_a_value_is_read_again_when_it_is_old(read, clock):
    kept = Kept(read, 5.0, Outage())
    assert [kept.get(), kept.get()] == [1, 1]
    clock[0] += 5.0
    assert kept.get() == 2


def test_what_was_known_stands_while_the_server_is_away(read, clock):
    kept = Kept(read, 5.0, Outage())
    kept.get()
    read.error = Unreachable("away")
    clock[0] += 5.0
    assert [kept.get(), kept.get()] == [1, 1]
    assert read.reads == 2
    read.error = None
    clock[0] += RETRY
    assert kept.get() == 3


def test_one_that_waits_for_the_server_spares_the_others(clock):
    """A list is made of many answers that are kept: each alone would wait for the server."""
    outage, first, second = Outage(), Reader(), Reader()
    kept = [Kept(first, 5.0, outage), Kept(second, 5.0, outage)]
    assert [one.get() for one in kept] == [1, 1]
    clock[0] += 5.0
    first.error = second.error = Unreachable("away")
    assert [one.get() for one in kept] == [1, 1]
    assert (first.reads, second.reads) == (2, 1)
    first.error = second.error = None
    outage.end()  # somebody reached it
    assert [one.get() for one in kept] == [3, 2]


def test_what_is_not_known_is_asked_for_all_the_same(read, clock):
    outage = Outage()
    outage.begin()
    assert Kept(read, 5.0, outage).get() == 1
    assert Kept(read, 0, outage).get() == 2


@pytest.mark.parametrize("error", [Unreachable("away"), Forbidden("not yours")])
def test_without_a_value_the_error_is_told(read, clock, error):
    read.error = error
    with pytest.raises(type(error)):
        Kept(read, 5.0, Outage()).get()


def test_forgetting_tells_the_error(read, clock):
    kept = Kept(read, 5.0, Outage())
    kept.get()
    kept.forget()
    read.error = Unreachable("away")
    with pytest.raises(Unreachable):
        kept.get()


def test_nothing_is_kept_for_no_seconds(read, clock):
    kept = Kept(read, 0, Outage())
    kept.get()
    read.error = Unreachable("away")
    with pytest.raises(Unreachable):
        kept.get()


class WithoutSnapshots:
    """A cluster that lacks the kinds of the snapshot controller."""

    namespace = "jupyter"

    def list(self, kind, **_: str):
        if kind.group == "snapshot.storage.k8s.io":
            raise Unsupported(f"The cluster does not serve {kind.plural}.")
        return SimpleNamespace(items=[])


def test_a_cluster_without_snapshots_still_has_volumes():
    catalog = Catalog(WithoutSnapshots(), Settings())  # type: ignore[arg-type]
    assert catalog.claims() == {}
    assert catalog.snapshots() == {}
    assert catalog.snapshot_classes() == {}
    with pytest.raises(Unsupported, match="has no snapshot class"):
        Classes(catalog, "").snapshot_class("nas.csi")
