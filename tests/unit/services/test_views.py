"""Whose a snapshot is, and in which phase."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from netapp_jlab.k8s import naming
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.services.views import owner_uid, snapshot_phase

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
