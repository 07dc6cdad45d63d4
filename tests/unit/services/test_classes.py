"""Which snapshot class serves a driver, and how it is refused."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from netapp_jlab.errors import NotFound, Refused, Unsupported
from netapp_jlab.k8s import naming
from netapp_jlab.k8s.wire import Claim, SnapshotClass, StorageClass
from netapp_jlab.services.classes import Classes


def snapshot_class(name: str, driver: str, *, default: bool = False) -> SnapshotClass:
    marks = {naming.DEFAULT_SNAPSHOT_CLASS: "true"} if default else {}
    return msgspec.convert(
        {"metadata": {"name": name, "annotations": marks}, "driver": driver}, SnapshotClass
    )


def classes(*found: SnapshotClass, preferred: str = "", readable: bool = True) -> Classes:
    catalog = SimpleNamespace(
        snapshot_classes=lambda: {one.metadata.name: one for one in found} if readable else None,
        storage_classes=lambda: {
            "nas": msgspec.convert(
                {"metadata": {"name": "nas"}, "provisioner": "nas.csi"}, StorageClass
            )
        },
    )
    return Classes(catalog, preferred)  # type: ignore[arg-type]


A, B = snapshot_class("a", "nas.csi"), snapshot_class("b", "nas.csi")
DEFAULT = snapshot_class("d", "nas.csi", default=True)
FOREIGN = snapshot_class("x", "other.csi", default=True)


@pytest.mark.parametrize(
    ("found", "preferred", "chosen"),
    [
        ([A], "", "a"),
        ([A, FOREIGN], "", "a"),
        ([A, B, DEFAULT], "", "d"),
        ([A, B], "b", "b"),
        ([A, DEFAULT], "a", "a"),
        ([A, FOREIGN], "x", "a"),
    ],
)
def test_chooses(found, preferred, chosen):
    assert classes(*found, preferred=preferred).snapshot_class("nas.csi") == chosen


def test_no_class_for_the_driver():
    with pytest.raises(Unsupported, match=r"nas\.csi.*has no snapshot class") as refused:
        classes(FOREIGN).snapshot_class("nas.csi")
    assert "VolumeSnapshotClass" in refused.value.hint


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([A, B], "2 snapshot classes, none the default: “a”, “b”"),
        ([DEFAULT, snapshot_class("e", "nas.csi", default=True)], "2 default snapshot classes"),
    ],
)
def test_several_classes_are_named(found, words):
    with pytest.raises(Refused, match=words) as refused:
        classes(*found).snapshot_class("nas.csi")
    assert "snapshot_class" in refused.value.hint


def test_a_wanted_class_has_to_fit():
    assert classes(A, B).snapshot_class("nas.csi", "b") == "b"
    with pytest.raises(NotFound, match="no snapshot class “zzz”") as missing:
        classes(A, B).snapshot_class("nas.csi", "zzz")
    assert "“a”, “b”" in missing.value.hint
    with pytest.raises(Refused, match=r"is for the driver “other\.csi”"):
        classes(A, FOREIGN).snapshot_class("nas.csi", "x")


def test_without_the_right_to_read_classes_the_cluster_chooses():
    assert classes(readable=False).snapshot_class("nas.csi") == ""
    assert classes(readable=False, preferred="mine").snapshot_class("nas.csi") == "mine"


def test_the_driver_is_the_claims_or_its_classes():
    annotated = msgspec.convert(
        {"metadata": {"annotations": {naming.STORAGE_PROVISIONER: "other.csi"}}}, Claim
    )
    by_class = msgspec.convert({"spec": {"storageClassName": "nas"}}, Claim)
    assert classes().driver_of(annotated) == "other.csi"
    assert classes().driver_of(by_class) == "nas.csi"
    assert classes().driver_of(Claim()) == ""


def test_a_driver_that_is_not_known_to_clone_goes_by_snapshot():
    assert not classes(A).clones_directly("nas.csi")
    assert classes(A).clones_directly("csi.trident.netapp.io")
    assert classes(FOREIGN).clones_directly("nas.csi"), "without snapshots there is no other way"
