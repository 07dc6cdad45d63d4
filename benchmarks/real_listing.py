"""Listing 1,000 claims with 10,000 snapshots of a real API server: ours, raw, kubectl, its peer.

The objects have no data: they are created with their status on an API server that is started for
it, without controllers. Otherwise like ``listing.py``. The peer is the NetApp DataOps Toolkit,
whose lists ask once or twice more for each object; it is measured once, and stopped at a limit.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import common
import control_plane
import labs
import listing
import population
import real_ready
import report
import toolkit

from netapp_jlab.demo.api.database import Database
from netapp_jlab.k8s.kinds import SNAPSHOT_GROUP

PEER_SECONDS = 90.0
"""After so many the toolkit is stopped."""

VOLUMES = "/api/v1/persistentvolumes"
PATHS = {
    "PersistentVolumeClaim": common.CLAIMS,
    "PersistentVolume": VOLUMES,
    "VolumeSnapshot": common.SNAPSHOTS,
}


def objects(home: Path, claims: int) -> list[tuple[str, dict[str, Any]]]:
    """Return claims, volumes and snapshots like those of the demo, by kind."""
    with common.demo(home) as demo:
        pass
    population.fill(demo.home, claims, claims * listing.PER_CLAIM)
    database = Database(str(demo.home / "cluster.sqlite"))
    found = [(kind, json.loads(raw)) for kind, _, _, raw in database.objects() if kind in PATHS]
    database.close()
    for kind, one in found:
        del one["metadata"]["resourceVersion"]
        group = f"{SNAPSHOT_GROUP}/v1" if kind == "VolumeSnapshot" else "v1"
        one |= {"kind": kind, "apiVersion": group}  # which the database leaves out
    return found


def fill(plane: control_plane.ControlPlane, found: list[tuple[str, dict[str, Any]]]) -> None:
    """Create them; snapshots name the uid that their claim got."""
    of_kind: dict[str, list[dict[str, Any]]] = {kind: [] for kind in PATHS}
    for kind, one in found:
        of_kind[kind].append(one)
    claims = of_kind["PersistentVolumeClaim"]
    new = control_plane.create(plane, [(common.CLAIMS, one) for one in claims])
    old = {one["metadata"]["name"]: one["metadata"]["uid"] for one in claims}
    rest = [(VOLUMES, one) for one in of_kind["PersistentVolume"]]
    for one in of_kind["VolumeSnapshot"]:
        claim = one["spec"]["source"]["persistentVolumeClaimName"]
        changed = (
            json.dumps(one).replace(old[claim], new[claim]) if claim in old else json.dumps(one)
        )
        rest.append((common.SNAPSHOTS, json.loads(changed)))
    control_plane.create(plane, rest)


def cold(plane: control_plane.ControlPlane, home: Path, preload: str) -> float:
    """Return the seconds that the first answers of a new Jupyter server take."""
    told = real_ready.settings(Path(plane.kubeconfig), common.NAMESPACE, common.WORKSPACE)
    with labs.lab(home / "cold", told, preload=preload) as lab:
        connection = lab.connect()
        connection.send("GET", "/api")
        return report.timed(partial(listing.lists, connection))


def peer(call: toolkit.Call, most: float) -> tuple[float, bool]:
    """Return the seconds that both lists of the toolkit take, and whether it had to be stopped."""
    began = time.perf_counter()
    try:
        for one in ("list_volumes", "list_volume_snapshots"):
            left = max(0.0, began + most - time.perf_counter())
            call(one, within=left, namespace=common.NAMESPACE)
    except toolkit.TooLong:
        return most, True
    return time.perf_counter() - began, False


def measure(
    plane: control_plane.ControlPlane, home: Path, args: argparse.Namespace
) -> list[report.Measure]:
    """Let them take turns; the limits are about the full size."""
    whole_size = args.claims >= listing.CLAIMS
    limits = (listing.WARM_LIMIT, listing.COLD_LIMIT) if whole_size else (None, None)
    rounds, most = args.rounds, args.most
    told = real_ready.settings(Path(plane.kubeconfig), common.NAMESPACE, common.WORKSPACE)
    kubectl = partial(listing.kubectl, plane, home, "--namespace", common.NAMESPACE)
    raw = partial(listing.raw, plane)
    raw(), kubectl()
    with labs.lab(home / "warm", told) as lab:
        panel = lab.connect()
        listing.lists(panel)
        report.say("warm lists and kubectl")
        warm, typed = report.alternate(rounds, partial(listing.warm, panel), kubectl)
    report.say("cold lists and raw ones")
    ours, plain, whole = report.alternate(
        rounds, partial(cold, plane, home, listing.CORE), raw, partial(cold, plane, home, "")
    )
    report.say(f"the DataOps Toolkit (at most {most:g} s)")
    with toolkit.driver(Path(plane.kubeconfig), home) as call:
        seconds, stopped = peer(call, most)
    return [
        report.ratio("warm, and kubectl", warm, typed, limits[0]),
        report.ratio("cold, and a raw list", ours, plain, limits[1]),
        report.ratio("cold, with the imports", whole, plain),
        report.ratio("warm, and the DataOps Toolkit", warm, [seconds], at_least=stopped),
        report.ratio(
            "cold with the imports, and the DataOps Toolkit", whole, [seconds], at_least=stopped
        ),
    ]


def main() -> int:
    parser = report.parser(__doc__, rounds=7)
    parser.add_argument(
        "--claims", type=int, default=listing.CLAIMS, help="with ten snapshots each"
    )
    parser.add_argument(
        "--most", type=float, default=PEER_SECONDS, help=f"seconds; default: {PEER_SECONDS:g}"
    )
    args = parser.parse_args()
    told = report.Report("real_listing", facts={"rounds": args.rounds, "volumes": args.claims})
    with common.temporary_home() as home, control_plane.running(home / "plane") as plane:
        cluster = plane.cluster()
        told.facts |= common.conditions(cluster)
        cluster.close()
        report.say(f"creating {args.claims} volumes with ten snapshots each (a minute or two)")
        found = objects(home, args.claims)
        told.facts["seconds to create them"] = f"{report.timed(partial(fill, plane, found)):.0f}"
        told.measures = measure(plane, home, args)
    return told.finish(as_json=args.json)


if __name__ == "__main__":
    sys.exit(main())
