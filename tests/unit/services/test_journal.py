"""Which records of operations are believed: they are done with the rights of who takes them up."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import msgspec
import pytest

from netapp_jlab.config import Settings
from netapp_jlab.k8s import naming
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.services.journal import Journal
from netapp_jlab.services.records import Record, Ref, now


def carrier(kind, volume: str, record: Record, owner: str = ""):
    meta = {
        "name": "carrier",
        "uid": "uid-carrier",
        "annotations": {naming.OPERATION: record.encode()},
        "labels": {naming.OWNER: owner} if owner else {},
    }
    source = {"source": {"persistentVolumeClaimName": volume}} if kind is VolumeSnapshot else {}
    return msgspec.convert({"metadata": meta, "spec": source}, kind)


def restore(volume: str) -> Record:
    return Record(kind="restore", volume=Ref(volume, f"uid-{volume}"), started_at=now())


@dataclass
class Namespace:
    """As much of the catalog as the journal reads."""

    found: dict[str, VolumeSnapshot] = field(default_factory=dict)
    copies: dict[str, Claim] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    cluster: object = field(default_factory=SimpleNamespace)

    def snapshots(self):
        return self.found

    def claims(self):
        return self.copies

    live_snapshots, live_claims = snapshots, claims


def operations(*snapshots: VolumeSnapshot, claims: tuple[Claim, ...] = (), owner: str = ""):
    namespace = Namespace(
        dict(enumerate(snapshots)), dict(enumerate(claims)), Settings(mover_owner=owner)
    )
    return [entry.record.volume.name for entry in Journal(namespace).entries()]


def test_a_restore_stands_on_a_snapshot_of_the_volume_that_it_changes():
    assert operations(carrier(VolumeSnapshot, "mine", restore("mine"))) == ["mine"]


def test_on_a_snapshot_of_another_volume_it_is_not_believed():
    assert operations(carrier(VolumeSnapshot, "theirs", restore("mine"))) == []


def test_nor_on_a_volume():
    forged = carrier(Claim, "", restore("mine"))
    assert operations(claims=(forged,)) == []


@pytest.mark.parametrize(("label", "seen"), [("u1", ["mine"]), ("", ["mine"]), ("u12", [])])
def test_another_users_are_not_ours(label, seen):
    taken = carrier(VolumeSnapshot, "mine", restore("mine"), owner=label)
    assert operations(taken, owner="u1") == seen
    assert operations(taken) == ["mine"]  # nobody says that there are several users
