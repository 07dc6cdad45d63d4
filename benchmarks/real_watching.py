"""200 users who follow a namespace, and 200 who ask every five seconds: what the API server pays.

Ours are the product's informers (claims and snapshots; real ones, in a few processes); the others
list both kinds every five seconds and throw the bytes away, so that the machine is busy with the
API server. Same objects, same span, one change a second. Processor time is the API server's own
count of it, bytes are what it sent: answers (compressed if asked for) and events of watches. Both
spans begin when all are connected; what the informers' first lists cost is told apart.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import common
import connections
import control_plane
import report

USERS, PROCESSES = 200, 4
CLAIMS, PER_CLAIM = 200, 10
EVERY = 5.0
"""Seconds between two looks of one who polls."""
SYNC_SECONDS = 240.0
COUNTERS = {
    "process_cpu_seconds_total": "cpu",
    "apiserver_response_sizes_sum": "bytes",
    "apiserver_watch_events_sizes_sum": "bytes",
}
_SAMPLE = re.compile(r"^(\w+)(?:\{.*\})? (\S+)$", re.MULTILINE)


# --- The users, in processes of their own ---------------------------------------------------------


def follow(kubeconfig: str, users: int) -> None:
    """Be the product's informers of some users, until the standard input ends."""
    from netapp_jlab.config import Settings
    from netapp_jlab.k8s.client import Cluster
    from netapp_jlab.k8s.informer import Informer
    from netapp_jlab.k8s.kinds import CLAIMS as CLAIM_KIND
    from netapp_jlab.k8s.kinds import SNAPSHOTS as SNAPSHOT_KIND

    informers: list[Informer[Any]] = []
    for _ in range(users):
        settings = Settings(kubeconfig=kubeconfig, namespace=common.NAMESPACE)
        cluster = Cluster(settings)
        informers += [Informer(cluster, CLAIM_KIND), Informer(cluster, SNAPSHOT_KIND)]
    for one in informers:
        one.start()
    for one in informers:
        one.wait_synced(SYNC_SECONDS)
    print("ready", flush=True)
    sys.stdin.read()
    if any(len(one.items()) not in (CLAIMS, CLAIMS * PER_CLAIM) for one in informers):
        raise SystemExit("An informer has not what it should have.")


def poll(kubeconfig: str, users: int) -> None:
    """Be some users who list both kinds every five seconds, until the standard input ends."""
    ended = threading.Event()
    looks: list[float] = []

    def look(after: float) -> None:
        connection = connections.connect(kubeconfig)
        due = time.monotonic() + after
        while not ended.wait(max(0.0, due - time.monotonic())):
            for path in (common.CLAIMS, common.SNAPSHOTS):
                connection.send("GET", path)
            looks.append(time.monotonic())
            due = max(due + EVERY, time.monotonic())
        connection.close()

    threads = [threading.Thread(target=look, args=(EVERY * n / users,)) for n in range(users)]
    for one in threads:
        one.start()
    print("ready", flush=True)
    sys.stdin.read()
    print(len(looks), flush=True)
    ended.set()
    for one in threads:
        one.join()


ROLES = {"follow": follow, "poll": poll}


# --- Measuring ------------------------------------------------------------------------------------


@contextmanager
def users(role: str, kubeconfig: str, count: int) -> Iterator[list[int]]:
    """Have users until the end of the block; it begins when all are connected.

    It yields a list that at the end has how often those of each process who poll have looked.
    """
    looks: list[int] = []
    command = [sys.executable, __file__, "--role", role, "--role-kubeconfig", kubeconfig]
    command += ["--users", str(count // PROCESSES)]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
            for _ in range(PROCESSES)
        ]
        try:
            for process in processes:
                said = b"" if process.stdout is None else process.stdout.readline()
                if said != b"ready\n":
                    process.kill()
                    text = f"Users who {role} did not start ({process.wait()}): {said!r}"
                    raise RuntimeError(text)
            yield looks
            for process in processes:
                said, _ = process.communicate(timeout=2 * connections.ANSWER_SECONDS)
                looks += map(int, said.split())
                if process.returncode:
                    raise RuntimeError(f"Users who {role} failed.")
        finally:
            for process in processes:
                process.kill()


def cost(cluster: connections.Connection) -> dict[str, float]:
    """Return what the API server has spent until now."""
    spent = {"cpu": 0.0, "bytes": 0.0}
    for name, value in _SAMPLE.findall(cluster.send("GET", "/metrics").decode()):
        if name in COUNTERS:
            spent[COUNTERS[name]] += float(value)
    return spent


def since(cluster: connections.Connection, before: dict[str, float]) -> dict[str, float]:
    return {name: value - before[name] for name, value in cost(cluster).items()}


def change(cluster: connections.Connection, seconds: float) -> None:
    """Change one snapshot a second."""
    began = time.monotonic()
    for number in range(int(seconds)):
        body = {"metadata": {"annotations": {"bench": str(time.time_ns())}}}
        path = f"{common.SNAPSHOTS}/snap-{number % (CLAIMS * PER_CLAIM):05d}"
        cluster.patch(path, body)
        time.sleep(max(0.0, began + number + 1 - time.monotonic()))


def objects() -> list[tuple[str, Any]]:
    """Return claims and snapshots as objects with nothing behind them."""
    made: list[tuple[str, Any]] = []
    for number in range(CLAIMS):
        spec: dict[str, Any] = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
        made.append((common.CLAIMS, {"metadata": {"name": f"claim-{number:03d}"}, "spec": spec}))
    for number in range(CLAIMS * PER_CLAIM):
        source = {"persistentVolumeClaimName": f"claim-{number % CLAIMS:03d}"}
        one = {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshot",
            "metadata": {"name": f"snap-{number:05d}"},
            "spec": {"source": source, "volumeSnapshotClassName": "none"},
            "status": {"readyToUse": True, "restoreSize": "1Gi"},
        }
        made.append((common.SNAPSHOTS, one))
    return made


def span(
    plane: control_plane.ControlPlane, role: str, count: int, seconds: float
) -> tuple[dict[str, float], dict[str, float], int]:
    """Return what the start of the users costs, what `seconds` after it cost, and their looks."""
    report.say(f"{count} users {role}")
    cluster = plane.cluster()
    before = cost(cluster)
    with users(role, plane.kubeconfig, count) as looks:
        start, before = since(cluster, before), cost(cluster)
        began = time.monotonic()
        change(cluster, seconds)
        # A busy API server makes the span longer; what it costs is told for `seconds` of it.
        share = seconds / (time.monotonic() - began)
        steady = {name: value * share for name, value in since(cluster, before).items()}
    cluster.close()
    return start, steady, round(sum(looks) * share)


def ratio(what: str, ours: float, theirs: float, unit: str) -> report.Measure:
    scale = 1e6 if unit == "MB" else 1.0
    return report.Measure(what, ours / scale, theirs / scale, unit, ours / theirs, "x", None)


def main() -> int:
    parser = report.parser(__doc__, rounds=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each span; default: 60")
    parser.add_argument("--users", type=int, default=USERS, help=f"default: {USERS}")
    parser.add_argument("--role", choices=ROLES, help="internal: be users")
    parser.add_argument("--role-kubeconfig", help="internal")
    args = parser.parse_args()
    if args.role:
        ROLES[args.role](args.role_kubeconfig, args.users)
        return 0
    told = report.Report("real_watching", facts={"users": args.users, "seconds": args.seconds})
    told.facts |= {"claims": CLAIMS, "snapshots": CLAIMS * PER_CLAIM, "changes a second": 1}
    with common.temporary_home() as home, control_plane.running(Path(home) / "plane") as plane:
        cluster = plane.cluster()
        told.facts |= common.conditions(cluster)
        cluster.close()
        control_plane.create(plane, objects())
        start, ours, _ = span(plane, "follow", args.users, args.seconds)
        _, theirs, looks = span(plane, "poll", args.users, args.seconds)
    # A machine that is too slow for so many looks makes the others cheaper than they would be.
    told.facts["looks of those who poll"] = f"{looks} of {args.users * args.seconds / EVERY:.0f}"
    told.measures = [
        ratio("API server's processor time", ours["cpu"], theirs["cpu"], "s"),
        ratio("bytes sent", ours["bytes"], theirs["bytes"], "MB"),
        ratio("first lists of all, processor time", start["cpu"], theirs["cpu"], "s"),
        ratio("first lists of all, bytes sent", start["bytes"], theirs["bytes"], "MB"),
    ]
    return told.finish(as_json=args.json)


if __name__ == "__main__":
    sys.exit(main())
