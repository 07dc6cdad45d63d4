"""The cluster's programs as processes: started in its network, found again by their pid files.

A pid alone may be another process by now, so a pid file also holds the time at which its process
started, in the kernel's ticks (proc(5), field 22).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import network
from .layout import LOGS, PIDS, ClusterError

STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Program:
    """How to start one program.

    Attributes
    ----------
    name : str
        Also of its log and its pid file.
    """

    name: str
    command: Sequence[str]
    env: dict[str, str] = field(default_factory=dict)


def start(program: Program) -> None:
    """Start a program that does not run; it outlives this process."""
    if pid(program.name) is not None:
        return
    for folder in (LOGS, PIDS):
        folder.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{program.name}.log").open("ab") as log:
        process = subprocess.Popen(
            [*network.ENTER, *program.command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env={**os.environ, **program.env},
        )
    (PIDS / program.name).write_text(f"{process.pid} {_started(process.pid)}")


def pid(name: str) -> int | None:
    """Return the pid of a program that runs, else None."""
    try:
        number, _, started = (PIDS / name).read_text().partition(" ")
    except FileNotFoundError:
        return None
    alive = bool(number) and _started(int(number)) == started and started != ""
    return int(number) if alive else None


def stop(name: str) -> None:
    """Stop a program: first politely, then for good."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        found = pid(name)
        if found is None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(found, number)
        _await_end(name)
    (PIDS / name).unlink(missing_ok=True)


def kill(name: str, number: int = signal.SIGKILL) -> None:
    """Send a signal to a program, which need not end by it."""
    found = pid(name)
    if found is None:
        raise ClusterError(f"{name} does not run.")
    os.kill(found, number)
    if number == signal.SIGKILL:
        _await_end(name)


def names() -> list[str]:
    """Return the programs that were started and not stopped."""
    return sorted(path.name for path in PIDS.glob("*")) if PIDS.exists() else []


def inside() -> Iterator[int]:
    """Yield the processes in the cluster's network: pods, and what was started by hand."""
    if not network.exists():
        return
    here = network.PATH.stat().st_ino
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "ns" / "net").stat().st_ino == here:
                    yield int(entry.name)


def log_tail(name: str, lines: int = 15) -> str:
    """Return the end of a program's log."""
    try:
        text = (LOGS / f"{name}.log").read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _await_end(name: str) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while pid(name) is not None and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)  # if it is a child of this very process
        time.sleep(0.02)


def _started(number: int) -> str:
    """Return when a process was started; empty for one that has ended."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]
