"""Taking a restore back: only what it did, and only as far as nobody went on from there."""

from __future__ import annotations

import os

import pytest

from netapp_jlab.files import Change, NoSuchPath, Outcome

from . import trees
from .trees import Model, file, folder, symlink
from .worlds import World

BEFORE: Model = {
    b"": folder(at=50),
    b"edited": file(b"my edits", at=60),
    b"made": file(b"made since", at=61),
    b"new": folder(at=62),
    b"new/x": file(b"x"),
    b"same": file(b"same"),
    b"was-dir": file(b"now a file"),
    b"was-file": folder(),
    b"was-file/y": file(b"y"),
    b"dir": folder(mode=0o700, at=63),
    b"dir/same": file(b"same"),
    b"link": symlink(b"mine"),
}
SNAPSHOT: Model = {
    b"": folder(),
    b"edited": file(b"old"),
    b"gone": file(b"deleted since"),
    b"lost": folder(),
    b"lost/deep": folder(),
    b"lost/deep/z": file(b"z"),
    b"same": file(b"same"),
    b"was-dir": folder(),
    b"was-dir/in": file(b"in"),
    b"was-file": file(b"file"),
    b"dir": folder(),
    b"dir/same": file(b"same"),
    b"link": symlink(b"old"),
}


def conflicts(done: Outcome) -> list[bytes]:
    return [issue.path for issue in done.conflicts]


@pytest.fixture(params=[True, False], ids=["extras removed", "extras left"])
def undoing(world: World, request: pytest.FixtureRequest) -> World:
    """A world after a restore: `source` is its safety snapshot, `baseline` what was restored."""
    trees.build(world.baseline, SNAPSHOT)
    trees.build(world.target, BEFORE)
    world.keep()
    os.rmdir(world.source)
    os.rename(world.baseline, world.source)
    world.restore(kept=True, extra=request.param)
    os.rename(world.source, world.baseline)
    os.rename(world.kept, world.source)
    world.keep()
    return world


def test_nothing_happened_since(undoing: World) -> None:
    done = undoing.restore(kept=True, baseline=True, extra=False)
    assert undoing.in_target() == BEFORE
    assert (done.conflicts, done.failures) == ((), ())
    again = undoing.restore(kept=True, baseline=True, extra=False)
    assert again == Outcome(0, 0, 0, 0, 0, (), (), {}, ())


def test_the_plan_of_an_undo(undoing: World) -> None:
    planned = undoing.compare(baseline=True, extra=False)
    done = undoing.restore(kept=True, baseline=True, extra=False)
    counts = {
        action: sum(1 for change in planned if change.action == action)
        for action in ("create", "replace", "metadata", "remove")
    }
    # A folder that makes place for a file is part of replacing it.
    assert counts == {
        "create": done.created,
        "replace": done.replaced,
        "metadata": done.metadata,
        "remove": done.removed,
    }
    assert Change(b"gone", "remove", "file", 13) in planned
    assert undoing.compare(baseline=True, extra=False) == []


def test_what_was_made_since_stays(undoing: World) -> None:
    mine = ["mine", "lost/mine", "lost/deep/mine", "dir/mine", "folder/of/mine"]
    for path in mine:
        undoing.write("target", path, b"since")
    os.rename(undoing.kept, undoing.kept + "-before")
    undoing.keep()
    done = undoing.restore(kept=True, baseline=True, extra=True)
    found = undoing.in_target()
    for path in mine:
        assert found[os.fsencode(path)].content == b"since"
    assert conflicts(done) == [b"lost/deep"]
    del_too = {b"lost", b"lost/deep", b"folder", b"folder/of", *map(os.fsencode, mine)}
    rest = {path: entry for path, entry in found.items() if path not in del_too}
    assert rest == BEFORE


def test_what_was_changed_since_does_not_go(undoing: World) -> None:
    undoing.write("target", "gone", b"went on with it")
    undoing.write("target", "lost/deep/z", b"with this too")
    trees.remove(undoing.kept)
    undoing.keep()
    done = undoing.restore(kept=True, baseline=True, extra=False)
    found = undoing.in_target()
    assert found[b"gone"].content == b"went on with it"
    assert found[b"lost/deep/z"].content == b"with this too"
    assert conflicts(done) == [b"gone", b"lost/deep/z"]


def test_what_was_changed_since_is_brought_back_where_there_is_an_older_version(
    undoing: World,
) -> None:
    undoing.write("target", "edited", b"autosaved")
    trees.remove(undoing.kept)
    undoing.keep()
    done = undoing.restore(kept=True, baseline=True, extra=False)
    assert done.conflicts == ()
    assert undoing.in_target()[b"edited"] == BEFORE[b"edited"]


def test_what_was_changed_after_the_new_safety_snapshot_stays(undoing: World) -> None:
    undoing.write("target", "edited", b"a moment ago")
    os.unlink(undoing.at("target", "gone"))
    os.symlink("a moment ago", undoing.at("target", "gone"))
    done = undoing.restore(kept=True, baseline=True, extra=False)
    assert conflicts(done) == [b"edited", b"gone"]
    found = undoing.in_target()
    assert found[b"edited"].content == b"a moment ago"
    assert found[b"gone"].content == b"a moment ago"


def test_what_was_removed_since_comes_back(undoing: World) -> None:
    for name in ("edited", "same", "dir/same"):
        os.unlink(undoing.at("target", name))
    os.rmdir(undoing.at("target", "dir"))
    trees.remove(undoing.kept)
    undoing.keep()
    done = undoing.restore(kept=True, baseline=True, extra=False)
    assert done.conflicts == ()
    found = undoing.in_target()
    assert found[b"edited"] == BEFORE[b"edited"]
    # The restore had not touched these, so neither does the undo.
    assert b"same" not in found
    assert b"dir/same" not in found


def test_only_selected_paths(undoing: World) -> None:
    after = undoing.in_target()
    undoing.restore(kept=True, baseline=True, extra=False, paths=[b"edited", b"gone", b"lost/deep"])
    expected = {path: entry for path, entry in after.items() if b"deep" not in path}
    expected[b"edited"] = BEFORE[b"edited"]
    del expected[b"gone"]
    found = undoing.in_target()
    for path in (b"", b"lost"):
        del found[path], expected[path]
    assert found == expected
    with pytest.raises(NoSuchPath):
        undoing.restore(kept=True, baseline=True, paths=[b"never"])
    # Known only to the baseline by now, which is no error.
    undoing.restore(kept=True, baseline=True, paths=[b"gone"])


def world_of(world: World, source: Model, baseline: Model, target: Model) -> None:
    trees.build(world.source, source)
    trees.build(world.baseline, baseline)
    trees.build(world.target, target)
    world.keep()


@pytest.mark.parametrize(
    ("before", "snapshot", "now", "after", "conflict"),
    [
        # What there was: nothing.
        (None, "file", "file", None, False),
        (None, "file", "other", "other", True),
        (None, "file", "folder", "folder", True),
        (None, "file", None, None, False),
        (None, "folder", "folder", None, False),
        (None, "folder", "other", "other", True),
        # A file of mine.
        ("mine", None, None, "mine", False),
        ("mine", None, "mine", "mine", False),
        ("mine", None, "other", "other", True),
        ("mine", None, "folder", "folder", True),
        ("mine", "file", "file", "mine", False),
        ("mine", "file", "other", "mine", False),
        ("mine", "file", "folder", "folder", True),
        ("mine", "file", None, "mine", False),
        ("mine", "folder", "folder", "mine", False),
        ("mine", "folder", "other", "other", True),
        ("mine", "folder", "mine", "mine", False),
        ("mine", "folder", "fuller", "fuller", True),
        ("mine", "folder", "with a new folder", "with a new folder", True),
        ("mine", "mine", "other", "other", False),
        ("mine", "mine", None, None, False),
        # A folder of mine.
        ("folder", None, None, "folder", False),
        ("folder", None, "other", "other", True),
        ("folder", "file", "file", "folder", False),
        ("folder", "file", "other", "folder", False),
        ("folder", "file", None, "folder", False),
        ("folder", "folder", None, None, False),
        ("folder", "folder", "other", "other", False),
    ],
)
def test_each_case(
    world: World,
    before: str | None,
    snapshot: str | None,
    now: str | None,
    after: str | None,
    conflict: bool,
) -> None:
    kinds: dict[str | None, Model] = {
        None: {},
        "file": {b"p": file(b"from the snapshot")},
        "mine": {b"p": file(b"mine")},
        "other": {b"p": file(b"something else")},
        "folder": {b"p": folder(), b"p/in": file(b"in")},
        "fuller": {b"p": folder(), b"p/in": file(b"in"), b"p/new": file(b"new")},
        "with a new folder": {b"p": folder(), b"p/in": file(b"in"), b"p/new": folder()},
    }
    root: Model = {b"": folder()}
    world_of(world, {**root, **kinds[before]}, {**root, **kinds[snapshot]}, {**root, **kinds[now]})
    done = world.restore(kept=True, baseline=True, extra=False)
    assert world.in_target() == {**root, **kinds[after]}
    assert conflicts(done) == ([b"p"] if conflict else [])


def test_a_folder_that_was_removed_since_comes_back_for_what_was_in_it(world: World) -> None:
    source: Model = {
        b"": folder(),
        b"a": folder(mode=0o700),
        b"a/b": folder(at=5),
        b"a/b/mine": file(b"mine"),
        b"a/b/same": file(b"same"),
    }
    baseline = {**source, b"a/b/mine": file(b"the snapshot's")}
    world_of(world, source, baseline, {b"": folder()})
    done = world.restore(kept=True, baseline=True, extra=False)
    assert done.conflicts == ()
    expected = {path: entry for path, entry in source.items() if path != b"a/b/same"}
    found = world.in_target()
    assert found[b"a/b"] == source[b"a/b"]
    assert found.keys() == expected.keys()
    assert found[b"a/b/mine"] == source[b"a/b/mine"]


def test_a_file_made_since_in_place_of_such_a_folder_stays(world: World) -> None:
    source: Model = {b"": folder(), b"a": folder(), b"a/mine": file(b"mine")}
    baseline = {**source, b"a/mine": file(b"the snapshot's")}
    world_of(world, source, baseline, {b"": folder(), b"a": file(b"since")})
    done = world.restore(kept=True, baseline=True, extra=False)
    assert conflicts(done) == [b"a"]
    assert world.in_target()[b"a"] == file(b"since")


def test_verify_sees_what_differs_under_the_same_time(world: World) -> None:
    root: Model = {b"": folder()}
    world_of(
        world,
        {**root, b"a": file(b"mine", at=1)},
        {**root, b"a": file(b"past", at=1)},
        {**root, b"a": file(b"past", at=1)},
    )
    world.restore(kept=True, baseline=True)
    assert world.in_target()[b"a"].content == b"past"
    world.restore(kept=True, baseline=True, verify=True)
    assert world.in_target()[b"a"].content == b"mine"


def test_hard_links_come_back(world: World) -> None:
    source: Model = {b"": folder(), b"a": file(b"mine"), b"b": file(b"mine"), b"c": file(b"mine")}
    baseline = {**source, b"a": file(b"the snapshot's"), b"c": file(b"the snapshot's")}
    trees.build(world.source, source, [[b"a", b"b", b"c"]])
    trees.build(world.baseline, baseline)
    trees.build(world.target, baseline)
    world.keep()
    world.restore(kept=True, baseline=True)
    assert trees.same_inodes(world.target, b"a", b"b", b"c")


def test_a_folder_that_the_restore_had_not_touched_is_left_alone(world: World) -> None:
    source: Model = {b"": folder(), b"a": folder(), b"a/x": file(b"x"), b"m": file(b"mine")}
    baseline = {**source, b"m": file(b"the snapshot's")}
    now = {**baseline, b"a": folder(mode=0o700, at=77), b"a/since": file(b"since")}
    world_of(world, source, baseline, now)
    done = world.restore(kept=True, baseline=True)
    assert (done.conflicts, done.metadata) == ((), 0)
    assert world.in_target() == {**now, b"m": source[b"m"]}
