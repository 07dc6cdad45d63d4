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
LONGEST, ENDING = 900.0, 60.0
"""Seconds for one, and for it to clean up after it was stopped."""
RESTORE_LIMIT = 1.5


def run(name: str, rounds: int | None, more: list[str]) -> tuple[dict[str, Any] | None, int]:
    """Run one; return its report, None if it has none, and its exit status."""
    script = str(Path(__file__).with_name(f"{name}.py"))
    more = [*more, *(["--rounds", str(rounds)] if rounds else [])]
    with subprocess.Popen(
        [sys.executable, script, "--json", *more], stdout=subprocess.PIPE
    ) as process:
        try:
            said, _ = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            report.say(f"{name} took more than {LONGEST:g} s.")
            said = _stop(process)
        except BaseException:
            _stop(process)
            raise
    if not said:
        return None, process.returncode or 1
    found = json.loads(said)
    return (_restores(found) if name == "restore_files" else found), process.returncode


def _stop(process: subprocess.Popen[bytes]) -> bytes:
    """End one, which then takes away what it has made; return what it said."""
    process.terminate()
    try:
        return process.communicate(timeout=ENDING)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


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
    found, above, failed = [], [], []
    if args.cluster:
        common.given_kubeconfig(args.kubeconfig)  # told now, not after minutes
    for name in args.names or (REAL if args.cluster else NAMES):
        report.say(f"--- {name}")
        one, status = run(
            name, args.rounds, ["--kubeconfig", args.kubeconfig] if name == "real_ready" else []
        )
        if one is None:
            failed.append(name)
            continue
        found.append(one)
        if status:
            above.append(name)
    print(report.table(found))
    if above:
        report.say(f"Above its limit: {', '.join(above)}")
    if failed:
        report.say(f"Did not end well: {', '.join(failed)}")
    return int(bool(above or failed))


if __name__ == "__main__":
    sys.exit(main())
