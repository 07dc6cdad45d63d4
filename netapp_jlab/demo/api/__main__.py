"""``python -m netapp_jlab.demo.api --home DIR``: the API server alone, without controllers."""

from __future__ import annotations

import argparse
import sys

from .server import HomeInUseError, run
from .store import KEEP


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m netapp_jlab.demo.api", description=__doc__)
    parser.add_argument("--home", required=True, help="where the cluster is kept")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--ready-file", help="gets JSON once the server answers")
    parser.add_argument("--keep", type=int, default=KEEP, help="changes kept for watches")
    parser.add_argument("--bookmark-every", type=float, default=60.0, help="seconds")
    given = parser.parse_args(arguments)
    try:
        run(
            given.home,
            port=given.port,
            ready_file=given.ready_file,
            keep=given.keep,
            bookmark_every=given.bookmark_every,
        )
    except (HomeInUseError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
