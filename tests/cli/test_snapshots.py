"""`netapp-jlab snapshot` and `netapp-jlab snapshots`."""

from __future__ import annotations

import pytest

from netapp_jlab.models import DeletePlan, Snapshot, SnapshotList


@pytest.fixture
def before(ok, volume) -> str:
    ok("snapshot", volume, "--name", "before", "--note", "all fine")
    return "before"


def test_a_snapshot_is_cut_and_waited_for(ok, volume):
    result = ok("snapshot", volume, "--name", "before")
    assert result.out == "Snapshot before of project1 is ready.\n"


def test_a_snapshot_as_json(ok, volume):
    cut = ok("snapshot", volume, "--note", "why", "--json").model(Snapshot)
    assert cut.phase == "ready"
    assert cut.name.startswith(volume)
    assert (cut.note, cut.author) == ("why", "ada")
    assert cut.origin is not None
    assert cut.origin.kind == "cli"


def test_without_waiting_it_returns_at_once(ok, volume):
    cut = ok("snapshot", volume, "--no-wait", "--json").model(Snapshot)
    assert cut.phase in ("pending", "ready")


def test_list_of_one_volume_and_of_all(ok, volume, before):
    ok("volumes", "create", "other", "--size", "1Gi")
    ok("snapshot", "other", "--name", "second")
    names = [s.name for s in ok("snapshots", "--json").model(SnapshotList).items]
    assert names == ["second", "before"]
    one = ok("snapshots", "list", volume, "--json").model(SnapshotList).items
    assert [s.name for s in one] == ["before"]


def test_the_table(ok, before):
    heading, row = ok("snapshots").out.splitlines()
    assert heading.split()[:4] == ["NAME", "VOLUME", "CUT", "PHASE"]
    assert row.startswith("before  project1  ")
    assert "ready" in row
    assert "all fine" in row


def test_no_snapshots(ok, volume):
    result = ok("snapshots", "list", volume)
    assert (result.out, result.err) == ("", "There are no snapshots.\n")


def test_a_note_from_elsewhere_can_not_steer_the_terminal(ok, volume):
    ok("snapshot", volume, "--note", "\x1b[2J\x1b]0;owned\x07 hi")
    out = ok("snapshots").out
    assert "\x1b" not in out
    assert "hi" in out


def test_show(ok, before):
    out = ok("snapshots", "show", before).out
    assert "note       all fine" in out
    assert ok("snapshots", "show", before, "--json").model(Snapshot).name == before


def test_the_note_can_be_changed(ok, before):
    assert ok("snapshots", "note", before, "better").out == "Snapshot before: better\n"
    assert ok("snapshots", "show", before, "--json").model(Snapshot).note == "better"


def test_delete(run, ok, before):
    assert run("snapshots", "delete", before).code == 2
    plan = ok("snapshots", "delete", before, "--yes", "--json").model(DeletePlan)
    assert plan.name == before
    assert run("snapshots", "show", before).code in (0, 3)


@pytest.mark.parametrize(
    ("argv", "code", "reason"),
    [
        (["snapshot", "nowhere"], 3, "NotFound"),
        (["snapshot", "project1", "--name", "Not_A_Name"], 2, "Invalid"),
        (["snapshot", "project1", "--name", "before"], 5, "AlreadyExists"),
        (["snapshot", "project1", "--class", "nowhere"], 3, "NotFound"),
        (["snapshots", "list", "nowhere"], 3, "NotFound"),
        (["snapshots", "show", "nowhere"], 3, "NotFound"),
        (["snapshots", "note", "nowhere", "x"], 3, "NotFound"),
        (["snapshots", "delete", "nowhere", "--yes"], 3, "NotFound"),
        (["snapshots", "note", "before", "x" * 5000], 2, "Invalid"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_what_can_not_be(run, before, argv, code, reason):
    result = run(*argv, "--json")
    assert (result.code, result.error().reason) == (code, reason)
