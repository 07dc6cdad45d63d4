"""Growing a volume while others write to its claim."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from netapp_jlab.errors import Changed, Invalid
from netapp_jlab.k8s.wire import Claim
from netapp_jlab.services.volumes import RESIZE_RETRIES, Volumes


def claim(version: int, size: str = "1Gi", uid: str = "u") -> Claim:
    meta = {"name": "home", "uid": uid, "resourceVersion": str(version)}
    spec = {"resources": {"requests": {"storage": size}}}
    return msgspec.convert({"metadata": meta, "spec": spec}, Claim)


class Cluster:
    """A claim that others have written to `versions` times since it was seen."""

    def __init__(self, *versions: Claim) -> None:
        self._versions = list(versions)
        self.asked: list[str] = []

    def get(self, kind: Any, name: str) -> Claim:
        return self._versions[0]

    def patch(self, kind: Any, name: str, patch: Any, *, uid: str, resource_version: str) -> Claim:
        if len(self._versions) > 1:  # somebody has written since
            self._versions.pop(0)
            raise Changed("changed")
        now = self._versions[0].metadata
        if (uid, resource_version) != (now.uid, now.resource_version):
            raise Changed("changed")
        self.asked.append(patch["spec"]["resources"]["requests"]["storage"])
        return self._versions[0]


def grow(cluster: Cluster, size: int) -> Claim:
    volumes = Volumes(SimpleNamespace(cluster=cluster), *[None] * 6)
    return volumes._grown(claim(1), size)


GI = 1024**3


def test_a_write_of_a_controller_is_not_the_users_concern():
    cluster = Cluster(claim(1), claim(2), claim(3))
    grow(cluster, 3 * GI)
    assert cluster.asked == ["3Gi"]


def test_one_that_grew_further_meanwhile_does_not_shrink():
    with pytest.raises(Invalid, match="can not shrink to 3 GiB"):
        grow(Cluster(claim(1), claim(2, "5Gi")), 3 * GI)


def test_another_of_that_name_is_left_alone():
    cluster = Cluster(claim(1), claim(9, uid="another"))
    with pytest.raises(Changed):
        grow(cluster, 3 * GI)
    assert cluster.asked == []


def test_it_does_not_try_for_ever():
    with pytest.raises(Changed):
        grow(Cluster(*[claim(one) for one in range(RESIZE_RETRIES + 2)]), 3 * GI)
