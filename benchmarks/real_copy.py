"""A restore by the program of the helper pods, beside ``cp -a`` and ``rsync``.

The mover runs as in a pod, without one: it is started with the directories that a pod would mount,
asked over its socket to compare (as the panel does) and to restore, and answers when everything is
durable. Its start, which a pod pays once, is told apart; the comparison is part of each restore.

The others run as programs, and ``sync -f`` afterwards makes theirs durable too. That is less than
what ours promises: killed or without power half way, they may leave names of files that are not
whole. ``rsync --fsync`` makes each file durable before it gets its name, as ours does.

All on one file system. Two cases: into one tree of which a few files differ, where ``cp -a`` copies
everything again, and into an empty one.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import common
import report
import restore_files

FILES, CHANGED = 20_000, 100
ANSWER_SECONDS = 600.0


class Mover:
    """Asks a running mover."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_SECONDS)
        self._socket.connect(path)
        self._lines = self._socket.makefile("rb")

    def ask(self, **request: Any) -> Any:
        """Send a request, and return its result; parts of it are passed over."""
        self._socket.sendall(json.dumps({"id": 1, **request}).encode() + b"\n")
        for line in self._lines:
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"The mover says {answer['error']}: {answer['message']}")
            if "ok" in answer:
                return answer["ok"]
        raise RuntimeError("The mover has ended.")

    def restore(self) -> float:
        """Compare and restore everything; return the seconds that the comparison took."""
        began = time.perf_counter()
        what = {"paths": None, "remove_extra": True, "verify": False}
        plan = self.ask(do="compare", baseline=False, examples=10, **what)["summary"]
        compared = time.perf_counter() - began
        token = uuid.uuid4().hex
        done = self.ask(do="restore", token=token, plan=plan, **what)
        if done["failures"] or done["conflicts"]:
            raise RuntimeError(f"Not everything was restored: {done}")
        return compared

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@contextmanager
def mover(home: Path, root: str) -> Iterator[Mover]:
    """Run the mover on the trees below `root`."""
    path = home / f"mover-{uuid.uuid4().hex[:8]}" / "socket"
    path.parent.mkdir(mode=0o700)
    command = ["-m", "netapp_jlab.mover", "serve", "--socket", str(path)]
    for name, folder in (("source", "source"), ("kept", "kept"), ("live", "target")):
        command += [f"--{name}", f"{root}/{folder}"]
    with common.running(command, home / "mover.log"):
        deadline = time.monotonic() + 30
        while not path.exists():
            if time.monotonic() > deadline:
                raise RuntimeError(f"It did not start:\n{(home / 'mover.log').read_text()}")
            time.sleep(0.02)
        made = Mover(str(path))
        yield made
        made.close()


def durable(root: str, *command: str) -> None:
    """Run a program, and wait until what it wrote is on the disk."""
    subprocess.run(command, check=True)
    subprocess.run(["sync", "-f", root], check=True)


def race(
    home: Path, trees: restore_files.Trees, rounds: int, prepare: Callable[[], object]
) -> list[list[float]]:
    """Let ours and the others take turns, each from the same beginning.

    Returns
    -------
    list[list[float]]
        Seconds of ours, ``cp -a``, ``rsync`` and ``rsync --fsync``; then those that the mover took
        to start and to compare.
    """
    root = trees.root
    starts, comparisons = [], []

    def ours() -> float:
        prepare()
        began = time.perf_counter()
        with mover(home, root) as running:  # as the pod's: it has opened the trees just now
            starts.append(time.perf_counter() - began)
            began = time.perf_counter()
            comparisons.append(running.restore())
            return time.perf_counter() - began

    def copy() -> float:
        prepare()
        return report.timed(lambda: durable(root, "cp", "-a", f"{root}/source/.", f"{root}/target"))

    def rsync(*more: str) -> float:
        prepare()
        command = ("rsync", "-aHAX", "--delete", *more, f"{root}/source/", f"{root}/target/")
        return report.timed(lambda: durable(root, *command))

    raced = report.alternate(rounds, ours, copy, rsync, partial(rsync, "--fsync"))
    return [*raced, starts, comparisons]


def main() -> int:
    parser = report.parser(__doc__, rounds=5)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--directory", help="where to build the trees (a real file system)")
    args = parser.parse_args()
    told = report.Report("real_copy", facts={"rounds": args.rounds, "files": args.files})
    told.facts |= common.load()
    with common.temporary_home(args.directory) as home:
        root = home / "trees"
        root.mkdir()
        trees = restore_files.Trees(str(root), args.files, seed=1)
        cases: dict[str, Callable[[], object]] = {
            f"{CHANGED} of {args.files} files differ": lambda: trees.change(CHANGED),
            f"{args.files} files into an empty tree": trees.empty,
        }
        for case, prepare in cases.items():
            report.say(case)
            ours, copy, rsync, safe, starts, comparisons = race(home, trees, args.rounds, prepare)
            told.measures += [
                report.ratio(f"{case}, and cp -a", ours, copy),
                report.ratio(f"{case}, and rsync", ours, rsync),
                report.ratio(f"{case}, and rsync --fsync", ours, safe),
            ]
            told.facts[case] = (
                f"the mover started in {median(starts) * 1e3:.0f} ms, "
                f"and compared for {median(comparisons) * 1e3:.0f} ms"
            )
    return told.finish(as_json=args.json)


if __name__ == "__main__":
    sys.exit(main())
