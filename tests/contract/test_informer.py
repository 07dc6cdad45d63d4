"""The informer on the cluster under test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from netapp_jlab.config import Settings
from netapp_jlab.k8s import kinds, objects
from netapp_jlab.k8s.client import Cluster as Api
from netapp_jlab.k8s.informer import Informer
from netapp_jlab.k8s.retries import Backoff
from netapp_jlab.k8s.wire import VolumeSnapshot

from .clusters import PATIENCE, Cluster


@contextmanager
def connected(kubeconfig: str, namespace: str) -> Iterator[Api]:
    """Connect to an API server."""
    made = Api(Settings(kubeconfig=kubeconfig, namespace=namespace, request_timeout=10.0))
    yield made
    made.close()


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Api]:
    with connected(cluster.kubeconfig, cluster.namespace) as made:
        yield made


@pytest.fixture
def follow(api: Api) -> Iterator[Callable[..., Informer[VolumeSnapshot]]]:
    started: list[Informer[VolumeSnapshot]] = []

    def start(listener: Any = None, through: Api = api, **options: Any) -> Informer[VolumeSnapshot]:
        informer = Informer(through, kinds.SNAPSHOTS, listener, **options)
        started.append(informer)
        informer.start()
        informer.wait_synced(PATIENCE)
        return informer

    yield start
    for informer in started:
        began = time.monotonic()
        informer.stop(5.0)
        assert time.monotonic() - began < 1.0


def _create(api: Api, name: str) -> VolumeSnapshot:
    """Create a snapshot that stays as it is: of a claim that does not exist."""
    return api.create(kinds.SNAPSHOTS, objects.snapshot(name, claim="missing", claim_uid="u"))


def _eventually(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def test_the_copy_follows(api: Api, follow: Callable[..., Informer[VolumeSnapshot]]) -> None:
    first = _create(api, "first")
    heard: list[tuple[str, str]] = []
    informer = follow(lambda action, one: heard.append((action, one.metadata.name)))
    found = informer.get("first")
    assert found is not None
    assert found.metadata.uid == first.metadata.uid
    _create(api, "second")
    api.patch(kinds.SNAPSHOTS, "second", {"metadata": {"annotations": {"note": "x"}}})

    def noted() -> bool:
        second = informer.get("second")
        return second is not None and second.metadata.annotations.get("note") == "x"

    _eventually(noted)
    api.delete(kinds.SNAPSHOTS, "first")
    _eventually(lambda: set(informer.items()) == {"second"})
    assert heard[0] == ("added", "first")
    assert ("added", "second") in heard
    assert ("modified", "second") in heard
    _eventually(lambda: ("deleted", "first") in heard)
    assert informer.stale_since is None


def test_an_object_made_anew(api: Api, follow: Callable[..., Informer[VolumeSnapshot]]) -> None:
    _create(api, "s")
    heard: list[tuple[str, str]] = []
    informer = follow(lambda action, one: heard.append((action, one.metadata.uid)))
    old = informer.items()["s"].metadata.uid
    api.delete(kinds.SNAPSHOTS, "s", uid=old)
    _eventually(lambda: informer.get("s") is None)
    new = _create(api, "s").metadata.uid
    _eventually(lambda: ("added", new) in heard)
    order = [event for event in heard if event[0] != "modified"]
    assert order == [("added", old), ("deleted", old), ("added", new)]


@pytest.mark.parametrize("effect", ["cut", "expire", "status", "html", "close"])
def test_trouble_is_waited_out(
    api: Api, cluster: Cluster, follow: Callable[..., Informer[VolumeSnapshot]], effect: str
) -> None:
    if cluster.troubled is None:
        pytest.skip("nothing can be ordered on this cluster")
    states: list[bool] = []
    heard: list[tuple[str, str]] = []
    backoff = Backoff(first=0.05, longest=0.05)
    with cluster.troubled(effect) as proxied, connected(proxied, cluster.namespace) as through:
        informer = follow(
            lambda action, one: heard.append((action, one.metadata.name)),
            through,
            on_state=states.append,
            backoff=backoff,
        )
        for name in ("a", "b", "c"):
            _create(api, name)
        _eventually(lambda: set(informer.items()) == {"a", "b", "c"})
        _eventually(lambda: informer.error is None and informer.stale_since is None)
        informer.stop(5.0)
    assert [one for one in heard if one[0] == "added"] == [("added", name) for name in "abc"]
    assert states[-1:] != [False]
