"""Names and manifests."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp_jlab.errors import Invalid
from netapp_jlab.k8s import naming, objects

DETERMINISTIC = settings(deadline=None, derandomize=True)
#: As in k8s.io/apimachinery/pkg/util/validation.
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)


@DETERMINISTIC
@given(st.text(st.sampled_from("aB1-._ /é\n日"), max_size=12))
def test_valid_or_told_why(name):
    if SUBDOMAIN.fullmatch(name):
        naming.validate_name(name, "volume")
        return
    with pytest.raises(Invalid) as caught:
        naming.validate_name(name, "volume")
    proposal = naming.propose_name(name)
    assert not proposal or SUBDOMAIN.fullmatch(proposal)
    assert proposal in caught.value.hint


@pytest.mark.parametrize("name", ["a", "1", "my-data", "a.b-c.9", "a" * 253])
def test_valid_names(name):
    naming.validate_name(name, "volume")


@pytest.mark.parametrize(
    ("name", "fault", "proposal"),
    [
        ("My Data", "blanks are not allowed", "“my-data”"),
        ("Data", "capital letters are not allowed", "“data”"),
        ("a_b", "“_” is not allowed", "“a-b”"),
        ("naïve", "“ï” is not allowed", "“naive”"),
        ("-a", "start and end with a letter or a digit", "“a”"),
        ("a.", "start and end with a letter or a digit", "“a”"),
        ("a..b", "between letters or digits", "“a.b”"),
        ("a.-b", "between letters or digits", "“a.b”"),
        ("a\n", "U+000A", "“a”"),
        ("a" * 254, "254 characters, 253 are allowed", "a" * 253),
        ("", "needs a name", ""),
        ("日本", "“日” is not allowed", ""),
    ],
)
def test_what_is_wrong_with_a_name(name, fault, proposal):
    with pytest.raises(Invalid) as caught:
        naming.validate_name(name, "snapshot")
    assert fault in caught.value.message
    assert proposal in caught.value.hint
    assert "\n" not in caught.value.message


WHEN = datetime(2026, 1, 2, 15, 4, 5, tzinfo=timezone.utc)


@DETERMINISTIC
@given(st.from_regex(SUBDOMAIN, fullmatch=True).map(lambda name: name[:253].rstrip("-.")))
def test_snapshot_names_are_valid(volume):
    name = naming.snapshot_name(volume, WHEN)
    naming.validate_name(name, "snapshot")
    assert re.search(r"-20260102-150405-[0-9a-f]{4}$", name)


def test_snapshot_names():
    local = WHEN.astimezone(timezone(timedelta(hours=-5)))
    assert naming.snapshot_name("data", local, "beef") == "data-20260102-150405-beef"
    long = naming.snapshot_name("a" * 230 + "-.-" + "b" * 20, WHEN, "beef")
    assert long == "a" * 230 + "-20260102-150405-beef"
    assert len({naming.snapshot_name("data", WHEN) for _ in range(50)}) > 40


def test_a_snapshot():
    manifest = objects.snapshot(
        "s",
        claim="data",
        claim_uid="u1",
        snapshot_class="fast",
        purpose="safety",
        labels={naming.REQUEST_ID: "r"},
        annotations={naming.NOTE: "n", naming.AUTHOR: ""},
    )
    assert manifest == {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {
            "name": "s",
            "labels": {
                "netapp-jlab.io/volume-uid": "u1",
                "netapp-jlab.io/purpose": "safety",
                "netapp-jlab.io/request-id": "r",
                "app.kubernetes.io/managed-by": "netapp-jlab",
            },
            "annotations": {"netapp-jlab.io/note": "n"},
        },
        "spec": {
            "source": {"persistentVolumeClaimName": "data"},
            "volumeSnapshotClassName": "fast",
        },
    }
    plain = objects.snapshot("s", claim="data", claim_uid="u1")
    assert "volumeSnapshotClassName" not in plain["spec"]
    assert "annotations" not in plain["metadata"]


def test_a_claim():
    manifest = objects.claim("c", size=10 * 1024**3)
    assert manifest == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "c", "labels": {"app.kubernetes.io/managed-by": "netapp-jlab"}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "10Gi"}},
        },
    }
    block = objects.claim("c", size=1024, volume_mode="Block", storage_class="fast")
    assert block["spec"]["volumeMode"] == "Block"
    assert block["spec"]["storageClassName"] == "fast"
    snapshot = objects.claim("c", size=1024, from_snapshot="s", access_modes=("ReadWriteMany",))
    assert snapshot["spec"]["accessModes"] == ["ReadWriteMany"]
    assert snapshot["spec"]["dataSource"] == {
        "apiGroup": "snapshot.storage.k8s.io",
        "kind": "VolumeSnapshot",
        "name": "s",
    }
    clone = objects.claim("c", size=1024, from_claim="b")
    assert clone["spec"]["dataSource"] == {"kind": "PersistentVolumeClaim", "name": "b"}
