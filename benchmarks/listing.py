"""Listing 1,000 volumes and 10,000 snapshots through REST, warm and cold.

Warm: ``GET volumes`` and ``GET snapshots`` on a Jupyter server whose panel is open, beside
``kubectl get volumesnapshots -o json``. Cold: the first answers of a Jupyter server that has never
talked to the API server, beside one raw list of both kinds: plain ``GET`` requests on a new
connection, in pages as large as ours, the bytes read and thrown away.

The embedded API server keeps its objects encoded and sends a page of 5,000 in 25 ms; a real one
(1.36) was seen to need 140 to 190 ms. So the cold lists are measured with an API server that takes
as long, and, for comparison, with the embedded one as it is.

A cold server has the core's modules imported already: importing the official ``kubernetes`` client
takes its time once in a process, whatever there is to list. What it adds is told as well.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median
from typing import Protocol

import common
import connections
import labs
import population
import report

from netapp_jlab.k8s.client import PAGE

WARM_LIMIT, COLD_LIMIT = 1 / 40, 1.3
CLAIMS, PER_CLAIM = 1000, 10
REAL = {"volumesnapshots": 0.13, "persistentvolumeclaims": 0.03}
"""Seconds that a real API server takes longer for a page."""
LISTS = ("/netapp-jlab/volumes", "/netapp-jlab/snapshots")
CORE = "netapp_jlab.services.client, netapp_jlab.k8s.sender"
_CONTINUE = re.compile(rb'"continue":"([^"]+)"')


def lists(connection: connections.Connection) -> None:
    """Read both lists through REST."""
    for path in LISTS:
        connection.send("GET", path)


def warm(connection: connections.Connection) -> float:
    """Return the seconds that both lists take once they were read."""
    return median(report.timed(partial(lists, connection)) for _ in range(5))


def cold(demo: common.Demo, home: Path, preload: str) -> float:
    """Return the seconds that the first answers of a new Jupyter server take."""
    settings = labs.demo_settings(demo)
    with labs.lab(home / "cold", settings, preload=preload) as lab:
        connection = lab.connect()
        connection.send("GET", "/api")  # connected, as a page is
        return report.timed(partial(lists, connection))


class Place(Protocol):
    """An API server, and how to reach it."""

    @property
    def kubeconfig(self) -> str: ...
    def cluster(self) -> connections.Connection: ...


def raw(demo: Place) -> float:
    """Return the seconds that a plain list of both kinds takes."""

    def read() -> None:
        connection = demo.cluster()
        for path in (common.CLAIMS, common.SNAPSHOTS):
            token = ""
            while True:
                page = connection.send("GET", f"{path}?limit={PAGE}&continue={token}")
                # A real API server tells it at the end of a list of custom resources.
                found = _CONTINUE.search(page[:1000]) or _CONTINUE.search(page[-1000:])
                if found is None:
                    break
                token = found[1].decode()
        connection.close()

    return report.timed(read)


def slow(resource: str, seconds: float) -> dict[str, object]:
    """Return a fault of the embedded API server: lists of `resource` take longer."""
    return {"effect": "delay", "delay": seconds, "verbs": ["list"], "resources": [resource]}


def kubectl(demo: Place, home: Path, *more: str) -> float:
    """Return the seconds that kubectl takes for the snapshots alone."""
    command = [common.kubectl(), "--kubeconfig", demo.kubeconfig, "get", "volumesnapshots"]
    env = {**os.environ, "HOME": str(home)}
    run = partial(subprocess.run, [*command, "-o", "json", *more], check=True, env=env)
    return report.timed(partial(run, stdout=subprocess.DEVNULL))


def main() -> int:
    parser = report.parser(__doc__, rounds=7)
    parser.add_argument("--claims", type=int, default=CLAIMS, help="with ten snapshots each")
    args = parser.parse_args()
    rounds, claims, snapshots = args.rounds, args.claims, args.claims * PER_CLAIM
    told = report.Report(
        "listing", facts={"rounds": rounds, "volumes": claims, "snapshots": snapshots}
    )
    with common.temporary_home() as home:
        with common.demo(home) as demo:
            report.say(f"making {claims} volumes and {snapshots} snapshots")
        population.fill(demo.home, claims, snapshots)
        with common.demo(home) as demo:
            open_panel = demo.jupyter()
            lists(open_panel)
            raw(demo), kubectl(demo, home)
            report.say("warm lists and kubectl")
            ours, theirs = report.alternate(
                rounds, partial(warm, open_panel), partial(kubectl, demo, home)
            )
            told.measures.append(report.ratio("warm, and kubectl", ours, theirs, WARM_LIMIT))
            report.say("cold lists and raw ones")
            ours, theirs = report.alternate(
                rounds, partial(cold, demo, home, CORE), partial(raw, demo)
            )
            quick = report.ratio("cold, and a raw list, embedded API server", ours, theirs)
            demo.misbehave(answers=[slow(*page) for page in REAL.items()])
            ours, theirs, whole = report.alternate(
                rounds,
                partial(cold, demo, home, CORE),
                partial(raw, demo),
                partial(cold, demo, home, ""),
            )
            told.measures += [
                report.ratio("cold, and a raw list", ours, theirs, COLD_LIMIT),
                report.ratio("cold, with the imports", whole, theirs),
                quick,
            ]
    return told.finish(as_json=args.json)


if __name__ == "__main__":
    sys.exit(main())
