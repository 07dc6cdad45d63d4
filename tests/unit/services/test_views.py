"""Whose a snapshot is, and in which phase."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from netapp_jlab.k8s import naming
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.services.mounts import Mount, Mounts
from netapp_jlab.services.views import SnapshotViews, owner_uid, snapshot_phase

BORN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
CLAIMS = {
    "project1": msgspec.convert(
        {"metadata": {"name": "project1", "uid": "new", "creationTimestamp": BORN.isoformat()}},
        Claim,
    )
}


def snapshot(*, cut: datetime | None = None, label: str = "", claim: str = "project1", **status):
    meta = {"name": "s", "uid": "s-uid", "creationTimestamp": BORN.isoformat()}
    if label:
        meta["labels"] = {naming.VOLUME_UID: label}
    if cut is not None:
        status["creationTime"] = cut.isoformat()
    return msgspec.convert(
        {
            "metadata": meta,
            "spec": {"source": {"persistentVolumeClaimName": claim}},
            "status": status,
        },
        VolumeSnapshot,
    )


def test_our_label_says_whose_it_is():
    assert owner_uid(snapshot(label="old", cut=BORN + timedelta(days=1)), CLAIMS) == "old"


@pytest.mark.parametrize(
    ("after", "owner"),
    [
        (timedelta(seconds=1), "new"),
        (timedelta(milliseconds=400), "new"),
        (timedelta(0), "new"),
        (timedelta(seconds=-1), ""),
        (timedelta(days=-30), ""),
    ],
)
def test_without_a_label_the_time_tells(after, owner):
    """A snapshot from before the claim was created is a deleted namesake's."""
    assert owner_uid(snapshot(cut=BORN + after), CLAIMS) == owner


def test_another_present_volumes_uid_was_written_by_hand():
    assert owner_uid(snapshot(label="new", claim="other", cut=BORN), CLAIMS) == ""
    assert owner_uid(snapshot(label="new", claim="other", cut=BORN), CLAIMS, {"new"}) == ""


def test_nobodys_when_the_claim_is_gone():
    assert owner_uid(snapshot(claim="gone", cut=BORN), CLAIMS) == ""


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ({}, "pending"),
        ({"readyToUse": True}, "ready"),
        ({"error": {"message": "no space"}}, "failed"),
        ({"readyToUse": True, "error": {"message": "an earlier try"}}, "ready"),
    ],
)
def test_phases(status, phase):
    assert snapshot_phase(snapshot(**status)) == phase


class Namespace:
    """A catalog that gives what it is told to."""

    def __init__(self) -> None:
        self.claims_now = CLAIMS
        self.snapshots_now = {}
        self.mounts_now = Mounts()

    def claims(self):
        return self.claims_now

    def snapshots(self):
        return self.snapshots_now

    def mounts(self):
        return self.mounts_now

    def put(self, *changed: VolumeSnapshot) -> None:
        self.snapshots_now = {**self.snapshots_now, **{one.metadata.name: one for one in changed}}


def numbered(number: int, version: int = 1) -> VolumeSnapshot:
    found = snapshot(label="new", cut=BORN + timedelta(days=number), readyToUse=True)
    meta = msgspec.structs.replace(
        found.metadata, name=f"s{number}", uid=f"uid-{number}", resource_version=str(version)
    )
    return msgspec.structs.replace(found, metadata=meta)


@pytest.fixture
def namespace() -> Namespace:
    made = Namespace()
    made.put(*map(numbered, (2, 3, 1)))
    return made


def test_a_timeline_is_the_same_until_something_changes(namespace):
    views = SnapshotViews(namespace)
    first = views.newest_first()
    assert [one.name for one in first] == ["s3", "s2", "s1"]
    assert views.newest_first() is first
    assert list(views.by_volume()["new"]) == list(first)
    namespace.put(numbered(2, version=2))
    second = views.newest_first()
    assert [one.name for one in second] == ["s3", "s2", "s1"]
    assert [new is old for new, old in zip(second, first, strict=True)] == [True, False, True]


def test_a_timeline_changes_with_the_volume(namespace):
    views = SnapshotViews(namespace)
    assert not any(one.stale for one in views.newest_first())
    namespace.claims_now = {}
    assert all(one.stale for one in views.newest_first())


def test_a_timeline_changes_with_what_can_be_read_here(namespace, tmp_path):
    views = SnapshotViews(namespace)
    (tmp_path / ".snapshot").mkdir()
    namespace.mounts_now = Mounts({"project1": Mount("project1", str(tmp_path))})
    assert not any(one.browsable for one in views.newest_first())
    (tmp_path / ".snapshot" / "snapshot-uid-2").mkdir()
    assert [one.name for one in views.newest_first() if one.browsable] == ["s2"]
