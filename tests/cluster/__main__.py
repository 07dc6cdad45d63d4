"""Starts, shows, meddles with and removes the test cluster of this machine."""

from __future__ import annotations

import argparse
import os
import sys

from . import cluster, images, network, processes, programs
from .cluster import Cluster
from .layout import KUBECONFIG, LOGS, OWNER, ClusterError


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build programs and images, start nothing")
    commands.add_parser("up", help="build what is missing, start, print the kubeconfig")
    commands.add_parser("down", help="stop, and leave nothing behind")
    commands.add_parser("status", help="which programs run")
    commands.add_parser("refresh", help="bring the product's newest version into the user's image")
    for name, told in (("stop", "politely"), ("start", "again"), ("kill", "with SIGKILL")):
        commands.add_parser(name, help=f"{name} a program {told}").add_argument("program")
    inside = commands.add_parser("exec", help="run a command in the cluster's network")
    inside.add_argument("words", nargs=argparse.REMAINDER)
    args = parser.parse_args(arguments)
    try:
        return _do(args)
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1


def _do(args: argparse.Namespace) -> int:
    if args.command == "build":
        programs.build()
        images.build()
    elif args.command in ("up", "down", "refresh"):
        getattr(cluster, args.command)()
    elif args.command == "status":
        return _status()
    elif args.command == "exec":
        words = [*network.ENTER, *(word for word in args.words if word != "--")]
        os.execvp(words[0], words)
    else:
        getattr(Cluster.running() if args.command == "stop" else Cluster(), args.command)(
            args.program
        )
    return 0


def _status() -> int:
    if not OWNER.exists():
        print("No test cluster is here.")
        return 1
    for name in processes.names():
        print(f"{name:24} {processes.pid(name) or 'does not run'}")
    print(f"Of {OWNER.read_text()}; logs: {LOGS}; kubeconfig: {KUBECONFIG}")
    return 0 if Cluster.healthy() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
