"""Progress: one line in place on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import io
from datetime import datetime, timezone

import pytest

from netapp_jlab.cli.console import Console
from netapp_jlab.cli.progress import ProgressLine, StepLine, bar, in_words, share
from netapp_jlab.models import Operation, Permission, Progress


def operation(progress, step="Copying back"):
    return Operation(
        id="1", kind="restore", state="running", step=step, volume="v", snapshot="s",
        source_volume="", safety_snapshot="", author="", message="", hint="", undo_of="",
        started_at=datetime.now(timezone.utc), finished_at=None, outcome=None,
        progress=progress, can_cancel=Permission(allowed=True), can_undo=Permission(allowed=False),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("progress", "part"),
    [
        (Progress(), None),
        (Progress(files_done=3), None),
        (Progress(files_done=1, files_total=4), 0.25),
        (Progress(files_done=1, files_total=4, bytes_done=9, bytes_total=10), 0.9),
        (Progress(bytes_done=12, bytes_total=10), 1.0),
        (Progress(files_total=0, bytes_total=0), None),
    ],
)
def test_share(progress, part):
    assert share(progress) == part


def test_words_name_step_files_and_bytes():
    progress = Progress(files_done=1, files_total=1200, bytes_done=1024, bytes_total=4096)
    assert in_words(operation(progress)) == "Copying back: 1 of 1,200 files, 1 KiB of 4 KiB"
    assert in_words(operation(Progress())) == "Copying back"


def test_the_bar_shows_part_and_path():
    line = bar(operation(Progress(files_done=1, files_total=2, path="a/\x1bb")))
    assert line == "[##########----------]  50%  Copying back: 1 of 2 files  a/ b"


def test_without_a_terminal_a_line_for_each_step():
    err = io.StringIO()
    line = ProgressLine(Console(stdout=io.StringIO(), stderr=err))
    for number in range(100):
        line.show(operation(Progress(files_done=number)))
    line.show(operation(Progress(), step="Finishing"))
    line.close()
    assert err.getvalue().splitlines() == ["Copying back", "Finishing"]


def test_on_a_terminal_one_line_that_is_taken_away(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    err = Terminal()
    line = ProgressLine(Console(stderr=err))
    line.show(operation(Progress(files_done=1, files_total=2, path="x" * 200)))
    line.close()
    first, last = err.getvalue().split("\r\x1b[K")[1:]
    assert len(first) <= 30
    assert last == ""
    assert "\n" not in err.getvalue()


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Screen, True), (io.StringIO, False)])
def test_a_step_is_shown_on_a_terminal_and_goes(monkeypatch, stream, shown):
    monkeypatch.setenv("TERM", "xterm")
    console = Console(stderr=stream())
    with StepLine(console) as line:
        line.show("Starting a helper pod.")
        line.show("Pulling\x1b[2J its image.")
    text = console._err.getvalue()
    erase = "\r\x1b[K"
    assert text == (
        f"{erase}Starting a helper pod.{erase}Pulling [2J its image.{erase}" if shown else ""
    )


def test_no_step_nothing_to_erase():
    console = Console(stderr=Screen())
    with StepLine(console):
        pass
    assert console._err.getvalue() == ""
