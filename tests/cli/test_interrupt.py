"""Ctrl-C: what runs is asked to stop, and the user is told in what state things are."""

from __future__ import annotations

import io
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

from netapp_jlab.cli.console import Console
from netapp_jlab.cli.interrupts import interrupts
from netapp_jlab.errors import Cancelled
from netapp_jlab.models import OperationList

PATIENCE = 60.0
FILES = 500

# The command line on a disk so slow that a restore can be caught at work.
SLOW = """
import sys, time
from netapp_jlab import files
from netapp_jlab.cli import main
restore = files.restore
def slowly(*trees, cancel, **options):
    def check():
        time.sleep(0.01)
        return cancel()
    return restore(*trees, cancel=check, **options)
files.restore = slowly
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def start(here):
    """Start the command line as a process of its own; what is left of it is killed."""
    started = []

    def start(*argv, program=("-m", "netapp_jlab")):
        command = [sys.executable, *program, *here, *argv]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=PATIENCE)


def read_until(process, wanted):
    """Read standard error up to the line that says `wanted`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        line = process.stderr.readline()
        if wanted in line:
            return
        assert line, f"it ended without saying {wanted!r}"
    pytest.fail(f"nobody said {wanted!r}")


@pytest.fixture
def many(ok, root, volume):
    """A snapshot of many files, all of which were deleted since."""
    folder = root / "many"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:05}").write_text(str(number))
    ok("snapshot", volume, "--name", "before")
    for path in folder.iterdir():
        path.unlink()
    return folder


def test_a_running_restore_stops_and_can_be_undone(start, ok, many):
    process = start("restore", "before", "--yes", program=("-c", SLOW))
    read_until(process, "Copying back")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert "Stopping" in err
    (operation,) = ok("operations", "--json").model(OperationList).items
    assert operation.state == "cancelled"
    restored = len(list(many.iterdir()))
    assert restored < FILES - 10
    assert f"netapp-jlab undo {operation.id}" in out + err
    ok("undo", operation.id, "--yes")
    assert not many.exists() or not list(many.iterdir())
    ok("restore", "before", "--yes")  # and the same restore again does all of it
    assert len(list(many.iterdir())) == FILES


def test_a_killed_restore_is_gone_on_with(start, ok, many):
    process = start("restore", "before", "--yes", program=("-c", SLOW))
    read_until(process, "Copying back")
    process.kill()
    process.wait(PATIENCE)
    (operation,) = ok("operations", "--json").model(OperationList).items
    assert operation.state == "interrupted"
    done = ok("operations", "resume", operation.id[:8])
    assert "brought back" in done.out
    assert len(list(many.iterdir())) == FILES


def test_cancelled_from_elsewhere(start, ok, many):
    process = start("restore", "before", "--yes", program=("-c", SLOW))
    read_until(process, "Copying back")
    (operation,) = ok("operations", "--json").model(OperationList).items
    asked = ok("operations", "cancel", operation.id)
    assert asked.out == "The restore of project1 was asked to stop.\n"
    _out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert "Cancelled" in err
    assert len(list(many.iterdir())) < FILES


def test_before_the_safety_snapshot_is_cut_nothing_has_changed(start, ok, many, cluster):
    with cluster.faults(snapshot_delay=30):
        process = start("restore", "before", "--yes")
        read_until(process, "Cutting the safety snapshot")
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert list(many.iterdir()) == []


def test_who_waits_for_a_snapshot_is_told_that_it_goes_on(start, run, volume, cluster):
    with cluster.faults(snapshot_delay=30):
        process = start("snapshot", volume, "--name", "slow")
        deadline = time.monotonic() + PATIENCE
        while run("snapshots", "show", "slow").code != 0:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert "netapp-jlab snapshots show slow" in err


def test_the_first_one_asks_and_the_second_one_leaves(capsys):
    before = signal.getsignal(signal.SIGINT)
    with interrupts(Console()) as pressed:
        pressed.check()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Cancelled):
            pressed.check()
        assert "again to leave at once" in capsys.readouterr().err
        with pytest.raises(Cancelled):
            pressed.check()
        assert capsys.readouterr().err == ""  # told once
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_it_may_come_in_the_middle_of_a_write():
    class Pressing(io.RawIOBase):
        """A stream whose reader presses Ctrl-C while a message is written."""

        def writable(self):
            return True

        def write(self, content):
            if not pressed.asked:
                signal.raise_signal(signal.SIGINT)
            return len(content)

    stream = io.TextIOWrapper(io.BufferedWriter(Pressing()), write_through=True)
    console = Console(stderr=stream)
    with interrupts(console) as pressed:
        console.say("Copying back")
        with pytest.raises(Cancelled):
            pressed.check()


def test_at_the_question_nothing_has_changed(here, many):
    control, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "netapp_jlab", *here, "restore", "before"],
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    try:
        screen = read_screen(control, b"Restore? [y/N]")
        assert b"bring back" in screen
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(control)
    assert list(many.iterdir()) == []


def read_screen(control, wanted):
    seen = b""
    deadline = time.monotonic() + PATIENCE
    while wanted not in seen and time.monotonic() < deadline:
        if select.select([control], [], [], 1.0)[0]:
            seen += os.read(control, 65536)
    assert wanted in seen
    return seen
