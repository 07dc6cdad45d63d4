"""Starts, shows, meddles with and removes the test cluster of this machine."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from . import processes, remove, start
from .cluster import Cluster, all_programs
from .layout import KUBECONFIG, LOGS, OWNER, ClusterError

WHOLE = {
    "build": (start.build, "build programs and images, start nothing"),
    "up": (start.up, "build what is missing, start, print the kubeconfig"),
    "down": (remove.down, "end everything, and leave nothing behind"),
    "refresh": (start.refresh, "bring the product's newest version into the user's image"),
}


def main(arguments: list[str]) -> int:
    """Run a command and return its exit code."""
    args = _parser().parse_args(arguments)
    try:
        if args.command in WHOLE:
            WHOLE[args.command][0]()
        elif args.command == "status":
            return _status()
        elif args.command == "exec":
            _exec(args.words)
        else:
            getattr(Cluster(), args.command)(args.program)
    except (ClusterError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, told) in WHOLE.items():
        commands.add_parser(name, help=told)
    commands.add_parser("status", help="which programs run; exit code 1 unless all do")
    for name, told in (("stop", "politely"), ("start", "again"), ("kill", "with SIGKILL")):
        commands.add_parser(name, help=f"{name} a program {told}").add_argument("program")
    inside = commands.add_parser("exec", help="run a command in the cluster's network and mounts")
    inside.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    return parser


def _exec(words: list[str]) -> None:
    Cluster.running()
    *nsenter, end = processes.enter()
    command = words[1:] if words[:1] == ["--"] else words
    words = [*nsenter, f"--wdns={os.getcwd()}", end, *command]
    os.execvp(words[0], words)


def _status() -> int:
    if not OWNER.exists():
        print("No test cluster is here.")
        return 1
    for name in all_programs():
        print(f"{name:24} {processes.pid(name) or 'does not run'}")
    print(f"Of {OWNER.read_text()}. Logs: {LOGS}\nKubeconfig: {KUBECONFIG}")
    return 1 if Cluster.missing() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
