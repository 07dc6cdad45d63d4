"""The cluster's programs as processes: started in its namespaces, found again by their pid files.

A pid alone may be another process by now, so a pid file also holds the time at which its process
started, in the kernel's ticks (proc(5), field 22).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import cgroups, network
from .layout import LOGS, PIDS, ClusterError

STOP_SECONDS = 20.0
_children: set[int] = set()
"""Those that this process started: when they end, it is told, and nobody else."""


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


def enter() -> list[str]:
    """Return the words that begin a command in the cluster's namespaces."""
    lives = (found for found in map(pid, names()) if found is not None)
    anchor = next(lives, None)
    mounts = [] if anchor is None else [f"--mount=/proc/{anchor}/ns/mnt"]
    return ["nsenter", f"--net={network.PATH}", *mounts, "--"]


def start(program: Program) -> None:
    """Start a program that does not run; it outlives this process."""
    if pid(program.name) is not None:
        return
    for folder in (LOGS, PIDS):
        folder.mkdir(parents=True, exist_ok=True)
    log, write = str(LOGS / f"{program.name}.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND
    number = os.posix_spawnp(
        "nsenter",
        [*enter(), *program.command],
        {**os.environ, **program.env},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, write, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    _children.add(number)
    (PIDS / program.name).write_text(f"{number} {_started(number)}")


def pid(name: str) -> int | None:
    """Return the pid of a program that runs, else None."""
    try:
        number, _, started = (PIDS / name).read_text().partition(" ")
    except FileNotFoundError:
        return None
    return int(number) if started and _started(int(number)) == started else None


def stop(name: str) -> None:
    """Stop a program: first politely, then for good.

    Raises
    ------
    ClusterError
        It does not end.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        found = pid(name)
        if found is None:
            break
        _send(found, number)
        _await_end(name)
    if pid(name) is not None:
        raise ClusterError(f"{name} does not end.")
    (PIDS / name).unlink(missing_ok=True)


def kill(name: str, number: int = signal.SIGKILL) -> None:
    """Send a signal to a program; after SIGKILL it is gone.

    Raises
    ------
    ClusterError
        It does not run.
    """
    found = pid(name)
    if found is None:
        raise ClusterError(f"{name} does not run.")
    _send(found, number)
    if number == signal.SIGKILL:
        _await_end(name)


def kill_all() -> None:
    """Kill everything in the cluster's network and in its cgroup, pods included.

    Raises
    ------
    ClusterError
        Something does not end.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while left := everything():
        if time.monotonic() > deadline:
            raise ClusterError(f"These processes do not end: {', '.join(map(str, sorted(left)))}")
        for number in left:
            _send(number, signal.SIGKILL)
        time.sleep(0.05)


def everything() -> set[int]:
    """Return the processes in the cluster's network and in its cgroup.

    Raises
    ------
    ClusterError
        This process is one of them.
    """
    # Also by the programs, as a name in /run/netns may have been taken away from those inside.
    networks = {_network(str(found)) for found in map(pid, names()) if found is not None}
    networks = (networks | {_inode(network.PATH)}) - {_network("1"), None}
    if _network("self") in networks:
        raise ClusterError("This is inside the cluster's network: leave it first.")
    found = set(cgroups.processes())
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _network(entry.name) in networks and _alive(int(entry.name)):
            found.add(int(entry.name))
    return found


def names() -> list[str]:
    """Return the programs that were started and not stopped, the first one first."""
    began: dict[str, int] = {}
    for path in PIDS.glob("*") if PIDS.exists() else ():
        with contextlib.suppress(FileNotFoundError):  # it is stopped while one looks
            began[path.name] = path.stat().st_mtime_ns
    return sorted(began, key=lambda name: began[name])


def log_tail(name: str, lines: int = 15) -> str:
    """Return the end of a program's log."""
    try:
        text = (LOGS / f"{name}.log").read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _send(number: int, what: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, what)


def _await_end(name: str) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while pid(name) is not None and time.monotonic() < deadline:
        time.sleep(0.02)


def _alive(number: int) -> bool:
    return bool(_started(number))


def _started(number: int) -> str:
    """Return when a process was started; empty for one that has ended."""
    if number in _children and os.waitpid(number, os.WNOHANG)[0]:
        _children.remove(number)
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _network(process: str) -> tuple[int, int] | None:
    return _inode(Path("/proc", process, "ns", "net"))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
