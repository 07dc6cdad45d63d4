"""Looking into a tree: what is shown, and that nothing outside of it ever is."""

import os
import socket
import threading

import pytest

from netapp_jlab import files


def never():
    return False


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "volume"
    (root / "a" / "deep").mkdir(parents=True)
    (root / "a" / "text").write_bytes(b"0123456789")
    (root / "a" / "link").symlink_to("../outside")
    (root / ".snapshot").mkdir()
    (root / "a" / ".snapshot").mkdir()
    (root / ".~netapp-jlab-x~1").write_bytes(b"half")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    return root


@pytest.fixture
def tree(root):
    with files.Tree.open(str(root)) as tree:
        yield tree


def names(tree, path):
    return [entry.name for entry in files.listing(tree, path, cancel=never)]


def test_a_directory_is_listed_by_name_without_what_is_the_storages(tree):
    assert names(tree, b"") == [b"a"]
    assert names(tree, b"a") == [b".snapshot", b"deep", b"link", b"text"]
    assert names(tree, b"a/deep") == []


def test_an_entry_says_what_it_is(root, tree):
    os.chmod(root / "a" / "text", 0o640)
    os.utime(root / "a" / "text", ns=(1, -1_500_000_000))
    assert files.entry(tree, b"a/text") == files.Entry(b"text", "file", 10, -1_500_000_000, 0o640)
    link = files.entry(tree, b"a/link")
    assert (link.kind, link.link, link.size) == ("symlink", b"../outside", 0)
    assert files.entry(tree, b"").kind == "directory"
    assert files.entry(tree, b"a").name == b"a"


def test_names_are_bytes(root, tree):
    with open(os.path.join(os.fsencode(root), b"a/deep/\xff\n"), "wb") as file:
        file.write(b"x")
    assert names(tree, b"a/deep") == [b"\xff\n"]
    assert files.read(tree, b"a/deep/\xff\n", start=0, length=10) == b"x"


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, 4, b"0123"), (8, 100, b"89"), (10, 1, b""), (99, 5, b""), (3, 0, b"")],
)
def test_a_part_of_a_file_is_read(tree, start, length, expected):
    assert files.read(tree, b"a/text", start=start, length=length) == expected


@pytest.mark.parametrize(
    "path", [b"/a", b"..", b"a/../..", b"a//text", b"a/.", b"a\0b", b".snapshot", b"x" * 256]
)
def test_a_path_that_is_none_is_refused(tree, path):
    with pytest.raises(files.BadPath):
        files.listing(tree, path, cancel=never)
    with pytest.raises(files.BadPath):
        files.entry(tree, path)
    with pytest.raises(files.BadPath):
        files.read(tree, path, start=0, length=1)


@pytest.mark.parametrize("path", [b"none", b"a/none", b"a/text/none", b"a/link/secret"])
def test_what_is_not_there_is_not_there_also_behind_a_link(tree, path):
    with pytest.raises(files.NotThere):
        files.listing(tree, path, cancel=never)
    with pytest.raises(files.NotThere):
        files.entry(tree, path)
    with pytest.raises(files.NotThere):
        files.read(tree, path, start=0, length=1)


def test_the_wrong_kind_is_named(tree):
    with pytest.raises(files.WrongKind, match="symbolic link, not a directory"):
        files.listing(tree, b"a/link", cancel=never)
    with pytest.raises(files.WrongKind, match="symbolic link, not a file"):
        files.read(tree, b"a/link", start=0, length=1)
    with pytest.raises(files.WrongKind, match=r"'\.' is a directory"):
        files.read(tree, b"", start=0, length=1)
    with pytest.raises(files.WrongKind, match="is a file, not a directory"):
        files.listing(tree, b"a/text", cancel=never)


def test_pipes_and_sockets_are_named_and_never_waited_for(root, tree):
    os.mkfifo(root / "a" / "deep" / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "a" / "deep" / "sock"))
        for name, kind in ((b"pipe", "fifo"), (b"sock", "socket")):
            assert files.entry(tree, b"a/deep/" + name).kind == kind
            with pytest.raises(files.WrongKind, match=kind):
                files.read(tree, b"a/deep/" + name, start=0, length=1)


def test_a_listing_can_be_stopped(root, tree):
    def now():
        return True

    with pytest.raises(files.Cancelled):
        files.listing(tree, b"a", cancel=now)


def test_a_folder_swapped_for_a_link_meanwhile_never_leads_out(root, tree):
    """Somebody swaps a folder for a link to the outside all the time; no read ever gets there."""
    inside = root / "swap"
    inside.mkdir()
    (inside / "secret").write_bytes(b"harmless")
    other = root / "other"
    other.symlink_to("../outside")
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            os.rename(inside, root / "aside")
            os.rename(other, inside)
            os.rename(inside, other)
            os.rename(root / "aside", inside)

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen = set()
    try:
        for _ in range(3000):
            try:
                seen.add(files.read(tree, b"swap/secret", start=0, length=20))
            except files.NotThere:
                seen.add(None)
    finally:
        stop.set()
        swapper.join()
    assert seen <= {b"harmless", None}
    assert b"harmless" in seen


def test_what_may_not_be_read_says_so(root, tree, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("netapp_jlab.files.calls.open_content", refuse)
    with pytest.raises(files.NotReadable, match="'a/text' can't be read: Permission denied"):
        files.read(tree, b"a/text", start=0, length=1)
