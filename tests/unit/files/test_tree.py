"""Nothing outside a tree can be reached through it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netapp_jlab.files import BadPath, Tree, TreeUnavailable, check_paths, usage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "volume"
    (place / ".snapshot" / "snapshot-1" / "deep").mkdir(parents=True)
    (place / "file").write_bytes(b"x")
    (place / "link").symlink_to(tmp_path)
    (place / "loop").symlink_to("loop")
    return place


def test_open_follows_links_on_the_way_to_the_root(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    with Tree.open(str(tmp_path / "alias")) as tree:
        assert tree.path == os.fsencode(root)
        assert tree.inode == root.stat().st_ino


@pytest.mark.parametrize("path", ["relative", "/no/such/place", "/etc/passwd", "", "/a\0b"])
def test_open_what_is_no_directory(path: str) -> None:
    with pytest.raises(TreeUnavailable):
        Tree.open(path)


def test_subtree(root: Path) -> None:
    with Tree.open(str(root)) as tree, tree.subtree(b".snapshot/snapshot-1") as snapshot:
        assert snapshot.inode == (root / ".snapshot" / "snapshot-1").stat().st_ino
        assert snapshot.path.endswith(b"/.snapshot/snapshot-1")
        with snapshot.subtree(b"deep") as deep:
            assert os.listdir(deep.fd) == []


@pytest.mark.parametrize("path", [b"link", b"link/volume", b"loop", b"file", b"none", b"link/x/y"])
def test_subtree_does_not_follow_links(root: Path, path: bytes) -> None:
    with Tree.open(str(root)) as tree, pytest.raises(TreeUnavailable):
        tree.subtree(path)


@pytest.mark.parametrize(
    "path", [b"/etc", b"..", b"a/../b", b"a//b", b"a/", b".", b"./a", b"a\0b", b"a" * 256]
)
def test_paths_that_lead_nowhere_inside(root: Path, path: bytes) -> None:
    with Tree.open(str(root)) as tree:
        for call in (tree.subtree, tree.lstat, lambda path: check_paths([path])):
            with pytest.raises(BadPath):
                call(path)


@pytest.mark.parametrize(
    "path", [b".snapshot", b".snapshot/snapshot-1/x", b"lost+found", b"a/.~netapp-jlab-x~1"]
)
def test_paths_that_are_not_the_users(path: bytes) -> None:
    with pytest.raises(BadPath):
        check_paths([path])


def test_check_paths_accepts_names_that_only_look_special() -> None:
    check_paths([b"", b"...", b"a/.snapshot", b"a" * 255, b"..a/b..", b".nfsrc", b"\xff\\n"])


def test_lstat_does_not_follow_links(root: Path) -> None:
    with Tree.open(str(root)) as tree:
        found = tree.lstat(b"link")
        assert found is not None
        assert found.st_ino == (root / "link").lstat().st_ino
        assert tree.lstat(b"link/volume") is None
        assert tree.lstat(b"file/below") is None
        assert tree.lstat(b"none/below") is None
        top = tree.lstat(b"")
        assert top is not None
        assert top.st_ino == tree.inode


def test_a_closed_tree_stays_closed(root: Path) -> None:
    tree = Tree.open(str(root))
    tree.close()
    tree.close()
    assert tree.fd == -1


def test_usage(root: Path) -> None:
    with Tree.open(str(root)) as tree:
        found = usage(tree)
    whole = os.statvfs(root)
    assert found.total == whole.f_blocks * whole.f_frsize
    assert 0 < found.used <= found.total
    assert found.free <= found.total - found.used
