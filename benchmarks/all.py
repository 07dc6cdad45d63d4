"""Run the benchmarks one after another, and print what they found as one table."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import common
import report

NAMES = ("click_to_ready", "listing", "lab_cost", "restore_files")
REAL = ("real_ready", "real_listing", "real_watching", "real_copy")
"""Those with a real Kubernetes."""
LONGEST = 1800.0
RESTORE_LIMIT = 1.5


def run(name: str, rounds: int | None, more: list[str]) -> tuple[dict[str, Any], int]:
    """Run one; return its report and its exit status."""
    script = str(Path(__file__).with_name(f"{name}.py"))
    more = [*more, *(["--rounds", str(rounds)] if rounds else [])]
    done = subprocess.run(
        [sys.executable, script, "--json", *more],
        stdout=subprocess.PIPE,
        timeout=LONGEST,
        check=False,
    )
    if not done.stdout:
        raise SystemExit(f"{name} failed with exit code {done.returncode}.")
    found = json.loads(done.stdout)
    return (_restores(found) if name == "restore_files" else found), done.returncode


def _restores(found: dict[str, Any]) -> dict[str, Any]:
    """Bring the report of ``restore_files.py``, which knows several contenders, into the table."""
    rows = {(row["what"], row["who"]): row["median_ms"] for row in found["measures"]}
    titles = list(dict.fromkeys(what for what, _ in rows))
    measures = []
    for title in titles:
        ours, theirs = rows[title, "ours"], rows[title, "rsync"]
        limit = RESTORE_LIMIT if title == titles[0] else None
        measure = report.Measure(title, ours, theirs, "ms", ours / theirs, "x", limit)
        measures.append(measure.shown())
    return {"benchmark": "restore_files", "measures": measures}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", help=f"of {', '.join(NAMES + REAL)}; default: {', '.join(NAMES)}"
    )
    parser.add_argument("--cluster", action="store_true", help=f"run {', '.join(REAL)}")
    common.add_kubeconfig(parser)
    parser.add_argument("--rounds", type=int, help="default: each one's own")
    args = parser.parse_args()
    found, failed = [], []
    if args.cluster:
        common.given_kubeconfig(args.kubeconfig)  # told now, not after minutes
    for name in args.names or (REAL if args.cluster else NAMES):
        report.say(f"--- {name}")
        one, status = run(
            name, args.rounds, ["--kubeconfig", args.kubeconfig] if name == "real_ready" else []
        )
        found.append(one)
        if status:
            failed.append(name)
    print(report.table(found))
    if failed:
        report.say(f"Above its limit: {', '.join(failed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
