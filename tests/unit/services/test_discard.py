"""What a sweep may not delete does not keep it from the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from netapp_jlab.config import Settings
from netapp_jlab.errors import Changed, Forbidden, NotFound, Unreachable
from netapp_jlab.k8s import kinds, naming
from netapp_jlab.k8s.wire import VolumeSnapshot
from netapp_jlab.services.clones import Clones
from netapp_jlab.services.discard import discard
from netapp_jlab.services.journal import Journal


def intermediate(name: str, owner: str = "") -> VolumeSnapshot:
    labels = {naming.PURPOSE: "intermediate", **({naming.OWNER: owner} if owner else {})}
    return msgspec.convert(
        {"metadata": {"name": name, "uid": f"uid-{name}", "labels": labels}}, VolumeSnapshot
    )


@dataclass
class Cluster:
    refusals: dict[str, Exception] = field(default_factory=dict)
    deleted: list[tuple[str, str]] = field(default_factory=list)

    def delete(self, kind: Any, name: str, *, uid: str) -> None:
        if name in self.refusals:
            raise self.refusals[name]
        self.deleted.append((name, uid))


def sweep(cluster: Cluster, *snapshots: VolumeSnapshot, owner: str = "") -> list[str]:
    catalog = SimpleNamespace(
        cluster=cluster,
        settings=Settings(mover_owner=owner),
        snapshots=lambda: {one.metadata.name: one for one in snapshots},
        clones_of=lambda _: [],
    )
    unused = SimpleNamespace()
    journal = Journal(catalog)
    Clones(catalog, unused, unused, unused, journal, author="", ready_timeout=1.0).sweep()
    return [name for name, _ in cluster.deleted]


def test_only_the_object_that_was_found_is_deleted():
    cluster = Cluster()
    discard(cluster, kinds.SNAPSHOTS, intermediate("old"))
    assert cluster.deleted == [("old", "uid-old")]


@pytest.mark.parametrize("refusal", [Forbidden("a policy"), NotFound("gone"), Changed("anew")])
def test_the_sweep_goes_on_after_one_that_stays(refusal):
    cluster = Cluster({"theirs": refusal})
    assert sweep(cluster, intermediate("theirs"), intermediate("mine")) == ["mine"]


def test_without_the_api_server_it_ends():
    cluster = Cluster({"first": Unreachable("away")})
    with pytest.raises(Unreachable):
        sweep(cluster, intermediate("first"), intermediate("second"))


def test_another_users_are_not_even_tried():
    found = intermediate("theirs", owner="u12"), intermediate("mine", owner="u1")
    assert sweep(Cluster(), *found, owner="u1") == ["mine"]
