"""`netapp-jlab files` and `netapp-jlab cat` on real files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netapp_jlab.models import FileList

ROOT = Path(__file__).parents[2]
BYTES = bytes(range(256)) * 5000


@pytest.fixture
def good(ok, root, volume) -> str:
    """A snapshot of the volume with a binary file and an odd name in it."""
    (root / "large.bin").write_bytes(BYTES)
    (root / "link").symlink_to("data")
    with open(os.fsencode(root) + b"/odd\xff\x1b[31m", "w"):
        pass
    ok("snapshot", volume, "--name", "good")
    return "good"


def test_a_folder_for_people(ok, good):
    lines = ok("files", good).out.splitlines()
    assert lines[0].split() == ["NAME", "SIZE", "CHANGED"]
    assert [line.split()[0] for line in lines[1:]] == [
        *("data/", "large.bin", "link@", "model.ipynb", r"odd\xff\x1b[31m")
    ]
    assert lines[2].split()[1:3] == ["1.2", "MiB"]
    assert "\x1b" not in ok("files", good).out


def test_a_folder_as_json(ok, good):
    found = ok("files", good, "data", "--json").model(FileList)
    assert [(one.name, one.size) for one in found.items] == [("a.csv", 6), ("b.csv", 6)]
    assert ok("files", good, "data/", "--json").model(FileList).items == found.items


def test_an_empty_folder(ok, root, volume):
    (root / "empty").mkdir()
    ok("snapshot", volume, "--name", "good")
    result = ok("files", "good", "empty")
    assert result.out == ""
    assert "The folder is empty." in result.err


def test_a_file_byte_for_byte(here, good):
    command = [sys.executable, "-m", "netapp_jlab", *here, "cat", good, "large.bin"]
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT, timeout=30, check=True)
    assert done.stdout == BYTES


def test_a_reader_that_has_seen_enough(here, good):
    command = [sys.executable, "-m", "netapp_jlab", *here, "cat", good, "large.bin"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout.read(3) == BYTES[:3]
        process.stdout.close()
        assert process.wait(30) == 1
        assert process.stderr.read() == b""


def test_what_a_file_was_before(ok, good, root):
    (root / "data" / "a.csv").unlink()
    assert ok("cat", good, "data/a.csv").out == "1,2,3\n"
    assert ok("cat", good, "data/a.csv", "--json").out == "1,2,3\n"


@pytest.mark.parametrize(
    ("argv", "code", "reason"),
    [
        (["files", "nowhere"], 3, "NotFound"),
        (["files", "good", "no/such"], 3, "NotFound"),
        (["files", "good", "../x"], 2, "Invalid"),
        (["files", "good", "model.ipynb"], 2, "Invalid"),
        (["cat", "nowhere", "x"], 3, "NotFound"),
        (["cat", "good", "no/such"], 3, "NotFound"),
        (["cat", "good", "data"], 2, "Invalid"),
        (["cat", "good", "link"], 2, "Invalid"),
        (["cat", "good", "link/a.csv"], 3, "NotFound"),
        (["cat", "good", r"a\q"], 2, "Invalid"),
        (["cat", "good"], 2, "Invalid"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_can_not_be(run, good, argv, code, reason):
    result = run(*argv, "--json")
    assert (result.code, result.error().reason) == (code, reason)
    assert result.out == ""
