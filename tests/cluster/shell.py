"""Runs a command and waits for it; waits for others that do the same."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .layout import ClusterError


def run(
    command: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    seconds: float = 120.0,
    env: dict[str, str] | None = None,
) -> str:
    """Run a command and return what it prints.

    Raises
    ------
    ClusterError
        It failed; with what it said.
    """
    words = [str(word) for word in command]
    done = subprocess.run(
        words, input=stdin, capture_output=True, timeout=seconds, cwd=cwd, env=env, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()[-2000:]
        raise ClusterError(f"{' '.join(words)}: {said or f'exit code {done.returncode}'}")
    return done.stdout.decode(errors="replace")


def works(command: Sequence[str | Path], *, seconds: float = 30.0) -> bool:
    """Whether a command succeeds."""
    try:
        run(command, seconds=seconds)
    except (ClusterError, OSError, subprocess.TimeoutExpired):
        return False
    return True


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Keep other processes out of a block; one that is killed lets go."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
