"""The CSI driver's answers, call by call, with the codes of the CSI specification 1.12."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from netapp_jlab.version import __version__

from .csi.protocol import csi
from .driving import MIB, NODE, Driver, driving, refused, usage
from .layout import DRIVER

MODES = (
    "SINGLE_NODE_WRITER",
    "SINGLE_NODE_SINGLE_WRITER",
    "SINGLE_NODE_MULTI_WRITER",
    "MULTI_NODE_MULTI_WRITER",
    "MULTI_NODE_READER_ONLY",
)
OTHER_USES = (
    usage("SINGLE_NODE_READER_ONLY"),
    usage("MULTI_NODE_SINGLE_WRITER"),
    usage(access="block"),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with driving(tmp_path_factory.mktemp("driver")) as made:
        yield made


@pytest.fixture
def driver(running: Driver) -> Iterator[Driver]:
    """A driver whose array is empty."""
    yield running
    for entry in running.ask("ListSnapshots").entries:
        running.ask("DeleteSnapshot", snapshot_id=entry.snapshot.snapshot_id)
    for entry in running.ask("ListVolumes").entries:
        running.ask("DeleteVolume", volume_id=entry.volume.volume_id)


def names(kind: Any, found: Any) -> set[str]:
    """Return the names of capabilities."""
    return {kind.RPC.Type.Name(one.rpc.type) for one in found.capabilities}


def test_who_it_is_and_what_it_can(driver: Driver) -> None:
    who = driver.ask("GetPluginInfo")
    assert (who.name, who.vendor_version) == (DRIVER, __version__)
    driver.ask("Probe")
    plugin = driver.ask("GetPluginCapabilities").capabilities
    service, expansion = csi.PluginCapability.Service, csi.PluginCapability.VolumeExpansion
    assert [one.service.type for one in plugin if one.HasField("service")] == [
        service.CONTROLLER_SERVICE
    ]
    assert [one.volume_expansion.type for one in plugin if one.HasField("volume_expansion")] == [
        expansion.ONLINE
    ]
    assert driver.ask("NodeGetInfo").node_id == NODE
    assert names(csi.NodeServiceCapability, driver.ask("NodeGetCapabilities")) == {
        "GET_VOLUME_STATS",
        "SINGLE_NODE_MULTI_WRITER",
    }
    assert names(csi.ControllerServiceCapability, driver.ask("ControllerGetCapabilities")) == {
        "CREATE_DELETE_VOLUME",
        "CREATE_DELETE_SNAPSHOT",
        "CLONE_VOLUME",
        "EXPAND_VOLUME",
        "LIST_VOLUMES",
        "LIST_SNAPSHOTS",
        "GET_CAPACITY",
        "SINGLE_NODE_MULTI_WRITER",
    }


def test_a_kubelet_is_told_where_the_driver_is(driver: Driver) -> None:
    info = driver.ask("GetInfo")
    assert (info.type, info.name) == ("CSIPlugin", DRIVER)
    assert info.endpoint == str(driver.socket)
    assert list(info.supported_versions) == ["1.0.0"]
    driver.ask("NotifyRegistrationStatus", plugin_registered=True)
    driver.ask("NotifyRegistrationStatus", plugin_registered=False, error="not today")
    driver.ask("Probe")


INCOMPLETE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("CreateVolume", {"volume_capabilities": [usage()]}),
    ("CreateVolume", {"name": "pvc-2"}),
    ("CreateVolume", {"name": "pvc-2", "volume_capabilities": [csi.VolumeCapability(mount={})]}),
    (
        "CreateVolume",
        {"name": "pvc-2", "volume_capabilities": [csi.VolumeCapability(access_mode={"mode": 1})]},
    ),
    ("DeleteVolume", {}),
    ("ValidateVolumeCapabilities", {"volume_capabilities": [usage()]}),
    ("ValidateVolumeCapabilities", {"volume_id": "pvc-1"}),
    ("ControllerExpandVolume", {"capacity_range": {"required_bytes": MIB}}),
    ("ControllerExpandVolume", {"volume_id": "pvc-1"}),
    ("ControllerExpandVolume", {"volume_id": "pvc-1", "capacity_range": {}}),
    ("CreateSnapshot", {"source_volume_id": "pvc-1"}),
    ("CreateSnapshot", {"name": "s1"}),
    ("DeleteSnapshot", {}),
    ("NodePublishVolume", {"target_path": "/nowhere", "volume_capability": usage()}),
    ("NodePublishVolume", {"volume_id": "pvc-1", "volume_capability": usage()}),
    ("NodePublishVolume", {"volume_id": "pvc-1", "target_path": "/nowhere"}),
    ("NodeUnpublishVolume", {"target_path": "/nowhere"}),
    ("NodeUnpublishVolume", {"volume_id": "pvc-1"}),
    ("NodeGetVolumeStats", {"volume_path": "/nowhere"}),
    ("NodeGetVolumeStats", {"volume_id": "pvc-1"}),
)


def test_required_fields_are_required(driver: Driver) -> None:
    driver.volume()
    for call, fields in INCOMPLETE:
        assert refused(driver.ask, call, **fields) is StatusCode.INVALID_ARGUMENT, (call, fields)
    assert [one.volume.volume_id for one in driver.ask("ListVolumes").entries] == ["pvc-1"]
    assert not driver.ask("ListSnapshots").entries


def test_what_does_not_exist_is_not_found(driver: Driver, tmp_path: Path) -> None:
    missing = {"volume_id": "pvc-9"}
    size = {"required_bytes": MIB}
    target = tmp_path / "pod"
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("ValidateVolumeCapabilities", {**missing, "volume_capabilities": [usage()]}),
        ("ControllerExpandVolume", {**missing, "capacity_range": size}),
        ("NodeGetVolumeStats", {**missing, "volume_path": str(tmp_path)}),
        (
            "NodePublishVolume",
            {**missing, "target_path": str(target), "volume_capability": usage()},
        ),
    )
    for call, fields in calls:
        assert refused(driver.ask, call, **fields) is StatusCode.NOT_FOUND, call
    assert not target.exists()


@pytest.mark.parametrize("call", ["ListVolumes", "ListSnapshots"])
def test_lists_come_in_pages(driver: Driver, call: str) -> None:
    driver.volume("pvc-1")
    for number in range(3):
        driver.snapshot(f"s{number}")
    driver.volume("pvc-2")
    driver.volume("pvc-3")
    whole = driver.ask(call)
    assert (len(whole.entries), whole.next_token) == (3, "")
    first = driver.ask(call, max_entries=2)
    assert first.next_token
    rest = driver.ask(call, max_entries=2, starting_token=first.next_token)
    assert rest.next_token == ""
    assert [*first.entries, *rest.entries] == list(whole.entries)
    for token in ("nonsense", "-1", "9", "\N{SUPERSCRIPT TWO}"):
        assert refused(driver.ask, call, starting_token=token) is StatusCode.ABORTED
    assert refused(driver.ask, call, max_entries=-1) is StatusCode.INVALID_ARGUMENT


def test_volumes_are_listed_while_they_exist(driver: Driver) -> None:
    driver.volume("pvc-1", 3 * MIB)
    driver.snapshot()
    (entry,) = driver.ask("ListVolumes").entries
    assert (entry.volume.volume_id, entry.volume.capacity_bytes) == ("pvc-1", 3 * MIB)
    driver.ask("DeleteVolume", volume_id="pvc-1")
    assert not driver.ask("ListVolumes").entries
    assert len(driver.ask("ListSnapshots").entries) == 1, "a snapshot outlives its volume"


def test_snapshots_are_listed_by_themselves_and_by_volume(driver: Driver) -> None:
    driver.volume("pvc-1")
    driver.volume("pvc-2")
    cut = driver.snapshot("s1", "pvc-1")
    other = driver.snapshot("s2", "pvc-2")

    def listed(**fields: str) -> list[Any]:
        return [entry.snapshot for entry in driver.ask("ListSnapshots", **fields).entries]

    assert listed() == [cut, other]
    assert listed(snapshot_id=cut.snapshot_id) == [cut]
    assert listed(source_volume_id="pvc-2") == [other]
    assert listed(source_volume_id="pvc-2", snapshot_id=cut.snapshot_id) == []
    assert listed(source_volume_id="none of ours") == []
    assert listed(snapshot_id="none of ours") == []


def test_the_capacity_is_what_the_disk_has_left(driver: Driver) -> None:
    assert driver.ask("GetCapacity").available_capacity > MIB
    assert driver.ask("GetCapacity", volume_capabilities=[usage()]).available_capacity > MIB
    for other in OTHER_USES:
        assert driver.ask("GetCapacity", volume_capabilities=[other]).available_capacity == 0


def test_what_volumes_can_be_used_for(driver: Driver, tmp_path: Path) -> None:
    for number, mode in enumerate(MODES, 1):
        volume = driver.volume(f"pvc-{number}", volume_capabilities=[usage(mode)]).volume_id
        asked = {"volume_id": volume, "volume_capabilities": [usage(mode), usage()]}
        answer = driver.ask("ValidateVolumeCapabilities", **asked)
        assert list(answer.confirmed.volume_capabilities) == asked["volume_capabilities"]
        assert answer.message == ""
    for other in OTHER_USES:
        mixed = [usage(), other]
        code = refused(driver.volume, "pvc-9", volume_capabilities=mixed)
        assert code is StatusCode.INVALID_ARGUMENT
        answer = driver.ask(
            "ValidateVolumeCapabilities", volume_id="pvc-1", volume_capabilities=mixed
        )
        assert not answer.HasField("confirmed")
        assert "not supported" in answer.message
        code = refused(driver.publish, tmp_path / "pod", volume_capability=other)
        assert code is StatusCode.FAILED_PRECONDITION
        grow = {"volume_id": "pvc-1", "capacity_range": {"required_bytes": 2 * MIB}}
        code = refused(driver.ask, "ControllerExpandVolume", volume_capability=other, **grow)
        assert code is StatusCode.INVALID_ARGUMENT
    assert not (tmp_path / "pod").exists()
    sizes = [one.volume.capacity_bytes for one in driver.ask("ListVolumes").entries]
    assert sizes == [MIB] * len(MODES)


def test_new_volumes_keep_to_the_limits(driver: Driver) -> None:
    limits = {"required_bytes": 2 * MIB, "limit_bytes": MIB}
    assert refused(driver.volume, capacity_range=limits) is StatusCode.OUT_OF_RANGE
    negative = {"required_bytes": -1}
    assert refused(driver.volume, capacity_range=negative) is StatusCode.INVALID_ARGUMENT
    most = {"limit_bytes": 3 * MIB}
    assert 0 < driver.volume(capacity_range=most).capacity_bytes <= 3 * MIB
    driver.volume("pvc-2", 3 * MIB)
    source = {"volume": {"volume_id": "pvc-2"}}
    small = {"limit_bytes": 2 * MIB}
    code = refused(driver.volume, "pvc-3", capacity_range=small, volume_content_source=source)
    assert code is StatusCode.OUT_OF_RANGE


def test_a_name_stands_for_one_kind_of_volume(driver: Driver) -> None:
    driver.volume("pvc-1", 2 * MIB, parameters={"showSnapshots": "true"})
    driver.volume("pvc-2")
    others: tuple[dict[str, Any], ...] = (
        {"capacity_range": {"required_bytes": 3 * MIB}},
        {"capacity_range": {"limit_bytes": MIB}},
        {"parameters": {"showSnapshots": "false"}},
        {"volume_content_source": {"volume": {"volume_id": "pvc-2"}}},
    )
    for other in others:
        asked = {"size": 2 * MIB, "parameters": {"showSnapshots": "true"}, **other}
        assert refused(driver.volume, **asked) is StatusCode.ALREADY_EXISTS, other
    again = driver.volume("pvc-1", 2 * MIB, parameters={"showSnapshots": "true"})
    assert again.capacity_bytes == 2 * MIB


def test_a_volume_grows_and_never_shrinks(driver: Driver) -> None:
    driver.volume(size=2 * MIB)

    def grow(**limits: int) -> Any:
        return driver.ask("ControllerExpandVolume", volume_id="pvc-1", capacity_range=limits)

    for _ in range(2):
        grown = grow(required_bytes=4 * MIB, limit_bytes=5 * MIB)
        assert (grown.capacity_bytes, grown.node_expansion_required) == (4 * MIB, False)
    assert grow(required_bytes=MIB).capacity_bytes == 4 * MIB
    assert grow(limit_bytes=4 * MIB).capacity_bytes == 4 * MIB
    assert refused(grow, limit_bytes=3 * MIB) is StatusCode.OUT_OF_RANGE
    assert refused(grow, required_bytes=6 * MIB, limit_bytes=5 * MIB) is StatusCode.OUT_OF_RANGE
    assert refused(grow, required_bytes=-1) is StatusCode.INVALID_ARGUMENT
    (entry,) = driver.ask("ListVolumes").entries
    assert entry.volume.capacity_bytes == 4 * MIB


def test_what_it_does_not_offer_is_unimplemented(driver: Driver) -> None:
    for call in ("ControllerPublishVolume", "NodeStageVolume", "NodeExpandVolume"):
        assert refused(driver.ask, call) is StatusCode.UNIMPLEMENTED
