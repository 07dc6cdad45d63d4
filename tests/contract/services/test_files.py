"""Looking into snapshots on real files: names, kinds, parts, and paths that must lead nowhere."""

from __future__ import annotations

import os
import socket

import pytest

from netapp_jlab import Client, errors

SECRET = "outside of every volume"
CONTENTS = bytes(range(256)) * 5000


@pytest.fixture
def project(mounted, fill, cut, tmp_path) -> tuple[Client, str]:
    """A client, and a snapshot of a volume with all sorts of files in it."""
    client, path = mounted
    (tmp_path / "secret").write_text(SECRET)
    fill(path, {"b.txt": "bee", "A.txt": "", "data/x.csv": "1,2\n", "data/deep/y": "y"})
    (path / "large.bin").write_bytes(CONTENTS)
    (path / "empty").mkdir()
    (path / "out").symlink_to(tmp_path / "secret")
    (path / "outside").symlink_to(tmp_path)
    (path / "inside").symlink_to("data")
    os.mkfifo(path / "pipe")
    odd = os.fsencode(path) + b"/odd\xff\n\\"
    with open(odd, "wb") as file:
        file.write(b"odd")
    os.utime(path / "b.txt", ns=(0, 1_000_000_000_123_456_789))
    return client, cut(name="good").name


def test_a_folder(project):
    client, good = project
    found = client.files.list(good)
    assert (found.snapshot, found.volume, found.path) == (good, "project1", "")
    names = [(one.name, one.kind, one.size) for one in found.items]
    assert names == [
        ("data", "directory", 0),
        ("empty", "directory", 0),
        ("A.txt", "file", 0),
        ("b.txt", "file", 3),
        ("inside", "symlink", 0),
        ("large.bin", "file", len(CONTENTS)),
        (r"odd\xff\x0a\\", "file", 3),
        ("out", "symlink", 0),
        ("outside", "symlink", 0),
        ("pipe", "fifo", 0),
    ]
    assert found.total == len(names)
    bee = found.items[3]
    assert bee.modified is not None
    assert bee.modified.isoformat() == "2001-09-09T01:46:40.123456+00:00"
    assert found.items[4].link == "data"


def test_a_folder_below(project):
    client, good = project
    assert [one.name for one in client.files.list(good, "data").items] == ["deep", "x.csv"]
    assert client.files.list(good, "data/").items == client.files.list(good, "data").items
    assert client.files.list(good, "empty").items == ()


def test_only_some_names(project):
    client, good = project
    found = client.files.list(good, match="A", limit=2)
    assert [one.name for one in found.items] == ["data", "A.txt"]
    assert found.total == 4, r"large.bin has it, too, and so has \x0a in the odd one"


def test_a_file(project):
    client, good = project
    assert client.files.read(good, "data/x.csv") == b"1,2\n"
    assert client.files.read(good, "A.txt") == b""
    assert client.files.read(good, "large.bin") == CONTENTS
    assert client.files.read(good, "large.bin", start=1000, length=50) == CONTENTS[1000:1050]
    assert client.files.read(good, "large.bin", start=len(CONTENTS) - 2, length=9) == CONTENTS[-2:]
    assert client.files.read(good, "b.txt", start=100) == b""
    assert client.files.read(good, r"odd\xff\x0a\\") == b"odd"
    opened = client.files.open(good, "large.bin")
    assert (opened.name, opened.size) == ("large.bin", len(CONTENTS))
    assert b"".join(opened.pieces()) == CONTENTS


def test_a_snapshot_stays_as_it_was(project, mounted):
    client, good = project
    (mounted[1] / "b.txt").write_text("changed since")
    (mounted[1] / "data" / "x.csv").unlink()
    assert client.files.read(good, "b.txt") == b"bee"
    assert client.files.read(good, "data/x.csv") == b"1,2\n"


@pytest.mark.parametrize(
    "path", ["..", "../secret", "data/../b.txt", "/etc/passwd", "./b.txt", "data//x.csv", "a\0b"]
)
def test_paths_that_lead_out(project, path):
    client, good = project
    for look in (client.files.list, client.files.open):
        with pytest.raises(errors.Invalid) as caught:
            look(good, path)
        assert SECRET not in caught.value.message


@pytest.mark.parametrize("path", ["outside/secret", "inside/x.csv", "b.txt/c", "no", "data/no"])
def test_paths_that_lead_nowhere(project, path):
    client, good = project
    for look in (client.files.list, client.files.open):
        with pytest.raises(errors.NotFound):
            look(good, path)


@pytest.mark.parametrize("path", ["", "data", "out", "inside", "pipe"])
def test_what_is_no_file(project, path):
    client, good = project
    with pytest.raises(errors.Invalid, match="not a file"):
        client.files.open(good, path)


@pytest.mark.parametrize("path", ["b.txt", "out", "outside", "pipe"])
def test_what_is_no_folder(project, path):
    client, good = project
    with pytest.raises(errors.Invalid, match="not a directory"):
        client.files.list(good, path)


@pytest.mark.parametrize("path", [r"odd\xzz", "odd\\", "odd\x01", r"b\x2etxt", ".snapshot"])
def test_names_that_nothing_is_written_like(project, path):
    client, good = project
    for look in (client.files.list, client.files.open):
        with pytest.raises(errors.Invalid):
            look(good, path)


def test_a_socket_is_listed(mounted, cut, monkeypatch):
    client, path = mounted
    monkeypatch.chdir(path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("listening")
        good = cut(name="good").name
    kinds = {one.name: one.kind for one in client.files.list(good).items}
    assert kinds["listening"] == "socket"


def test_a_large_folder(mounted, cut):
    client, path = mounted
    for number in range(12_000):
        os.close(os.open(path / f"{number:05}", os.O_CREAT | os.O_WRONLY))
    found = client.files.list(cut(name="good").name, limit=10_000)
    assert (len(found.items), found.total) == (10_000, 12_000)
    assert found.items[-1].name == "09999"


def test_giving_up(project):
    client, good = project

    def stop() -> None:
        raise errors.Cancelled("enough")

    for look in (client.files.list, client.files.read):
        with pytest.raises(errors.Cancelled):
            look(good, "data/x.csv" if look == client.files.read else "data", cancel=stop)


def test_steps_are_told(project):
    client, good = project
    steps: list[str] = []
    client.files.prepare(good, on_step=steps.append)
    assert steps
    assert all(step.endswith(".") for step in steps)


def test_snapshots_that_can_not_be_looked_into(client, volume, cut):
    with pytest.raises(errors.NotFound):
        client.files.list("nothing")
    good = cut(name="good").name
    with pytest.raises(errors.NotMounted):
        client.files.list(good)
