"""Snapshots and clones keep everything that makes a tree what it is."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from netapp_jlab.demo.storage import Source, Storage
from netapp_jlab.demo.storage.filedata import FileCopier
from netapp_jlab.demo.storage.walk import disk_usage, remove_tree

from .trees import T0, make_everything, portrait

GIB = 1024**3


def test_snapshot_and_clone_keep_everything(storage: Storage) -> None:
    volume = storage.create_volume("vol", GIB)
    live = storage.path("vol")
    make_everything(live)
    before = portrait(live)
    snapshot = storage.create_snapshot("vol", "snapshot-1")
    storage.create_volume("clone", volume.size, Source(kind="snapshot", handle=snapshot.handle))
    storage.create_volume("direct", volume.size, Source(kind="volume", handle="vol"))

    assert portrait(live) == before
    for handle in (snapshot.handle, "clone", "direct"):
        assert portrait(storage.path(handle)) == before
    assert os.stat(storage.path("clone") + "/sparse").st_blocks * 512 < 1024**2


def test_copies_are_independent(storage: Storage) -> None:
    storage.create_volume("vol", GIB)
    file = Path(storage.path("vol"), "data")
    file.write_text("one")
    storage.create_snapshot("vol", "s1")
    file.write_text("two")
    storage.create_volume("clone", GIB, Source(kind="snapshot", handle="vol/s1"))
    Path(storage.path("clone"), "data").write_text("three")
    assert file.read_text() == "two"
    assert Path(storage.path("vol/s1"), "data").read_text() == "one"


def test_snapshot_leaves_out_snapshots(storage: Storage) -> None:
    storage.create_volume("vol", GIB)
    Path(storage.path("vol"), "a").write_text("a")
    storage.create_snapshot("vol", "s1")
    storage.create_snapshot("vol", "s2")
    assert os.listdir(storage.path("vol/s2")) == ["a"]
    assert sorted(os.listdir(storage.path("vol") + "/.snapshot")) == ["s1", "s2"]


def test_sockets_and_devices(storage: Storage) -> None:
    storage.create_volume("vol", GIB)
    live = Path(storage.path("vol"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(live / "socket"))
        if os.geteuid() == 0:
            os.mknod(live / "null", stat.S_IFCHR | 0o620, os.makedev(1, 3))
        storage.create_snapshot("vol", "s1")
    assert portrait(storage.path("vol/s1")) == portrait(str(live))


def test_deep_tree_beyond_path_max(storage: Storage) -> None:
    """300 levels of long names: no path that deep can be opened in one call."""
    storage.create_volume("vol", GIB)
    name = b"d" * 40
    current = os.open(storage.path("vol"), os.O_RDONLY)
    for _ in range(300):
        os.mkdir(name, dir_fd=current)
        below = os.open(name, os.O_RDONLY, dir_fd=current)
        os.close(current)
        current = below
    file = os.open("one", os.O_CREAT | os.O_WRONLY, dir_fd=current)
    os.write(file, b"deep")
    os.link("one", "two", src_dir_fd=current, dst_dir_fd=current)
    os.close(file)
    os.close(current)

    storage.create_snapshot("vol", "s1")

    used = storage.used("vol/s1")
    assert used == disk_usage(storage.path("vol"), skip=frozenset({b".snapshot"}))
    storage.delete_snapshot("vol/s1")
    storage.delete_volume("vol")
    assert os.listdir(storage.root + "/volumes") == []


def test_hostile_link_is_not_followed(storage: Storage, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("key")
    storage.create_volume("vol", GIB)
    os.symlink(secret, storage.path("vol") + "/folder")
    storage.create_snapshot("vol", "s1")
    assert os.path.islink(storage.path("vol/s1") + "/folder")
    storage.delete_volume("vol")
    storage.delete_snapshot("vol/s1")
    assert (secret / "key").read_text() == "key"


def test_tree_that_is_rewritten_meanwhile(storage: Storage) -> None:
    """Each file of a snapshot is whole, whatever happens to the tree while it is cut."""
    storage.create_volume("vol", GIB)
    live = Path(storage.path("vol"))
    stop = threading.Event()

    def churn() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            for name in "abcdef":
                draft = live / f".{name}.tmp"
                draft.write_bytes(name.encode() * (turn % 7 + 1) * 50_000)
                os.replace(draft, live / name)
            shutil.rmtree(live / "folder", ignore_errors=True)
            (live / "folder" / "sub").mkdir(parents=True)
            (live / "folder" / "sub" / "file").write_text("x")

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for number in range(15):
            storage.create_snapshot("vol", f"s{number}")
    finally:
        stop.set()
        thread.join(10)
    for number in range(15):
        for name in "abcdef":
            file = Path(storage.path(f"vol/s{number}"), name)
            if file.exists():
                content = file.read_bytes()
                assert set(content) == {ord(name)}
                assert len(content) % 50_000 == 0


def test_blocks_are_shared_where_possible(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file system is asked to share first; a single refusal does not switch sharing off."""
    asked = []

    def ioctl(target: int, request: int, source: int) -> int:
        asked.append(request)
        if len(asked) == 1:
            raise OSError(22, "Invalid argument")
        os.write(target, os.pread(source, 100, 0))
        return 0

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    storage.create_volume("vol", GIB)
    for name in "ab":
        Path(storage.path("vol"), name).write_text(name)
    storage.create_snapshot("vol", "s1")
    assert asked == [0x40049409, 0x40049409]
    assert {p.name: p.read_text() for p in Path(storage.path("vol/s1")).iterdir()} == {
        "a": "a",
        "b": "b",
    }


def test_refused_sharing_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ioctl(*_: int) -> int:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    copier = FileCopier()
    (tmp_path / "a").write_text("content")
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("w+b") as target:
        copier.copy(source.fileno(), target.fileno())
    assert (tmp_path / "b").read_text() == "content"
    assert not copier.reflink


def test_real_reflink(tmp_path: Path) -> None:
    """On a copy-on-write file system a snapshot of 64 MiB takes no new blocks."""
    mkfs = shutil.which("mkfs.btrfs") or shutil.which("mkfs.xfs")
    if os.geteuid() != 0 or mkfs is None:
        pytest.skip("needs root and btrfs or xfs tools")
    image, mount = tmp_path / "image", tmp_path / "mount"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(512 * 1024**2)
    subprocess.run([mkfs, "-q", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=False).returncode:
        pytest.skip("no loop mounts here")
    try:
        array = Storage(str(mount / "array"))
        array.create_volume("vol", GIB)
        Path(array.path("vol"), "big").write_bytes(os.urandom(64 * 1024**2))
        os.sync()
        before = os.statvfs(mount).f_bfree
        array.create_snapshot("vol", "s1")
        os.sync()
        spent = (before - os.statvfs(mount).f_bfree) * os.statvfs(mount).f_frsize
        array.close()
        assert spent < 8 * 1024**2
    finally:
        subprocess.run(["umount", str(mount)], check=True)


UNPRIVILEGED = """
import os, sys
sys.path[:0] = {path!r}
from netapp_jlab.demo.storage import Source, Storage
from tests.unit.demo_storage.trees import make_everything, portrait
os.setgroups([]); os.setgid(65534); os.setuid(65534); os.umask(0o077)
array = Storage({root!r})
array.create_volume("vol", 1024**3)
live = array.path("vol")
make_everything(live)
before = portrait(live)
os.chmod(live + "/data/plain.txt", 0)
os.chmod(live + "/closed", 0)
array.create_snapshot("vol", "s1")
for tree in (live, array.path("vol/s1")):
    assert os.stat(tree + "/data/plain.txt").st_mode & 0o7777 == 0, tree
    assert os.stat(tree + "/closed").st_mode & 0o7777 == 0, tree
    os.chmod(tree + "/data/plain.txt", 0o644)
    os.chmod(tree + "/closed", 0o500)
for tree in (live, array.path("vol/s1")):
    assert portrait(tree) == before, tree
try:
    os.mkdir(live + "/.snapshot/mine")
except PermissionError:
    pass
else:
    raise AssertionError(".snapshot can be written to")
array.create_volume("clone", 1024**3, Source(kind="snapshot", handle="vol/s1"))
assert portrait(array.path("clone")) == before
array.delete_volume("vol"); array.delete_snapshot("vol/s1"); array.delete_volume("clone")
assert os.listdir(array.root + "/volumes") == os.listdir(array.root + "/work") == []
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="drops root's privileges")
def test_everything_without_privileges() -> None:
    """An ordinary user's array also reads what that user closed to himself."""
    home = tempfile.mkdtemp(prefix="netapp-jlab-array-")
    try:
        os.chown(home, 65534, 65534)
        code = UNPRIVILEGED.format(path=[*sys.path, os.getcwd()], root=home + "/array")
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
    finally:
        remove_tree(home)


def test_set_user_id_survives_the_change_of_owner(storage: Storage) -> None:
    if os.geteuid() != 0:
        pytest.skip("changes owners")
    storage.create_volume("vol", GIB)
    file = Path(storage.path("vol"), "tool")
    file.write_text("x")
    os.chown(file, 1234, 1234)
    os.chmod(file, 0o6755)
    os.utime(file, ns=(T0, T0))
    storage.create_snapshot("vol", "s1")
    assert portrait(storage.path("vol/s1")) == portrait(storage.path("vol"))
