"""How long a restore of files takes, against rsync, on the same trees in the same run.

``rsync -aHAX --delete`` is the nearest thing to it; it neither keeps a safety copy in mind nor
makes anything durable, and ``--fsync`` mends the latter. Both run as child processes, so the start
of the interpreter counts; ours is also measured within a running one, as a server uses it. One
line per measure: the median of all rounds, and its ratio to the median of rsync.

Before the first round it is shown that no unchanged file is opened: by the interpreter's audit
events, and by access times that any read would have moved.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from netapp_jlab.files import Tree, restore

REPOSITORY = Path(__file__).parent.parent
DAY = 86_400 * 10**9
OURS = """
import os, sys
opened = []
if os.environ.get("LISTEN"):
    sys.addaudithook(lambda event, about: opened.append(about[0]) if event == "open" else None)
from netapp_jlab.files import Tree, restore
root = sys.argv[1]
with Tree.open(root + "/source") as source, Tree.open(root + "/target") as target:
    with Tree.open(root + "/kept") as kept:
        done = restore(
            source, target, kept=kept, remove_extra=True, token="bench", cancel=lambda: False
        )
assert not done.conflicts and not done.failures, done
if opened:
    print(sum(1 for name in opened if str(name).startswith("file-")))
"""


class Trees:
    """A source, a target to restore, and a safety copy, below one directory."""

    def __init__(self, root: str, files: int, seed: int) -> None:
        self.root = root
        self.names: list[str] = []
        self._random = random.Random(seed)
        for number in range(files):
            folder = f"folder-{number // 2000}/sub-{number // 100 % 20}"
            if number % 100 == 0:
                os.makedirs(f"{root}/source/{folder}")
            self.names.append(f"{folder}/file-{number}")
            with open(f"{root}/source/{self.names[-1]}", "wb") as file:
                file.write(self._random.randbytes(self._random.randrange(200, 8000)))
            self._make_old(f"{root}/source/{self.names[-1]}")
        for side in ("target", "kept"):
            subprocess.run(["cp", "-a", f"{root}/source", f"{root}/{side}"], check=True)

    def change(self, count: int) -> list[str]:
        """Change some files of the target, and cut the safety copy."""
        chosen = self._random.sample(self.names, count)
        for name in chosen:
            with open(f"{self.root}/target/{name}", "wb") as file:
                file.write(self._random.randbytes(3000))
            os.unlink(f"{self.root}/kept/{name}")
            shutil.copy2(f"{self.root}/target/{name}", f"{self.root}/kept/{name}")
        os.sync()
        return chosen

    def empty(self) -> None:
        """Remove everything from the target, and cut the safety copy."""
        for side in ("target", "kept"):
            shutil.rmtree(f"{self.root}/{side}")
            os.mkdir(f"{self.root}/{side}")
        os.sync()

    def read_since(self) -> set[str]:
        """Return the names that were read on either side since they were made to look old."""
        found = set()
        for name in self.names:
            for side in ("source", "target"):
                seen = os.stat(f"{self.root}/{side}/{name}")
                if seen.st_atime_ns != seen.st_mtime_ns - DAY:
                    found.add(name)
        return found

    def make_old(self) -> None:
        """Set the times of access such that the next read moves them (also with relatime)."""
        for name in self.names:
            for side in ("source", "target"):
                self._make_old(f"{self.root}/{side}/{name}")

    @staticmethod
    def _make_old(place: str) -> None:
        mtime = os.stat(place).st_mtime_ns
        os.utime(place, ns=(mtime - DAY, mtime))


def child(root: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", OURS, root],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def inside(root: str) -> None:
    with (
        Tree.open(f"{root}/source") as source,
        Tree.open(f"{root}/target") as target,
        Tree.open(f"{root}/kept") as kept,
    ):
        done = restore(
            source, target, kept=kept, remove_extra=True, token="bench", cancel=lambda: False
        )
    if done.conflicts or done.failures:
        raise SystemExit(f"not everything was restored: {done}")


def rsync(root: str, *more: str) -> None:
    subprocess.run(
        ["rsync", "-aHAX", "--delete", *more, f"{root}/source/", f"{root}/target/"], check=True
    )


CONTENDERS: dict[str, Callable[[str], object]] = {
    "rsync": rsync,
    "rsync --fsync": lambda root: rsync(root, "--fsync"),
    "ours": child,
    "ours, in a running process": inside,
}


def measure(trees: Trees, rounds: int, prepare: Callable[[], object]) -> dict[str, list[float]]:
    """Let the contenders take turns; the order changes from round to round."""
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    order = list(CONTENDERS)
    for _ in range(rounds):
        for name in order:
            prepare()
            started = time.perf_counter()
            CONTENDERS[name](trees.root)
            seconds[name].append(time.perf_counter() - started)
        order.append(order.pop(0))
    return seconds


def prove_nothing_unchanged_is_read(trees: Trees, changed: int) -> str:
    names = set(trees.change(changed))
    trees.make_old()
    opened = int(child(trees.root, LISTEN="1") or "0")
    read = trees.read_since()
    if opened != changed or not read <= names:
        raise SystemExit(f"{opened} files opened, {len(read - names)} unchanged ones read")
    return f"{changed} files differ: {opened} opened, no other one read"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--changed", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--whole", action="store_true", help="also restore an emptied target")
    parser.add_argument("--limit", type=float, default=1.5, help="highest ratio to rsync allowed")
    parser.add_argument("--directory", help="where to build the trees (a real file system)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    root = tempfile.mkdtemp(prefix="restore-files-", dir=options.directory)
    try:
        trees = Trees(root, options.files, options.seed)
        proof = prove_nothing_unchanged_is_read(trees, options.changed)
        title = f"{options.files} files, {options.changed} differ"
        results = {title: measure(trees, options.rounds, lambda: trees.change(options.changed))}
        results[f"{options.files} files, none differs"] = measure(
            trees, options.rounds, lambda: trees.change(0)
        )
        if options.whole:
            results[f"{options.files} files, all missing"] = measure(
                trees, max(1, options.rounds // 3), trees.empty
            )
    finally:
        shutil.rmtree(root)
    report(results, proof, as_json=options.json)
    medians = {name: statistics.median(times) for name, times in results[title].items()}
    return int(medians["ours"] > options.limit * medians["rsync"])


def report(results: dict[str, dict[str, list[float]]], proof: str, *, as_json: bool) -> None:
    lines = []
    for title, measured in results.items():
        base = statistics.median(measured["rsync"])
        for name, times in measured.items():
            median = statistics.median(times)
            lines.append(
                {
                    "what": title,
                    "who": name,
                    "median_ms": round(median * 1000, 1),
                    "best_ms": round(min(times) * 1000, 1),
                    "ratio": round(median / base, 3),
                }
            )
    if as_json:
        print(json.dumps({"proof": proof, "measures": lines}, indent=2))
        return
    print(proof)
    for line in lines:
        print(
            f"{line['what']:32} {line['who']:28} median {line['median_ms']:9.1f} ms"
            f"  best {line['best_ms']:9.1f} ms  {line['ratio']:6.2f} x rsync"
        )


if __name__ == "__main__":
    sys.exit(main())
