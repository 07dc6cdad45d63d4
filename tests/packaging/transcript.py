"""Pages with terminal sessions: run what they show, compare, and write anew what came out.

``python -m tests.packaging.transcript docs/commands.md`` runs a page's commands in the demo's
workspace and replaces the output shown by the real one.

A session is a fenced ``console`` block. Lines that begin with ``$ `` are commands; what follows is
their output on a terminal of 100 columns. The page is one session on a fresh demo, top to bottom.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
COLUMNS = 100
_ERASED = re.compile(r"^.*\r\x1b\[K", re.MULTILINE)

# What differs from run to run. The first group of each is an id, which later commands may use.
_IDS = re.compile(r"\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
_VARIES = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"^[0-9a-f]{8}(?= )", re.MULTILINE), "ID"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)?Z?"), "TIME"),
    (re.compile(r"\bjust now\b|\byesterday\b|\b\d+ (s|min|h|days) ago\b"), "AGE"),
    (re.compile(r"/\S*/demo/(array/volumes|workspace)\S*|/\S*…"), "PATH"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"\b\d+(\.\d)? ([KMGT]i)?B\b"), "SIZE"),
    (re.compile(r"-\d{8}-\d{6}-[0-9a-f]{4}\b"), "-WHEN"),
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r" +$", re.MULTILINE), ""),
)


class Step(NamedTuple):
    """One command of a page and what the page shows of it."""

    command: str
    shown: str
    start: int
    end: int


def steps(page: str) -> Iterator[Step]:
    """Yield the commands of a page, with where their output stands in it."""
    for block in re.finditer(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        commands = list(re.finditer(r"^\$ (.*)\n", block[1], re.MULTILINE))
        for this, following in zip(commands, [*commands[1:], None], strict=True):
            end = following.start() if following else len(block[1])
            offset = block.start(1)
            shown = block[1][this.end() : end]
            yield Step(this[1], shown, offset + this.end(), offset + end)


def normal(text: str) -> str:
    """Return output without what differs from run to run."""
    for pattern, word in _VARIES:
        text = pattern.sub(word, text)
    return text.strip()


def ids(shown: str, real: str) -> dict[str, str]:
    """Return which real ids stand where the page shows others."""
    return dict(zip(_IDS.findall(shown), _IDS.findall(real), strict=False))


class Terminal:
    """Runs commands one after the other, as in the demo's terminal."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._folder = folder
        self._env = env

    def run(self, command: str) -> str:
        """Return what `command` prints; says yes where it asks."""
        control, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        process = subprocess.Popen(
            ["bash", "-c", command], cwd=self._folder, env=self._env,
            stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        try:
            output = self._read(control)
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait(PATIENCE)
            os.close(control)
        return _ERASED.sub("", output.replace("\r\n", "\n"))

    @staticmethod
    def _read(control: int) -> str:
        seen = b""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if not select.select([control], [], [], 1.0)[0]:
                continue
            try:
                part = os.read(control, 65536)
            except OSError:  # the terminal's other end is closed
                break
            if not part:
                break
            seen += part
            if seen.endswith(b"[y/N] "):
                os.write(control, b"y\n")
        return seen.decode()


@contextlib.contextmanager
def demo(home: Path) -> Iterator[Terminal]:
    """Start the demo in `home`; a terminal in its workspace, as JupyterLab would open it."""
    ready = home / "ready.json"
    base = os.environ | {"USER": "ada", "NO_COLOR": "1", "TERM": "xterm", "LANG": "C.UTF-8"}
    for name in ("KUBECONFIG", "JUPYTERHUB_USER", "JUPYTER_CONFIG_PATH", "COLUMNS"):
        base.pop(name, None)
    command_here(home / "bin")
    base["PATH"] = f"{home / 'bin'}{os.pathsep}{base['PATH']}"
    base["PYTHONPATH"] = str(ROOT)
    command = ["demo", "--no-browser", "--home", str(home / "demo"), "--ready-file", str(ready)]
    process = subprocess.Popen(
        [sys.executable, "-m", "netapp_jlab", *command], env=base, stdin=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the demo did not start ({process.returncode})")
            time.sleep(0.1)
        env = base | {
            "KUBECONFIG": json.loads(ready.read_text())["kubeconfig"],
            "JUPYTER_CONFIG_DIR": str(home / "demo" / "jupyter" / "config"),
        }
        yield Terminal(home / "demo" / "workspace", env)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def command_here(folder: Path) -> None:
    """Make a folder with the command ``netapp-jlab`` of this very tree."""
    folder.mkdir()
    script = folder / "netapp-jlab"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m netapp_jlab "$@"\n')
    script.chmod(0o755)


def rewrite(path: Path) -> None:
    """Replace the output that a page shows by what its commands print."""
    page = path.read_text(encoding="utf-8")
    pieces, at = [], 0
    known: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as home, demo(Path(home)) as terminal:
        for step in steps(page):
            real = terminal.run(translate(step.command, known))
            known |= ids(step.shown, real)
            for told, found in known.items():  # the page's commands go on naming its own ids
                real = real.replace(found, told).replace(found[:8], told[:8])
            fresh = real and real.rstrip("\n") + "\n"
            same = normal(real) == normal(step.shown)
            pieces += [page[at : step.start], step.shown if same else pretty(fresh, home)]
            at = step.end
    path.write_text("".join([*pieces, page[at:]]), encoding="utf-8")


def pretty(output: str, home: str) -> str:
    """Return output with a home that a reader might have, also where it is cut short."""
    place = "/home/ada/demo/array/volumes/pvc"
    output = re.sub(r"/\S*…", lambda found: f"{place[: len(found[0]) - 1]}…", output)
    return output.replace(home, "/home/ada")


def translate(command: str, known: dict[str, str]) -> str:
    """Return `command` with real ids in place of the page's, also where only the beginning is."""
    for shown, real in known.items():
        command = command.replace(shown, real).replace(shown[:8], real[:8])
    return command


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite(Path(name))
