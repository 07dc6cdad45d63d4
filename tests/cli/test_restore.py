"""`netapp-jlab restore`, `undo`, `operations` and `clone` on real files."""

from __future__ import annotations

import pytest

from netapp_jlab.models import Operation, OperationList, RestorePlan, Volume


@pytest.fixture
def broken(ok, root, volume):
    """A snapshot, and then a file deleted, one changed and one added."""
    ok("snapshot", volume, "--name", "before")
    (root / "data" / "a.csv").unlink()
    (root / "model.ipynb").write_text("nonsense\n")
    (root / "new.txt").write_text("new\n")
    return root


def files(root):
    return {
        str(path.relative_to(root)): path.read_text()
        for path in root.rglob("*")
        if path.is_file() and ".snapshot" not in path.parts
    }


GOOD = {"data/a.csv": "1,2,3\n", "data/b.csv": "4,5,6\n", "model.ipynb": "{}\n"}


def test_a_dry_run_shows_and_changes_nothing(ok, broken):
    before = files(broken)
    out = ok("restore", "before", "--dry-run", "--remove-extra").out
    assert "bring back 1 missing file or folder" in out
    assert "replace    1 changed file or folder" in out
    assert "remove     1 extra file or folder" in out
    assert "data/a.csv" in out
    assert files(broken) == before


def test_a_dry_run_as_json_is_the_plan(ok, broken):
    plan = ok("restore", "before", "--dry-run", "--json").model(RestorePlan)
    assert (plan.create, plan.replace, plan.remove) == (1, 1, 0)


def test_restore_and_undo(ok, broken):
    spoilt = files(broken)
    operation = ok("restore", "before", "--yes", "--json").model(Operation)
    assert operation.state == "done"
    assert files(broken) == GOOD | {"new.txt": "new\n"}
    undone = ok("undo", operation.id, "--yes", "--json").model(Operation)
    assert (undone.kind, undone.undo_of, undone.state) == ("undo", operation.id, "done")
    assert files(broken) == spoilt


def test_restore_for_people_shows_plan_result_and_the_way_back(ok, broken):
    result = ok("restore", "before", "--yes", "--remove-extra")
    assert "Restoring project1 to before would" in result.out
    assert "project1: 1 brought back, 1 replaced, " in result.out
    assert "1 removed" in result.out
    assert "netapp-jlab undo " in result.out
    assert files(broken) == GOOD
    back = result.out.split("netapp-jlab undo ")[1].split()[0]
    assert "brought back" in ok("undo", back[:13], "--yes").out


def test_only_some_paths(ok, broken):
    ok("restore", "before", "--path", "data", "--yes")
    assert files(broken)["data/a.csv"] == "1,2,3\n"
    assert files(broken)["model.ipynb"] == "nonsense\n"


def test_nothing_to_restore_cuts_no_safety_snapshot(ok, root, volume):
    ok("snapshot", volume, "--name", "before")
    assert "nothing to restore" in ok("restore", "before", "--yes").out
    assert ok("operations", "--json").model(OperationList).items == ()


def test_verify_finds_what_time_and_size_hide(ok, root, volume):
    import os

    ok("snapshot", volume, "--name", "before")
    target = root / "data" / "a.csv"
    times = target.stat()
    target.write_text("9,9,9\n")
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "nothing to restore" in ok("restore", "before", "--dry-run").out
    ok("restore", "before", "--verify", "--yes")
    assert target.read_text() == "1,2,3\n"


def test_restore_asks_for_a_yes(run, broken):
    before = files(broken)
    for argv in (["restore", "before"], ["restore", "before", "--json"]):
        result = run(*argv)
        assert result.code == 2
        assert "--yes" in result.err
    assert files(broken) == before


def test_operations_list_show_and_prefix(run, ok, broken):
    done = ok("restore", "before", "--yes", "--json").model(Operation)
    heading, row = ok("operations").out.splitlines()
    assert heading.split()[:4] == ["ID", "KIND", "VOLUME", "STATE"]
    assert row.split()[:4] == [done.id[:8], "restore", "project1", "done"]
    shown = ok("operations", "show", done.id[:8], "--json").model(Operation)
    assert shown.id == done.id
    assert f"netapp-jlab undo {done.id}" in ok("operations", "show", done.id).out
    cancelled = run("operations", "cancel", done.id, "--json")
    assert (cancelled.code, cancelled.error().reason) == (5, "Conflict")
    resumed = run("operations", "resume", done.id, "--json")
    assert (resumed.code, resumed.error().reason) == (5, "Conflict")


@pytest.mark.parametrize(
    ("argv", "code", "reason"),
    [
        (["restore", "nowhere", "--yes"], 3, "NotFound"),
        (["restore", "before", "--path", "../x", "--yes"], 2, "Invalid"),
        (["restore", "before", "--path", "no/such", "--dry-run"], 2, "Invalid"),
        (["undo", "nowhere", "--yes"], 3, "NotFound"),
        (["operations", "show", "nowhere"], 3, "NotFound"),
        (["operations", "cancel", "nowhere"], 3, "NotFound"),
        (["clone", "nowhere", "copy"], 3, "NotFound"),
        (["clone", "before", "project1"], 5, "AlreadyExists"),
        (["clone", "before", "copy", "--size", "1Zi"], 2, "Invalid"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_can_not_be(run, broken, argv, code, reason):
    result = run(*argv, "--json")
    assert (result.code, result.error().reason) == (code, reason)


def test_a_volume_that_is_not_mounted_here(run, ok, volume):
    ok("snapshot", volume, "--name", "before")
    result = run("restore", "before", "--dry-run", "--json")
    assert (result.code, result.error().reason) == (6, "NotMounted")
    assert run("restore", "before", "--yes", "--json").code == 6


def test_clone_a_snapshot_and_a_volume(ok, cluster, broken):
    assert ok("clone", "before", "old").out == "Volume old is a clone of before.\n"
    assert files(cluster.volume_path("old")) == GOOD
    operation = ok("clone", "project1", "now", "--from-volume", "--json").model(Operation)
    assert (operation.kind, operation.state) == ("clone", "done")
    assert files(cluster.volume_path("now")) == files(broken)
    grown = ok("clone", "project1", "large", "--size", "2Gi", "--note", "more room")
    assert grown.code == 0
    large = ok("volumes", "show", "large", "--json").model(Volume)
    assert (large.requested, large.note) == (2 * 1024**3, "more room")
