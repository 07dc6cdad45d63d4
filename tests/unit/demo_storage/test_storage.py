"""The controller's operations: idempotent, refusing what they must, and what they report."""

from __future__ import annotations

import errno
import os
from datetime import datetime, timezone
from pathlib import Path

import pytest

from netapp_jlab.demo.storage import (
    MAX_SNAPSHOTS,
    BusyError,
    ExhaustedError,
    ExistsError,
    InvalidArgumentError,
    NotFoundError,
    SizeError,
    Source,
    Storage,
    StorageError,
    array,
)

GIB = 1024**3


def test_create_volume_is_idempotent(storage: Storage) -> None:
    first = storage.create_volume("pvc-1", GIB)
    Path(storage.path("pvc-1"), "keep").write_text("me")
    assert storage.create_volume("pvc-1", GIB) == first
    assert Path(storage.path("pvc-1"), "keep").read_text() == "me"
    assert os.stat(storage.path("pvc-1")).st_mode & 0o7777 == 0o777
    with pytest.raises(ExistsError):
        storage.create_volume("pvc-1", 2 * GIB)
    with pytest.raises(ExistsError):
        storage.create_volume("pvc-1", GIB, Source(kind="volume", handle="pvc-1"))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", ".snapshot", "a\0b", "x" * 201])
def test_names_that_lead_elsewhere_are_refused(storage: Storage, name: str) -> None:
    with pytest.raises(InvalidArgumentError):
        storage.create_volume(name, GIB)
    storage.create_volume("vol", GIB)
    with pytest.raises(InvalidArgumentError):
        storage.create_snapshot("vol", name)
    with pytest.raises(InvalidArgumentError):
        storage.delete_snapshot(f"vol/{name}")


@pytest.mark.parametrize("size", [0, -1])
def test_size_must_be_positive(storage: Storage, size: int) -> None:
    with pytest.raises(InvalidArgumentError):
        storage.create_volume("vol", size)


def test_clone_has_the_size_of_its_source(storage: Storage) -> None:
    storage.create_volume("vol", 4 * GIB)
    snapshot = storage.create_snapshot("vol", "s1")
    source = Source(kind="snapshot", handle=snapshot.handle)
    assert storage.create_volume("c1", GIB, source).size == 4 * GIB
    with pytest.raises(SizeError, match="too large for the clone source"):
        storage.create_volume("c2", 5 * GIB, source)
    storage.expand_volume("vol", 5 * GIB)
    assert storage.create_volume("c2", 5 * GIB, source).size == 5 * GIB


def test_unknown_sources(storage: Storage) -> None:
    for source in (Source(kind="snapshot", handle="a/b"), Source(kind="volume", handle="a")):
        with pytest.raises(NotFoundError):
            storage.create_volume("vol", GIB, source)
    assert storage.list_volumes() == []
    with pytest.raises(InvalidArgumentError):
        storage.create_volume("vol", GIB, Source(kind="tape", handle="a"))


def test_expand_only_grows(storage: Storage) -> None:
    storage.create_volume("vol", 2 * GIB)
    assert storage.expand_volume("vol", GIB).size == 2 * GIB
    assert storage.expand_volume("vol", 3 * GIB).size == 3 * GIB
    assert storage.volume("vol").size == 3 * GIB


def test_snapshot_reports(storage: Storage) -> None:
    storage.create_volume("vol", GIB)
    Path(storage.path("vol"), "data").write_bytes(os.urandom(100_000))
    before = datetime.now(timezone.utc)
    snapshot = storage.create_snapshot("vol", "snapshot-1")
    assert (snapshot.handle, snapshot.volume, snapshot.name) == (
        "vol/snapshot-1",
        "vol",
        "snapshot-1",
    )
    assert before <= snapshot.created_at <= datetime.now(timezone.utc)
    assert 100_000 <= snapshot.size < 120_000
    assert storage.create_snapshot("vol", "snapshot-1") == snapshot
    old = datetime(2024, 5, 1, tzinfo=timezone.utc)
    storage.create_snapshot("vol", "snapshot-0", created_at=old)
    assert [s.name for s in storage.list_snapshots("vol")] == ["snapshot-0", "snapshot-1"]
    assert storage.list_snapshots() == storage.list_snapshots("vol")


def test_used_leaves_out_snapshots_and_counts_hard_links_once(storage: Storage) -> None:
    storage.create_volume("vol", GIB)
    live = Path(storage.path("vol"))
    (live / "a").write_bytes(os.urandom(64 * 1024))
    os.link(live / "a", live / "b")
    storage.create_snapshot("vol", "s1")
    assert storage.used("vol") == 64 * 1024 == storage.used("vol/s1")


def test_deleting_is_idempotent(storage: Storage) -> None:
    storage.create_volume("vol", GIB)
    storage.create_snapshot("vol", "s1")
    for _ in range(2):
        storage.delete_snapshot("vol/s1")
        storage.delete_volume("vol")
    assert storage.list_volumes() == storage.list_snapshots() == []
    assert os.listdir(storage.root + "/volumes") == os.listdir(storage.root + "/records") == []
    with pytest.raises(NotFoundError):
        storage.path("vol")


def test_deleted_volume_lives_until_its_last_snapshot(storage: Storage) -> None:
    storage.create_volume("vol", GIB)
    Path(storage.path("vol"), "data").write_text("old")
    for name in ("s1", "s2"):
        storage.create_snapshot("vol", name)
    storage.delete_volume("vol")
    assert storage.list_volumes() == []
    assert [v.handle for v in storage.list_volumes(deleting=True)] == ["vol"]
    with pytest.raises(NotFoundError):
        storage.create_snapshot("vol", "s3")
    with pytest.raises(ExistsError):
        storage.create_volume("vol", GIB)
    storage.create_volume("clone", GIB, Source(kind="snapshot", handle="vol/s1"))
    assert Path(storage.path("clone"), "data").read_text() == "old"
    storage.delete_snapshot("vol/s1")
    storage.delete_snapshot("vol/s2")
    assert [v.handle for v in storage.list_volumes(deleting=True)] == ["clone"]
    assert os.listdir(storage.root + "/volumes") == ["clone"]


def test_hidden_snapshots(storage: Storage) -> None:
    storage.create_volume("vol", GIB, show_snapshots=False)
    Path(storage.path("vol"), "a").write_text("a")
    storage.create_snapshot("vol", "s1")
    assert os.listdir(storage.path("vol")) == ["a"]
    assert os.listdir(storage.path("vol/s1")) == ["a"]
    storage.create_volume("clone", GIB, Source(kind="snapshot", handle="vol/s1"))
    assert sorted(os.listdir(storage.path("clone"))) == [".snapshot", "a"]
    storage.delete_volume("vol")
    storage.delete_snapshot("vol/s1")
    assert os.listdir(storage.root + "/hidden") == []


def test_too_many_snapshots(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_SNAPSHOTS == 1023
    monkeypatch.setattr(array, "MAX_SNAPSHOTS", 2)
    storage.create_volume("vol", GIB)
    for name in ("s1", "s2"):
        storage.create_snapshot("vol", name)
    with pytest.raises(ExhaustedError):
        storage.create_snapshot("vol", "s3")
    storage.create_snapshot("vol", "s2")


def test_full_disk_leaves_nothing(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.create_volume("vol", GIB)
    for name in "abc":
        Path(storage.path("vol"), name).write_text(name)
    copied = []

    def full(source: int, target: int) -> None:
        copied.append(source)
        if len(copied) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage._files, "copy", full)
    with pytest.raises(ExhaustedError, match=r"create snapshot vol/s1: No space left"):
        storage.create_snapshot("vol", "s1")
    assert (
        os.listdir(storage.path("vol") + "/.snapshot") == os.listdir(storage.root + "/work") == []
    )
    assert storage.list_snapshots() == []


def test_codes_are_those_of_csi() -> None:
    codes = {kind.code for kind in StorageError.__subclasses__()} | {StorageError.code}
    assert codes == {
        "INTERNAL",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "INVALID_ARGUMENT",
        "OUT_OF_RANGE",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
    }


def test_one_process_at_a_time(storage: Storage) -> None:
    with pytest.raises(BusyError, match="in use by another process"):
        Storage(storage.root)
    storage.close()
    storage.close()
    Storage(storage.root).close()
