"""What deleting a snapshot would touch, while other things come and go."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec

from netapp_jlab.k8s.wire import Claim, VolumeSnapshot
from netapp_jlab.services.permissions import YES
from netapp_jlab.services.snapshots import Snapshots


def test_a_clone_that_is_deleted_meanwhile():
    """Between two looks at the claims one may be gone; it was still being made when we looked."""
    taken = msgspec.convert({"metadata": {"name": "good", "uid": "uid-good"}}, VolumeSnapshot)
    clone = msgspec.convert(
        {"metadata": {"name": "copy", "uid": "uid-copy"}, "status": {"phase": "Pending"}}, Claim
    )
    catalog = SimpleNamespace(
        cluster=None,
        snapshot=lambda _: taken,
        clones_of=lambda _: [clone],
        claims=dict,  # gone
    )
    permissions = SimpleNamespace(rights=lambda: SimpleNamespace(remove_snapshot=YES))
    journal = SimpleNamespace(entries=lambda: iter(()))
    snapshots = Snapshots(catalog, None, permissions, journal, None, author="")
    plan = snapshots.plan_delete("good")
    assert plan.clones == ("copy",)
    assert not plan.refusal.allowed
    assert "“copy” is still being made" in plan.refusal.reason
