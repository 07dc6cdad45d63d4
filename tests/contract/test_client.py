"""The Kubernetes layer on the cluster under test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from netapp_jlab import errors
from netapp_jlab.config import Settings
from netapp_jlab.k8s import client, kinds, naming, objects
from netapp_jlab.k8s.access import RIGHTS, Access
from netapp_jlab.k8s.client import Cluster as Api
from netapp_jlab.k8s.wire import Claim

from .clusters import PATIENCE, Cluster

GIB = 1024**3
Connect = Callable[..., Api]


@pytest.fixture
def connect(cluster: Cluster, tmp_path: Path) -> Iterator[Connect]:
    """Connect as the administrator, or with another token."""
    made: list[Api] = []

    def make(token: str = "", **overrides: object) -> Api:
        path = cluster.kubeconfig
        if token:
            config = yaml.safe_load(Path(path).read_text())
            for user in config["users"]:
                user["user"] = {"token": token}
            path = str(tmp_path / f"kubeconfig-{len(made)}")
            Path(path).write_text(yaml.safe_dump(config))
        fields = {"namespace": cluster.namespace, "request_timeout": 10.0, **overrides}
        made.append(Api(Settings(kubeconfig=str(path), **fields)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def api(connect: Connect) -> Api:
    return connect()


def _create(api: Api, name: str = "data", **options: object) -> Claim:
    return api.create(kinds.CLAIMS, objects.claim(name, size=GIB, **options))


def _bound(api: Api, name: str = "data") -> Claim:
    return api.wait(
        kinds.CLAIMS, name, lambda claim: claim.status.phase == "Bound", timeout=PATIENCE
    )


# --- Objects --------------------------------------------------------------------------------------


def test_create_get_list_delete(api: Api, cluster: Cluster) -> None:
    made = _create(api, annotations={naming.NOTE: "a note"}, labels={"team": "vision"})
    found = api.get(kinds.CLAIMS, "data")
    meta = found.metadata
    assert (meta.name, meta.namespace, meta.uid) == ("data", cluster.namespace, made.metadata.uid)
    assert meta.annotations[naming.NOTE] == "a note"
    assert meta.labels[naming.MANAGED_BY] == naming.MANAGER
    assert abs(meta.creation_timestamp.timestamp() - time.time()) < 60
    assert found.requested == GIB
    assert found.spec.access_modes == ("ReadWriteOnce",)
    _create(api, "other")
    for selectors, names in (
        ({}, {"data", "other"}),
        ({"label_selector": "team=vision"}, {"data"}),
        ({"label_selector": f"{naming.MANAGED_BY}={naming.MANAGER},!team"}, {"other"}),
        ({"field_selector": "metadata.name=other"}, {"other"}),
    ):
        listing = api.list(kinds.CLAIMS, **selectors)
        assert {one.metadata.name for one in listing.items} == names
        assert listing.resource_version
    api.delete(kinds.CLAIMS, "data", uid=meta.uid)
    until = time.monotonic() + PATIENCE  # a finalizer may keep it for a moment
    while len(api.list(kinds.CLAIMS).items) > 1 and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(errors.NotFound):
        api.get(kinds.CLAIMS, "data")


def test_pages(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE", 2)
    names = {f"data-{number}" for number in range(5)}
    for name in names:
        _create(api, name)
    assert {one.metadata.name for one in api.list(kinds.CLAIMS).items} == names


def test_a_dry_run_makes_nothing(api: Api) -> None:
    manifest = objects.claim("data", size=GIB)
    assert api.create(kinds.CLAIMS, manifest, dry_run=True).metadata.name == "data"
    assert api.list(kinds.CLAIMS).items == []


def test_the_same_click_makes_one(api: Api) -> None:
    first = _create(api, labels={naming.REQUEST_ID: "click-1"})
    again = _create(api, labels={naming.REQUEST_ID: "click-1"})
    assert again.metadata.uid == first.metadata.uid
    for labels in ({}, {naming.REQUEST_ID: "click-2"}):
        with pytest.raises(errors.AlreadyExists, match="“data”"):
            _create(api, labels=labels)


def test_a_merge_patch(api: Api) -> None:
    made = _create(api, annotations={"a": "1", "b": "2"})
    patch = {"metadata": {"annotations": {"a": None, "c": "3"}}}
    changed = api.patch(kinds.CLAIMS, "data", patch)
    assert {"b": "2", "c": "3"}.items() <= changed.metadata.annotations.items()
    assert "a" not in changed.metadata.annotations
    assert changed.metadata.resource_version != made.metadata.resource_version


def test_conditions_of_a_patch(api: Api) -> None:
    meta = _create(api).metadata
    patch = {"metadata": {"annotations": {"a": "1"}}}
    other = "5c4f3c2e-1111-4222-8333-444455556666"
    with pytest.raises(errors.Changed, match="“data”"):
        api.patch(kinds.CLAIMS, "data", patch, uid=other)
    api.patch(kinds.CLAIMS, "data", patch, uid=meta.uid)
    with pytest.raises(errors.Changed, match="“data”"):
        api.patch(kinds.CLAIMS, "data", {"metadata": {"annotations": {"a": "2"}}},
                  resource_version=meta.resource_version)  # fmt: skip
    assert api.get(kinds.CLAIMS, "data").metadata.annotations["a"] == "1"


def test_conditions_of_a_delete(api: Api) -> None:
    meta = _create(api).metadata
    other = "5c4f3c2e-1111-4222-8333-444455556666"
    with pytest.raises(errors.Changed):
        api.delete(kinds.CLAIMS, "data", uid=other)
    with pytest.raises(errors.Changed):
        api.delete(kinds.CLAIMS, "data", uid=meta.uid, resource_version="1")
    assert api.get(kinds.CLAIMS, "data").metadata.uid == meta.uid


# --- Refusals -------------------------------------------------------------------------------------


def test_what_is_not_there(api: Api, cluster: Cluster) -> None:
    for call in (
        lambda: api.get(kinds.SNAPSHOTS, "nothing"),
        lambda: api.delete(kinds.SNAPSHOTS, "nothing"),
        lambda: api.patch(kinds.SNAPSHOTS, "nothing", {"metadata": {"labels": {"a": "b"}}}),
    ):
        with pytest.raises(errors.NotFound) as caught:
            call()
        assert "VolumeSnapshot “nothing”" in caught.value.message
        assert cluster.namespace in caught.value.message


def test_a_namespace_that_is_not_there(connect: Connect) -> None:
    api = connect(namespace="no-such-namespace")
    assert api.list(kinds.CLAIMS).items == []
    with pytest.raises(errors.NotFound, match="namespace “no-such-namespace”"):
        _create(api)


def test_what_is_malformed_or_can_not_be(api: Api) -> None:
    with pytest.raises(errors.Invalid):
        _create(api, "Not_A_Name")
    manifest = objects.claim("data", size=GIB)
    manifest["spec"]["resources"]["requests"]["storage"] = "1Zi"
    with pytest.raises(errors.Invalid):
        api.create(kinds.CLAIMS, manifest)
    _create(api)
    with pytest.raises(errors.Refused, match="immutable"):
        api.patch(kinds.CLAIMS, "data", {"spec": {"accessModes": ["ReadWriteMany"]}})


def test_a_quota(api: Api, cluster: Cluster) -> None:
    cluster.kubectl("create", "quota", "small", "--hard=persistentvolumeclaims=1")
    api.wait(kinds.QUOTAS, "small", lambda quota: bool(quota.status.hard), timeout=PATIENCE)
    _create(api)
    with pytest.raises(errors.QuotaExceeded, match=r"“small”.*volumes: 1 more asked for, 1 used"):
        _create(api, "other")
    assert api.get(kinds.QUOTAS, "small").status.hard == {"persistentvolumeclaims": "1"}


def test_a_wrong_token(connect: Connect) -> None:
    api = connect(token="wrong")
    for call in (
        lambda: api.list(kinds.CLAIMS),
        lambda: api.watch(kinds.CLAIMS, resource_version="", timeout=1).open(),
        lambda: _create(api),
    ):
        with pytest.raises(errors.Unauthorized):
            call()


# --- Rights ---------------------------------------------------------------------------------------


@pytest.fixture
def limited(cluster: Cluster, connect: Connect) -> Api:
    """A service account that may look at claims, watch two snapshots by name, and no more."""
    cluster.kubectl("create", "serviceaccount", "user")
    cluster.kubectl(
        "create", "role", "look", "--verb=get,list", "--resource=persistentvolumeclaims"
    )
    cluster.kubectl(
        "create", "role", "one", "--verb=get,delete",
        "--resource=volumesnapshots.snapshot.storage.k8s.io", "--resource-name=mine",
    )  # fmt: skip
    account = f"--serviceaccount={cluster.namespace}:user"
    for role in ("look", "one"):
        cluster.kubectl("create", "rolebinding", role, f"--role={role}", account)
    return connect(token=cluster.kubectl("create", "token", "user").strip())


def test_what_an_account_may_do(limited: Api) -> None:
    access = Access(limited)
    group = kinds.SNAPSHOT_GROUP
    for right, allowed in (
        (("list", "persistentvolumeclaims"), True),
        (("watch", "persistentvolumeclaims"), False),
        (("create", "persistentvolumeclaims"), False),
        (("delete", "volumesnapshots", group, "mine"), True),
        (("delete", "volumesnapshots", group, "yours"), False),
        (("delete", "volumesnapshots", group), False),
        (("list", "storageclasses", "storage.k8s.io"), False),
    ):
        assert access.allowed(*right) is allowed, right
    lacking = {(one.verb, one.resource) for one in access.missing()}
    assert ("list", "persistentvolumeclaims") not in lacking
    assert ("create", "volumesnapshots") in lacking


def test_an_administrator_may_do_everything(api: Api) -> None:
    assert Access(api).missing() == ()
    assert {one.cluster_scoped for one in RIGHTS} == {True, False}


def test_missing_rights_name_who_what_and_where(limited: Api, cluster: Cluster) -> None:
    with pytest.raises(errors.Forbidden) as caught:
        _create(limited)
    for part in (f"system:serviceaccount:{cluster.namespace}:user", "create",
                 "persistentvolumeclaims", cluster.namespace):  # fmt: skip
        assert part in caught.value.message
    with pytest.raises(errors.Forbidden):
        limited.watch(kinds.CLAIMS, resource_version="", timeout=1).open()
    with pytest.raises(errors.Forbidden):
        limited.list(kinds.SNAPSHOTS)


def test_who_and_what(api: Api, limited: Api, cluster: Cluster) -> None:
    assert api.version().startswith("v1.")
    assert limited.account() == f"system:serviceaccount:{cluster.namespace}:user"
    assert api.account() not in ("", limited.account())


def test_waiting_without_the_right_to_watch(api: Api, limited: Api) -> None:
    _create(api)
    assert _bound(limited).capacity


# --- Watching and waiting -------------------------------------------------------------------------


def test_a_watch_tells_all_in_order(api: Api) -> None:
    start = api.list(kinds.SNAPSHOTS).resource_version
    manifest = objects.snapshot("s", claim="missing", claim_uid="u")
    made = api.create(kinds.SNAPSHOTS, manifest)
    other = api.create(kinds.SNAPSHOTS, {**manifest, "metadata": {"name": "other"}})
    api.delete(kinds.SNAPSHOTS, "s", uid=made.metadata.uid)
    seen = []
    with api.watch(kinds.SNAPSHOTS, resource_version=start, timeout=PATIENCE) as watch:
        for event in watch:
            if event.object is not None:
                seen.append((event.type, event.object.metadata.name))
            if event.type == "deleted":
                assert event.object is not None
                assert event.object.metadata.uid == made.metadata.uid
                assert event.resource_version != made.metadata.resource_version
                break
    assert seen[0] == ("added", "s")
    assert seen[-1] == ("deleted", "s")
    assert ("added", "other") in seen
    by_name = api.watch(kinds.SNAPSHOTS, resource_version=start, timeout=1, name="other")
    with by_name:
        names = {event.object.metadata.name for event in by_name if event.object is not None}
    assert names == {"other"}
    assert other.metadata.uid != made.metadata.uid


def test_a_watch_begins_at_once_and_ends_in_time(api: Api) -> None:
    version = api.list(kinds.CLAIMS).resource_version
    began = time.monotonic()
    with api.watch(kinds.CLAIMS, resource_version=version, timeout=2.0) as watch:
        watch.open()
        assert time.monotonic() - began < 1.5  # the headers come before the first event
        assert [event for event in watch if event.type != "bookmark"] == []
    assert 1.5 < time.monotonic() - began < 10.0


def test_wait(api: Api) -> None:
    _create(api)
    assert _bound(api).capacity == GIB
    with pytest.raises(errors.NotFound):
        api.wait(kinds.CLAIMS, "nothing", bool, timeout=5)
    with pytest.raises(errors.Timeout, match=r"“data” was not ready within 0\.2 s"):
        api.wait(kinds.CLAIMS, "data", lambda _claim: False, timeout=0.2)


def test_a_snapshot_becomes_ready(api: Api) -> None:
    _create(api)
    claim = _bound(api)
    manifest = objects.snapshot("s", claim="data", claim_uid=claim.metadata.uid)
    api.create(kinds.SNAPSHOTS, manifest)
    ready = api.wait(kinds.SNAPSHOTS, "s", lambda one: one.status.ready_to_use, timeout=PATIENCE)
    assert ready.status.creation_time is not None
    assert ready.status.restore_size is not None
    content = api.get(kinds.SNAPSHOT_CONTENTS, ready.status.bound_volume_snapshot_content_name)
    assert content.spec.volume_snapshot_ref.uid == ready.metadata.uid
    assert content.status.snapshot_handle
    volume = api.get(kinds.PERSISTENT_VOLUMES, claim.spec.volume_name)
    assert volume.spec.csi is not None
    assert volume.spec.csi.driver == content.spec.driver
    assert volume.spec.claim_ref is not None
    assert volume.spec.claim_ref.uid == claim.metadata.uid
    classes = {one.metadata.name: one for one in api.list(kinds.STORAGE_CLASSES).items}
    assert classes[claim.spec.storage_class_name].provisioner == content.spec.driver
    drivers = {one.driver for one in api.list(kinds.SNAPSHOT_CLASSES).items}
    assert content.spec.driver in drivers
