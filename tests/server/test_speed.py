"""Large lists are quick: what this layer adds to the core is encoding and sending."""

from __future__ import annotations

import time

import msgspec
import pytest

from netapp_jlab.models import SnapshotList, VolumeList

from .double import Double, snapshot, volume


@pytest.fixture
def many(core: Double) -> Double:
    """1,000 volumes with ten snapshots each."""
    for number in range(1000):
        made = volume(f"volume-{number}", note="a note of the usual length")
        core.volumes_by_name[made.name] = made
        for index in range(10):
            name = f"{made.name}-2026-01-0{index}"
            core.snapshots_by_name[name] = snapshot(name, made)
    return core


async def test_a_large_list(jp_fetch, many):
    await jp_fetch("netapp-jlab", "status")
    times = {}
    for path, kind, length in (("volumes", VolumeList, 1000), ("snapshots", SnapshotList, 10_000)):
        runs = []
        for _ in range(5):
            began = time.perf_counter()
            reply = await jp_fetch("netapp-jlab", path)
            runs.append(time.perf_counter() - began)
        assert len(msgspec.json.decode(reply.body, type=kind).items) == length
        times[path] = min(runs)
    print(times)
    assert sum(times.values()) < 0.15


async def test_an_unchanged_list_is_not_sent_again(jp_fetch, many):
    tag = (await jp_fetch("netapp-jlab", "snapshots")).headers["Etag"]
    reply = await jp_fetch(
        "netapp-jlab", "snapshots", headers={"If-None-Match": tag}, raise_error=False
    )
    assert (reply.code, reply.body) == (304, b"")
