"""Which helper pods are made, used again and removed: against an API server in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

import msgspec
import pytest

from netapp_jlab.config import Settings
from netapp_jlab.errors import AlreadyExists, Forbidden, NotFound, QuotaExceeded, Refused
from netapp_jlab.k8s import helper_manifests, helpers, kinds, naming
from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.mover import wire
from netapp_jlab.services import movers as movers_module
from netapp_jlab.services.catalog import Catalog
from netapp_jlab.services.classes import Classes
from netapp_jlab.services.making import Wanted
from netapp_jlab.services.movers import Movers
from netapp_jlab.services.sources import Sources
from netapp_jlab.services.talks import Refusal
from netapp_jlab.services.templates import owner_of

OLD = "2026-01-01T00:00:00+00:00"


def never() -> None:
    """Nobody cancels."""


@dataclass
class Cluster:
    """What is used of the API server; each pod runs at once."""

    settings: Settings
    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, Exception] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    namespace: str = "lab"
    sender: Any = None

    def __post_init__(self) -> None:
        self._count = itertools.count(1)

    def create(self, kind: Any, manifest: dict[str, Any]) -> Any:
        if kind.plural in self.refused:
            raise self.refused[kind.plural]
        name = manifest["metadata"]["name"]
        if (kind.plural, name) in self.objects:
            raise AlreadyExists(name)
        body = msgspec.to_builtins(manifest)
        body["metadata"]["uid"] = str(next(self._count))
        body["metadata"]["creationTimestamp"] = datetime.now(timezone.utc)
        if kind.plural == "pods":
            state = [{"name": "mover", "state": {"running": {}}}]
            body["status"] = {"phase": "Running", "containerStatuses": state}
        self.objects[kind.plural, name] = body
        return msgspec.convert(body, kind.wire)

    def get(self, kind: Any, name: str, **_: Any) -> Any:
        try:
            return msgspec.convert(self.objects[kind.plural, name], kind.wire)
        except KeyError:
            raise NotFound(name) from None

    def list(self, kind: Any, *, label_selector: str = "", field_selector: str = "") -> Any:
        wanted = dict(part.split("=") for part in label_selector.split(",") if part)
        found = [
            msgspec.convert(body, kind.wire)
            for (plural, _), body in self.objects.items()
            if plural == kind.plural
            and wanted.items() <= body["metadata"].get("labels", {}).items()
        ]
        return type("Listing", (), {"items": found})

    def delete(self, kind: Any, name: str, *, uid: str = "") -> None:
        if self.objects.pop((kind.plural, name), None) is None:
            raise NotFound(name)
        self.deleted.append(name)

    def wait(self, kind: Any, name: str, ready: Any, *, timeout: float, cancel: Any) -> Any:
        cancel()
        found = self.get(kind, name)
        assert ready(found)
        return found

    def account(self) -> str:
        return "system:serviceaccount:lab:jupyter-u7"

    def put(self, kind: Any, name: str, **body: Any) -> None:
        meta = {"name": name, "uid": f"uid-{name}", **body.pop("metadata", {})}
        self.objects[kind.plural, name] = {"metadata": meta, **body}


class Line:
    """A mover that answers `status` and `hello`."""

    unused = 0.0
    connections = 1
    hello: ClassVar[dict[str, Any]] = {"protocol": wire.PROTOCOL, "version": "x"}
    mounted: ClassVar[Callable[[], bool]] = staticmethod(lambda: True)

    def send(self, data: bytes, *, timeout: float) -> None:
        message = wire.decode(data)
        status = {"connections": self.connections, "running": False, "unused": self.unused}
        answers = {"hello": self.hello, "status": {**status, "plan": None}}
        self._answer = {"id": message["id"], "ok": answers.get(message["do"])}
        if message["do"] == "list" and not self.mounted():
            gone = {"error": "TreeUnavailable", "message": "no such folder"}
            self._answer = {"id": message["id"], **gone}

    def receive(self, timeout: float) -> bytes:
        return wire.encode(self._answer)

    def close(self) -> None:
        pass


class Access:
    lacks = ""

    def allowed(self, verb: str, resource: str, group: str = "", name: str = "") -> bool:
        return f"{verb} {resource}" != self.lacks


@dataclass
class World:
    cluster: Cluster
    movers: Movers
    access: Access
    line: type[Line]


@pytest.fixture
def make(monkeypatch):
    def make(**settings: Any) -> World:
        chosen = Settings(**{"mover_image": "image:1", "ready_timeout": 5.0, **settings})
        cluster = Cluster(chosen)
        catalog = Catalog(cluster, chosen)
        cluster.put(kinds.CLAIMS, "home", spec={"accessModes": ["ReadWriteOnce"],
            "storageClassName": "fast", "resources": {"requests": {"storage": "2Gi"}}},
            status={"phase": "Bound", "capacity": {"storage": "2Gi"}})  # fmt: skip
        cluster.put(kinds.SNAPSHOTS, "good", metadata={"labels": {naming.VOLUME_UID: "uid-home"}},
            spec={"source": {"persistentVolumeClaimName": "home"}},
            status={"readyToUse": True, "restoreSize": "1Gi"})  # fmt: skip
        line = type("Mine", (Line,), {})
        monkeypatch.setattr(movers_module.execs, "run", lambda *_, **__: line())
        access = Access()
        sources = Sources(catalog, Classes(catalog, ""), "ada")
        return World(cluster, Movers(catalog, sources, access), access, line)

    return make


def wanted(world: World, name: str = "mover-u7-a", *, live: bool = False) -> Wanted:
    snapshot: VolumeSnapshot = world.cluster.get(kinds.SNAPSHOTS, "good")
    claim: Claim | None = world.cluster.get(kinds.CLAIMS, "home") if live else None
    return Wanted(name, {"source": snapshot}, live=claim, lasting=live)


def names(world: World, plural: str) -> list[str]:
    return sorted(name for kind, name in world.cluster.objects if kind == plural)


def test_what_is_made(make):
    world = make()
    world.movers.start(wanted(world, live=True), cancel=never)
    pod = world.cluster.objects["pods", "mover-u7-a"]
    labels = {naming.MANAGED_BY: naming.MANAGER, naming.PURPOSE: "mover", naming.OWNER: "u7"}
    assert pod["metadata"]["labels"] == labels
    assert naming.EXPIRES_AT in pod["metadata"]["annotations"]
    (container,) = pod["spec"]["containers"]
    assert container["command"] == [
        *("python3", "-m", "netapp_jlab.mover", "serve", "--socket", helper_manifests.SOCKET),
        *("--idle", "600", "--source", "/snapshots/0", "--live", "/volume"),
    ]
    claim = world.cluster.objects["persistentvolumeclaims", "mover-u7-a-0"]
    assert claim["metadata"]["labels"] == labels
    (owner,) = claim["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("Pod", "mover-u7-a", "1")
    assert claim["spec"]["dataSource"]["name"] == "good"
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["spec"]["resources"]["requests"]["storage"] == "2Gi", "as the volume, not less"


def test_a_helper_is_used_again_also_by_another_process(make):
    world = make()
    first = world.movers.start(wanted(world), cancel=never)
    assert world.movers.start(wanted(world), cancel=never) is first
    other = Movers(world.movers._catalog, world.movers._maker._sources, world.access)
    assert other.start(wanted(world), cancel=never).pod.metadata.uid == first.pod.metadata.uid
    assert world.cluster.deleted == []


def test_one_whose_volumes_are_gone_with_it_is_replaced(make):
    """Deleted by force: the pod is gone, its last process still answers."""
    world = make()
    world.movers.start(wanted(world), cancel=never)
    del world.cluster.objects["pods", "mover-u7-a"]
    world.line.mounted = staticmethod(lambda: names(world, "pods") != [])
    assert world.movers.ask(wanted(world), "list", cancel=never) is None
    assert world.cluster.objects["pods", "mover-u7-a"]["metadata"]["uid"] != "1"


def test_a_volume_that_is_gone_from_a_helper_that_is_there(make):
    world = make()
    world.line.mounted = staticmethod(lambda: False)
    with pytest.raises(Refusal, match="no such folder"):
        world.movers.ask(wanted(world), "list", cancel=never)


@pytest.mark.parametrize("what", ["ended", "another image", "another owner"])
def test_one_that_is_of_no_use_is_replaced(make, what):
    world = make()
    world.movers.start(wanted(world), cancel=never)
    pod = world.cluster.objects["pods", "mover-u7-a"]
    if what == "ended":
        pod["status"] = {"phase": "Succeeded"}
    elif what == "another image":
        pod["spec"]["containers"][0]["image"] = "evil:1"
    else:
        pod["metadata"]["labels"][naming.OWNER] = "u8"
    other = Movers(world.movers._catalog, world.movers._maker._sources, world.access)
    assert other.start(wanted(world), cancel=never).pod.metadata.uid != "1"


def test_a_claim_of_an_earlier_pod_is_replaced(make):
    world = make()
    labels = helper_manifests.labels("u7")
    world.cluster.put(kinds.CLAIMS, "mover-u7-a-0", metadata={"labels": labels})
    world.movers.start(wanted(world), cancel=never)
    claim = world.cluster.objects["persistentvolumeclaims", "mover-u7-a-0"]
    assert claim["metadata"]["uid"] != "uid-mover-u7-a-0"


def test_a_namesake_that_is_no_helpers_is_left_alone(make):
    world = make()
    world.cluster.put(kinds.CLAIMS, "mover-u7-a-0")
    with pytest.raises(AlreadyExists, match="no helper's"):
        world.movers.start(wanted(world), cancel=never)
    assert ("persistentvolumeclaims", "mover-u7-a-0") in world.cluster.objects
    assert names(world, "pods") == []


@pytest.mark.parametrize(
    ("plural", "error", "kind"),
    [
        ("pods", QuotaExceeded("no more pods"), QuotaExceeded),
        ("persistentvolumeclaims", QuotaExceeded("no more volumes"), QuotaExceeded),
        ("pods", Forbidden("pods is forbidden"), Forbidden),
    ],
)
def test_what_can_not_be_made_leaves_nothing(make, plural, error, kind):
    world = make()
    world.cluster.refused[plural] = error
    with pytest.raises(kind, match="The helper pod can not start"):
        world.movers.start(wanted(world), cancel=never)
    assert names(world, "pods") == []
    assert names(world, "persistentvolumeclaims") == ["home"]


def test_another_protocol(make):
    world = make()
    world.line.hello = {"protocol": 99, "version": "9.9"}
    with pytest.raises(Refused, match=r"9\.9"):
        world.movers.start(wanted(world), cancel=never)
    assert names(world, "pods") == []


@pytest.mark.parametrize("modes", [["ReadWriteOncePod"], ["ReadWriteOnce"], ["ReadWriteMany"]])
def test_where_it_has_to_run(make, modes):
    world = make()
    world.cluster.objects["persistentvolumeclaims", "home"]["spec"]["accessModes"] = modes
    world.cluster.put(kinds.PODS, "jupyter", spec={"nodeName": "n2", "containers": [{}],
        "volumes": [{"name": "h", "persistentVolumeClaim": {"claimName": "home"}}]},
        status={"phase": "Running"})  # fmt: skip
    if modes == ["ReadWriteOncePod"]:
        with pytest.raises(Refused, match=r"one pod only \(ReadWriteOncePod\), and “jupyter”"):
            world.movers.start(wanted(world, live=True), cancel=never)
        return
    world.movers.start(wanted(world, live=True), cancel=never)
    spec = world.cluster.objects["pods", "mover-u7-a"]["spec"]
    assert ("n2" in str(spec.get("affinity"))) == (modes == ["ReadWriteOnce"])
    assert "nodeName" not in spec


def test_it_runs_as_who_uses_the_volume(make):
    world = make()
    world.cluster.put(kinds.PODS, "jupyter",
        spec={"securityContext": {"fsGroup": 100, "seLinuxOptions": {}},
        "containers": [{"securityContext": {"runAsUser": 1000, "privileged": True}}],
        "volumes": [{"name": "h", "persistentVolumeClaim": {"claimName": "home"}}]},
        status={"phase": "Running"})  # fmt: skip
    world.movers.start(wanted(world), cancel=never)
    assert world.cluster.objects["pods", "mover-u7-a"]["spec"]["securityContext"] == {
        "seccompProfile": {"type": "RuntimeDefault"},
        "fsGroup": 100,
        "fsGroupChangePolicy": "OnRootMismatch",
        "runAsUser": 1000,
    }


@pytest.mark.parametrize(
    ("settings", "lacks", "words"),
    [
        ({"mover_enabled": False}, "", "switched off"),
        ({"read_only": True}, "", "switched off"),
        ({"mover_image": ""}, "", "No image"),
        ({}, "create pods", "rbac/tiers/mover"),
        ({}, "get pods/exec", "rbac/tiers/mover"),
        ({}, "delete persistentvolumeclaims", "rbac/tiers/mover"),
    ],
)
def test_when_it_may_not_be(make, settings, lacks, words):
    world = make(**settings)
    world.access.lacks = lacks
    permission = world.movers.may()
    assert not permission.allowed
    assert words in permission.reason + permission.hint


def test_idle_ones_are_removed_unless_others_use_them(make):
    world = make(mover_idle_minutes=1.0)
    helper = world.movers.start(wanted(world), cancel=never)
    world.movers.tidy()
    assert names(world, "pods") == ["mover-u7-a"]
    helper.used -= 61
    world.movers.tidy()
    assert names(world, "pods") == ["mover-u7-a"], "another process has just used it"
    helper.used -= 61
    world.line.unused = 61.0
    world.movers.tidy()
    assert names(world, "pods") == []
    assert names(world, "persistentvolumeclaims") == ["home"]


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("connections", [1, 2])
def test_close_removes_what_nobody_else_needs(make, lasting, connections):
    world = make()
    world.line.connections = connections
    world.movers.start(wanted(world, live=lasting), cancel=never)
    world.movers.close()
    assert bool(names(world, "pods")) == (lasting or connections == 2)


def left_over(world: World, name: str, *, owner: str = "u7", expires: str = OLD, **status: Any):
    meta = {"labels": helper_manifests.labels(owner), "annotations": {naming.EXPIRES_AT: expires}}
    claim = {"name": "source", "persistentVolumeClaim": {"claimName": f"{name}-0"}}
    spec = {"volumes": [claim], "containers": [{"command": ["python3"]}]}
    world.cluster.put(helpers.PODS, name, metadata=meta, spec=spec, status=status)
    owned = {**meta, "ownerReferences": [{"kind": "Pod", "name": name, "uid": f"uid-{name}"}]}
    world.cluster.put(kinds.CLAIMS, f"{name}-0", metadata=owned)


def test_the_sweep(make):
    world = make()
    later = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    left_over(world, "mover-u7-ended", expires=later, phase="Succeeded")
    left_over(world, "mover-u7-stuck", phase="Pending")
    left_over(world, "mover-u7-starting", expires=later, phase="Pending")
    left_over(world, "mover-u8-ended", owner="u8", phase="Failed")
    running = [{"name": "mover", "state": {"running": {}}}]
    left_over(world, "mover-u7-runs", phase="Running", containerStatuses=running)
    labels, past = helper_manifests.labels("u7"), {naming.EXPIRES_AT: OLD}
    orphan = {"labels": labels, "annotations": past}
    world.cluster.put(kinds.CLAIMS, "mover-u7-gone-0", metadata=orphan)
    world.cluster.put(kinds.CLAIMS, "mover-u7-new-0", metadata={"labels": labels})
    world.movers.sweep()
    assert names(world, "pods") == ["mover-u7-runs", "mover-u7-starting", "mover-u8-ended"]
    assert names(world, "persistentvolumeclaims") == [
        *("home", "mover-u7-new-0", "mover-u7-runs-0", "mover-u7-starting-0", "mover-u8-ended-0"),
    ]


@pytest.mark.parametrize(
    ("account", "owner"),
    [
        ("system:serviceaccount:lab:default", "default"),
        ("system:serviceaccount:lab:jupyter-u12", "u12"),
        ("kubernetes-admin", "kubernetes-admin"),
    ],
)
def test_owners(account, owner):
    assert owner_of(account) == owner


def test_two_accounts_are_never_one_owner():
    accounts = ["Ada", "ada", "a.da", "a-da", "x" * 40, "x" * 41, "ädä", "!", "?"]
    owners = {owner_of(account) for account in accounts}
    assert len(owners) == len(accounts)
    for owner in owners:
        naming.validate_name(f"mover-{owner}-0123456789-live-0", "pod")
        assert len(owner) <= 30
