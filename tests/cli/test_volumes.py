"""`netapp-jlab volumes` and its verbs."""

from __future__ import annotations

import time

import pytest

from netapp_jlab.models import DeletePlan, Volume, VolumeList

GIB = 1024**3


def test_no_volumes(ok):
    result = ok("volumes")
    assert result.out == ""
    assert "no volumes" in result.err
    assert ok("volumes", "--json").model(VolumeList).items == ()


def test_create_waits_until_it_is_bound(ok):
    result = ok("volumes", "create", "data", "--size", "2Gi")
    assert result.out == "Volume data (2 GiB) is bound.\n"


def test_a_class_that_waits_for_a_pod_is_not_waited_for(ok):
    began = time.monotonic()
    result = ok("volumes", "create", "data", "--size", "2Gi", "--class", "local-path")
    assert result.out == "Volume data (2 GiB) is pending.\n"
    assert time.monotonic() - began < 30


def test_create_as_json_is_the_volume(ok):
    made = ok("volumes", "create", "data", "--size", "2Gi", "--note", "a", "--json").model(Volume)
    assert (made.name, made.phase, made.requested, made.note) == ("data", "bound", 2 * GIB, "a")


def test_create_from_a_snapshot_and_from_a_volume(ok, cluster, root, volume):
    ok("snapshot", volume, "--name", "before")
    ok("volumes", "create", "one", "--from-snapshot", "before")
    ok("volumes", "create", "two", "--from-volume", volume)
    for name in ("one", "two"):
        copy = cluster.volume_path(name)
        assert (copy / "data" / "a.csv").read_text() == "1,2,3\n"


def test_the_table_shows_what_matters(ok, root, volume):
    heading, row = ok("volumes").out.splitlines()
    assert heading.split()[:3] == ["NAME", "ROLE", "PHASE"]
    assert row.split()[:3] == [volume, "workspace", "bound"]
    assert "1 GiB" in row
    assert str(root) in row


def test_list_as_json(ok, volume):
    (listed,) = ok("volumes", "list", "--json").model(VolumeList).items
    assert listed.name == volume
    assert listed.note == "for the tests"


def test_show_says_what_can_be_done_and_why_not(ok, volume):
    out = ok("volumes", "show", volume).out
    assert "note       for the tests" in out
    assert "✓ snapshot" in out
    assert "✗ restore   It is not mounted here." in out
    assert ok("volumes", "show", volume, "--json").model(Volume).name == volume


def test_resize_grows(ok, volume):
    assert ok("volumes", "resize", volume, "2Gi").out == "Volume project1 grows to 2 GiB.\n"
    resized = ok("volumes", "resize", volume, "3Gi", "--json").model(Volume)
    assert resized.requested == 3 * GIB


@pytest.mark.parametrize("size", ["0", "-1Gi", "1Zi", "10", "512Mi"])
def test_sizes_that_can_not_be(run, volume, size):
    result = run("volumes", "resize", "--json", "--", volume, size)
    assert result.code == 2
    assert result.error().reason == "Invalid"
    assert result.error().message


@pytest.mark.parametrize("name", ["Data", "a_b", "-a", "a" * 254])
def test_names_that_kubernetes_refuses(run, name):
    result = run("volumes", "create", "--size", "1Gi", "--json", "--", name)
    assert result.code == 2
    assert result.error().reason == "Invalid"


def test_a_taken_name(run, volume):
    result = run("volumes", "create", volume, "--size", "1Gi", "--json")
    assert result.code == 5
    assert result.error().reason == "AlreadyExists"


def test_an_unknown_volume(run):
    result = run("volumes", "show", "nowhere")
    assert result.code == 3
    assert result.err.startswith("Error: ")
    assert "nowhere" in result.err


def test_an_unknown_class(run):
    result = run("volumes", "create", "a", "--size", "1Gi", "--class", "nowhere", "--json")
    assert result.code in (3, 6)
    assert "nowhere" in result.error().message


def test_delete_needs_a_yes_where_nobody_can_be_asked(run, ok, volume):
    result = run("volumes", "delete", volume)
    assert result.code == 2
    assert "--yes" in result.err
    assert len(ok("volumes", "--json").model(VolumeList).items) == 1


def test_delete_by_name(run, ok, volume):
    wrong = run("volumes", "delete", volume, "--confirm", "other")
    assert wrong.code == 2
    assert ok("volumes", "delete", volume, "--confirm", volume).out
    assert run("volumes", "show", volume).code in (0, 3)  # gone, or on its way


def test_delete_as_json_is_the_plan(ok, volume):
    ok("snapshot", volume, "--name", "before")
    plan = ok("volumes", "delete", volume, "--yes", "--json").model(DeletePlan)
    assert (plan.name, plan.snapshots) == (volume, ("before",))


def test_delete_refuses_the_mounted_workspace(run, root, volume):
    result = run("volumes", "delete", volume, "--yes", "--json")
    assert result.code == 5
    assert result.error().reason == "InUse"
