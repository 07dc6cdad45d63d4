"""``python -m netapp_jlab.mover serve|attach``."""

from __future__ import annotations

import argparse
import sys

TREES = ("source", "kept", "baseline", "live")


def main(arguments: list[str] | None = None) -> int:
    """Run one of the two programs; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m netapp_jlab.mover", description=__doc__)
    programs = parser.add_subparsers(dest="program", required=True)
    attaching = programs.add_parser("attach", help="pass lines on to a mover")
    serving = programs.add_parser("serve", help="serve until nobody uses it any more")
    for program in (attaching, serving):
        program.add_argument("--socket", required=True, help="absolute path of the socket")
    serving.add_argument("--idle", type=float, default=600.0, help="seconds")
    for name in TREES:
        serving.add_argument(f"--{name}", metavar="DIR", help=f"where “{name}” is mounted")
    options = parser.parse_args(arguments)
    # Each program imports only what it needs: attach is started for every connection.
    if options.program == "attach":
        from netapp_jlab.mover.attach import attach

        return attach(options.socket)
    from netapp_jlab.mover.serve import Mover

    given = {name: getattr(options, name) for name in TREES}
    trees = {name: place for name, place in given.items() if place}
    return Mover(options.socket, trees, options.idle).run()


if __name__ == "__main__":
    sys.exit(main())
