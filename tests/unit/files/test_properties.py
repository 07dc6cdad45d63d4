"""Random trees: a restore makes of them what the model says, whatever happens in between."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netapp_jlab.files import calls

from . import trees
from .deaths import Killed, dying_at, old_or_new
from .trees import Entry, Model, fifo, file, folder, parents, restored, symlink
from .worlds import World

Tree = dict[bytes, Any]
"""Names to entries, or to trees; the tree's own entry under the empty name."""

CONTENTS = [b"", b"one", b"two", b"three"]
LONG = b"\xc3\xa4" * 127 + b"z"
NAMES = st.sampled_from([b"a", b"b", b"c", b"\xff\n", LONG])

files = st.builds(
    lambda which, mode: file(CONTENTS[which], mode=mode, at=which),
    st.integers(0, len(CONTENTS) - 1),
    st.sampled_from([0o644, 0o600, 0o444]),
)
leaves = (
    files
    | st.sampled_from([b"a", b"../..", b"/etc/passwd"]).map(symlink)
    | st.sampled_from([0o644, 0o600]).map(lambda mode: fifo(mode=mode))
)
folders = st.builds(
    lambda mode, at: folder(mode=mode, at=at),
    st.sampled_from([0o755, 0o700, 0o555]),
    st.sampled_from([0, 7]),
)


def with_folder(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    return st.builds(
        lambda names, own: {**names, b"": own},
        st.dictionaries(NAMES, inside, max_size=4),
        folders,
    )


tree_of = with_folder(st.recursive(leaves, with_folder, max_leaves=8))


def flat(tree: Tree, above: bytes = b"") -> Model:
    model: Model = {}
    for name, node in tree.items():
        path = above + name
        if isinstance(node, Entry):
            model[path if name else above.rstrip(b"/")] = node
        else:
            model.update(flat(node, path + b"/"))
    return model


@st.composite
def changed(draw: st.DrawFn, tree: Tree) -> Tree:
    """Change some of a tree, leave some as it is."""
    other = draw(tree_of)
    result = dict(other)
    for name, node in tree.items():
        keep = draw(st.sampled_from(["keep", "mix", "take"])) if name else "keep"
        if keep == "mix" and not isinstance(node, Entry):
            result[name] = draw(changed(node))
        elif keep != "take":
            result[name] = node
    return result


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Tree, Tree]:
    one = draw(tree_of)
    return one, draw(changed(one))


@st.composite
def links_in(draw: st.DrawFn, model: Model) -> list[list[bytes]]:
    """Choose files that are alike to be the same."""
    alike: dict[Entry, list[bytes]] = {}
    for path in sorted(model):
        if model[path].kind == "file":
            alike.setdefault(model[path], []).append(path)
    return [paths for paths in alike.values() if len(paths) > 1 and draw(st.booleans())]


@contextlib.contextmanager
def new_world(*, nfs: bool) -> Iterator[World]:
    memory = "/dev/shm"
    place = tempfile.mkdtemp(prefix="files-", dir=memory if os.access(memory, os.W_OK) else None)
    with pytest.MonkeyPatch.context() as patch:
        if nfs:
            patch.setattr(calls, "rename_new", lambda *_: False)
            patch.setattr(calls, "exchange", lambda *_: False)
        try:
            yield World(Path(place))
        finally:
            trees.remove(place)


def without_times_of_folders(model: Model) -> Model:
    return {
        path: entry._replace(mtime=0) if entry.kind == "directory" else entry
        for path, entry in model.items()
    }


EXAMPLES = os.environ.get("FILES_EXAMPLES", "")
"""Set it to look for new counterexamples; without, the same ones are tried each time."""

many = settings(
    max_examples=int(EXAMPLES or "100"),
    deadline=None,
    derandomize=not EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow],
)


@many
@given(pairs(), st.booleans(), st.booleans(), st.data())
def test_the_target_becomes_what_the_model_says(
    both: tuple[Tree, Tree], extra: bool, nfs: bool, data: st.DataObject
) -> None:
    source, target = flat(both[0]), flat(both[1])
    source_links, target_links = data.draw(links_in(source)), data.draw(links_in(target))
    with new_world(nfs=nfs) as world:
        trees.build(world.source, source, source_links)
        trees.build(world.target, target, target_links)
        world.keep()
        planned = world.compare(extra=extra)
        done = world.restore(kept=True, extra=extra)
        assert world.in_target() == restored(source, target, extra=extra)
        assert world.compare(extra=extra) == []
        assert (done.conflicts, done.failures, dict(done.warnings)) == ((), (), {})
        assert world.in_source() == source
        # What was brought shares its inode with all that share it in the source, or that were
        # right before, and with nothing else.
        brought = {change.path for change in planned if change.kind == "file"} & source.keys()
        for path in brought:
            group = next((group for group in source_links if path in group), [path])
            inode = trees.inode(world.target, path)
            with_it = {
                other
                for other, found in trees.walk(os.fsencode(world.target))
                if found.st_ino == inode
            }
            assert with_it <= set(group)
            assert set(group) & brought <= with_it
            assert len(with_it) > 1 or len(group) == 1


@many
@given(pairs())
def test_the_plan_is_in_order_and_complete(both: tuple[Tree, Tree]) -> None:
    source, target = flat(both[0]), flat(both[1])
    with new_world(nfs=False) as world:
        world.build(source, target)
        planned = world.compare()
        assert planned == world.compare()
        order = {change.path: number for number, change in enumerate(planned)}
        assert len(order) == len(planned)
        for change in planned:
            wanted, now = source.get(change.path), target.get(change.path)
            assert (change.action == "create") == (now is None)
            assert (change.action == "remove") == (wanted is None)
            assert change.action != "metadata" or (wanted and now and wanted.kind == now.kind)
            for above in parents(change.path):
                if above in order and change.action in ("create", "remove"):
                    before = order[above] < order[change.path]
                    replaced = planned[order[above]].action == "replace"
                    if planned[order[above]].action == change.action or replaced:
                        assert before == (change.action == "create")
        for path in source.keys() | target.keys():
            assert (path in order) == (source.get(path) != target.get(path))


@many
@given(pairs(), st.booleans(), st.data())
def test_only_what_is_selected_changes(
    both: tuple[Tree, Tree], nfs: bool, data: st.DataObject
) -> None:
    source, target = flat(both[0]), flat(both[1])
    paths = data.draw(st.lists(st.sampled_from(sorted(source | target)), max_size=3))
    chosen = {path: any(is_within(path, one) for one in paths) for path in source | target}
    on_the_way = {above for path in paths if path in source for above in parents(path)}
    with new_world(nfs=nfs) as world:
        world.build(source, target)
        world.keep()
        done = world.restore(kept=True, paths=paths)
        found = without_times_of_folders(world.in_target())
        assert (done.conflicts, done.failures) == ((), ())
    expected: Model = {}
    for path in source | target:
        now = target.get(path)
        if chosen[path]:
            now = source.get(path)
        elif path in on_the_way and (now is None or now.kind != "directory"):
            now = source[path]
        above = [expected.get(one) for one in parents(path)]
        if now is not None and all(one is None or one.kind == "directory" for one in above):
            expected[path] = now
    expected = {
        path: entry
        for path, entry in expected.items()
        if all(above in expected and expected[above].kind == "directory" for above in parents(path))
    }
    assert found == without_times_of_folders(expected)


def is_within(path: bytes, folder_path: bytes) -> bool:
    return not folder_path or path == folder_path or path.startswith(folder_path + b"/")


@many
@given(pairs(), st.booleans(), st.booleans(), st.data())
def test_what_the_safety_snapshot_does_not_hold_is_never_lost(
    both: tuple[Tree, Tree], extra: bool, nfs: bool, data: st.DataObject
) -> None:
    kept_tree = both[1]
    source, kept = flat(both[0]), flat(kept_tree)
    now = flat(data.draw(changed(kept_tree)))
    with new_world(nfs=nfs) as world:
        world.build(source, kept)
        world.keep()
        trees.build(world.target, now)
        done = world.restore(kept=True, extra=extra)
        found = world.in_target()
    unsafe = {path for path, entry in now.items() if kept.get(path) != entry}
    for path in unsafe:
        if now[path].kind != "directory":
            assert found.get(path) == now[path]
        elif kept.get(path, now[path]).kind != "directory" or path not in kept:
            assert found[path].kind == "directory"
    # Everything that was not disturbed is restored all the same.
    disturbed = unsafe | {path for path in kept if path not in now}
    disturbed = {
        path
        for path in disturbed
        if "directory" not in {entry.kind for entry in (now.get(path), kept.get(path)) if entry}
        or now.get(path, folder()).kind != kept.get(path, folder()).kind
        or (path in now) != (path in kept)
        or now[path].mode != kept[path].mode
    }
    for path, entry in source.items():
        near = [one for one in disturbed if is_within(one, path) or is_within(path, one)]
        if not near:
            assert found[path] == entry
    if not disturbed:
        assert done.conflicts == ()


@many
@given(pairs(), st.booleans(), st.booleans(), st.integers(0, 60), st.integers(0, 60), st.data())
def test_dying_and_going_on(
    both: tuple[Tree, Tree], extra: bool, nfs: bool, first: int, second: int, data: st.DataObject
) -> None:
    source, target = flat(both[0]), flat(both[1])
    links = data.draw(links_in(source))
    expected = restored(source, target, extra=extra)
    with new_world(nfs=nfs) as world:
        trees.build(world.source, source, links)
        trees.build(world.target, target, data.draw(links_in(target)))
        world.keep()
        for nth in (first, second):
            with contextlib.suppress(Killed), dying_at(nth):
                world.restore(kept=True, extra=extra)
            old_or_new(world.in_target(), target, expected)
        done = world.restore(kept=True, extra=extra)
        assert world.in_target() == expected
        assert (done.conflicts, done.failures) == ((), ())


@many
@given(pairs(), st.booleans(), st.booleans(), st.integers(0, 90))
def test_an_undo_takes_everything_back(
    both: tuple[Tree, Tree], extra: bool, nfs: bool, nth: int
) -> None:
    snapshot, before = flat(both[0]), flat(both[1])
    with new_world(nfs=nfs) as world:
        world.build(snapshot, before)
        world.keep()
        world.restore(kept=True, extra=extra)
        world.source, world.baseline, world.kept = world.kept, world.source, world.baseline
        world.keep()
        with contextlib.suppress(Killed), dying_at(nth):
            world.restore(kept=True, baseline=True, extra=False)
        done = world.restore(kept=True, baseline=True, extra=False)
        assert world.in_target() == before
        assert (done.conflicts, done.failures) == ((), ())


@many
@given(pairs(), st.booleans(), st.booleans(), st.data())
def test_an_undo_leaves_what_was_made_since(
    both: tuple[Tree, Tree], extra: bool, nfs: bool, data: st.DataObject
) -> None:
    snapshot, before = flat(both[0]), flat(both[1])
    with new_world(nfs=nfs) as world:
        world.build(snapshot, before)
        world.keep()
        world.restore(kept=True, extra=extra)
        world.source, world.baseline, world.kept = world.kept, world.source, world.baseline
        now = flat(data.draw(changed(both[0] if extra else both[1])))
        trees.build(world.target, now)
        world.keep()
        world.restore(kept=True, baseline=True, extra=False)
        found = world.in_target()
    for path, entry in now.items():
        if entry.kind == "directory" or path in before:
            continue
        if path not in snapshot or snapshot[path] != entry:
            assert found.get(path) == entry
    for path, entry in before.items():
        if entry.kind != "directory" and snapshot.get(path) == entry:
            assert (
                found.get(path) == now.get(path) or path not in now or now[path].kind == "directory"
            )
