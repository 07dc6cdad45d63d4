"""What a comparison names, in which order, and what it does not even open."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from netapp_jlab.files import (
    BadPath,
    Cancelled,
    Change,
    NoSuchPath,
    Tree,
    Unreadable,
    calls,
    compare,
    summarize,
)

from .trees import T0, Entry, Model, fifo, file, folder, symlink
from .worlds import World, never

Opened = list[bytes]
_listening: list[Opened] = []
_hooked: list[bool] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _listening:
        _listening[-1].append(os.fsencode(str(arguments[0])))


@contextmanager
def opened_files() -> Iterator[Opened]:
    """Collect the names of everything that this process opens, by the interpreter's own account."""
    if not _hooked:
        sys.addaudithook(_hear)  # for the rest of the process; it only listens in here
        _hooked.append(True)
    heard: Opened = []
    _listening.append(heard)
    try:
        yield heard
    finally:
        _listening.remove(heard)


SOURCE: Model = {
    b"": folder(),
    b"same": file(b"same"),
    b"content": file(b"old"),
    b"time": file(b"abc", at=5),
    b"mode": file(b"x", mode=0o600),
    b"gone": file(b"back"),
    b"link": symlink(b"same"),
    b"link-elsewhere": symlink(b"there"),
    b"pipe": fifo(),
    b"dir": folder(at=7),
    b"dir/inner": file(b"inner"),
    b"lost": folder(),
    b"lost/deep": folder(),
    b"lost/deep/file": file(b"12345"),
    b"was-dir": folder(),
    b"was-dir/x": file(b"x"),
    b"was-file": file(b"f"),
    b"\xff\n": file(b"odd"),
}
TARGET: Model = {
    **SOURCE,
    b"content": file(b"new content"),
    b"time": file(b"abd", at=6),
    b"mode": file(b"x", mode=0o644),
    b"link-elsewhere": symlink(b"where"),
    b"pipe": fifo(mode=0o600),
    b"dir": folder(mode=0o700, at=7),
    b"was-dir": file(b"now a file"),
    b"was-file": folder(),
    b"was-file/y": file(b"yy"),
    b"more": file(b"extra"),
    b"new": folder(),
    b"new/z": file(b"zz"),
    b"\xff\n": file(b"odder"),
}
for _path in (b"gone", b"lost", b"lost/deep", b"lost/deep/file", b"was-dir/x"):
    del TARGET[_path]

CHANGES = [
    Change(b"content", "replace", "file", 3),
    Change(b"dir", "metadata", "directory", 0),
    Change(b"gone", "create", "file", 4),
    Change(b"link-elsewhere", "replace", "symlink", 0),
    Change(b"lost", "create", "directory", 0),
    Change(b"lost/deep", "create", "directory", 0),
    Change(b"lost/deep/file", "create", "file", 5),
    Change(b"mode", "metadata", "file", 0),
    Change(b"more", "remove", "file", 5),
    Change(b"new/z", "remove", "file", 2),
    Change(b"new", "remove", "directory", 0),
    Change(b"pipe", "metadata", "fifo", 0),
    Change(b"time", "replace", "file", 3),
    Change(b"was-dir", "replace", "directory", 0),
    Change(b"was-dir/x", "create", "file", 1),
    Change(b"was-file/y", "remove", "file", 2),
    Change(b"was-file", "replace", "file", 1),
    Change(b"\xff\n", "replace", "file", 3),
]


def test_everything_that_can_differ_in_order(world: World) -> None:
    world.build(SOURCE, TARGET)
    assert world.compare() == CHANGES
    without = [
        change
        for change in CHANGES
        if change.action != "remove" or change.path.startswith(b"was-file/")
    ]
    assert world.compare(extra=False) == without


def test_summary(world: World) -> None:
    world.build(SOURCE, TARGET)
    found = summarize(world.compare(), examples=4)
    assert (found.create, found.replace, found.metadata, found.remove) == (5, 6, 3, 4)
    assert found.changes == len(CHANGES)
    assert found.copy_bytes == 3 + 4 + 5 + 3 + 1 + 1 + 3
    assert found.remove_bytes == 5 + 2 + 2
    assert found.examples == tuple(CHANGES[:4])


def test_the_root_itself(world: World) -> None:
    world.build({b"": folder(mode=0o750)}, {b"": folder(mode=0o755)})
    assert world.compare() == [Change(b"", "metadata", "directory", 0)]
    assert world.compare(paths=[b""]) == [Change(b"", "metadata", "directory", 0)]
    assert world.compare(paths=[]) == []


def test_an_owner_that_differs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build({b"": folder(), b"x": file(b"x")}, {b"": folder(), b"x": file(b"x")})
    real = os.stat

    def with_another_owner(place: object, **more: object) -> os.stat_result:
        found = real(place, **more)  # type: ignore[arg-type]
        if place != "x" or found.st_ino != os.lstat(world.at("source", "x")).st_ino:
            return found
        values = list(found)
        values[4] += 1
        named = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
        return os.stat_result(values, named)

    monkeypatch.setattr(os, "stat", with_another_owner)
    assert world.compare() == [Change(b"x", "metadata", "file", 0)]


# --- Unchanged files are not read ---------------------------------------------------------------


def test_no_file_is_opened_by_a_comparison(world: World) -> None:
    world.build(SOURCE, TARGET)
    with opened_files() as heard:
        assert world.compare() == CHANGES
    folders = {path for path in SOURCE | TARGET if path in heard}
    assert folders <= {b"dir", b"lost", b"new", b"was-dir", b"was-file"}
    assert b"dir" in folders


def test_only_what_differs_is_opened_by_a_restore(world: World) -> None:
    names = [b"f%02d" % number for number in range(40)]
    same: Model = {b"": folder(), **{name: file(name) for name in names}}
    world.build(same, {**same, b"f07": file(b"changed!"), b"f21": file(b"f21", mode=0o600)})
    os.link(world.at("source", "f30"), world.at("source", "f30-too"))
    os.link(world.at("target", "f30"), world.at("target", "f30-too"))
    day = 86400 * 10**9
    for side in ("source", "target"):
        for name in names:
            place = os.fsencode(world.at(side, "")) + name
            mtime = os.stat(place).st_mtime_ns
            os.utime(place, ns=(mtime - day, mtime))  # so that reading, even once, would show
    with opened_files() as heard:
        assert world.restore().replaced == 1
    # The one whose permissions change is held (O_PATH) so that no other can get in its place.
    assert {name for name in heard if name.startswith(b"f")} == {b"f07", b"f21"}
    for side in ("source", "target"):
        for name in names:
            found = os.stat(os.fsencode(world.at(side, "")) + name)
            if name != b"f07":
                assert found.st_atime_ns == found.st_mtime_ns - day


def test_verify_reads_and_finds_what_looks_the_same(world: World) -> None:
    source: Model = {b"": folder(), b"a": file(b"right"), b"b": file(b"same"), b"c": file(b"")}
    world.build(source, {**source, b"a": file(b"wrong")})
    assert world.compare() == []
    with opened_files() as heard:
        assert world.compare(verify=True) == [Change(b"a", "replace", "file", 5)]
    assert heard.count(b"b") == 2


def test_verify_finds_extended_attributes(world: World) -> None:
    plain: Model = {b"": folder(), b"a": file(b"x")}
    tagged = Entry("file", 0o644, T0 + 1, b"x", (("user.tag", b"1"),))
    world.build({**plain, b"a": tagged}, plain)
    assert world.compare() == []
    assert world.compare(verify=True) == [Change(b"a", "metadata", "file", 0)]


def test_verify_of_large_files_that_differ_late(world: World) -> None:
    size = 3 * 1024 * 1024 + 17
    world.build(
        {b"": folder(), b"a": file(bytes(size)), b"b": file(bytes(size))},
        {b"": folder(), b"a": file(bytes(size - 1) + b"!"), b"b": file(bytes(size))},
    )
    assert [change.path for change in world.compare(verify=True)] == [b"a"]


# --- Selected paths -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "extra", "expected"),
    [
        ([b"content"], False, [(b"content", "replace")]),
        ([b"same"], True, []),
        ([b"more"], False, []),
        ([b"more"], True, [(b"more", "remove")]),
        ([b"new"], True, [(b"new/z", "remove"), (b"new", "remove")]),
        ([b"new/z"], True, [(b"new/z", "remove")]),
        (
            [b"lost/deep/file"],
            False,
            [(b"lost", "create"), (b"lost/deep", "create"), (b"lost/deep/file", "create")],
        ),
        ([b"dir/inner"], True, []),
        ([b"dir"], True, [(b"dir", "metadata")]),
        ([b"was-dir/x"], True, [(b"was-dir", "replace"), (b"was-dir/x", "create")]),
        ([b"was-file"], False, [(b"was-file/y", "remove"), (b"was-file", "replace")]),
        ([b"was-file/y"], True, [(b"was-file/y", "remove")]),
        ([b"lost", b"lost/deep", b"lost/deep/file"], True, [(b"lost", "create"), ...]),
        ([b"gone", b"content", b"gone"], True, [(b"content", "replace"), (b"gone", "create")]),
    ],
)
def test_selected_paths(
    world: World, paths: list[bytes], extra: bool, expected: list[tuple[bytes, str]]
) -> None:
    world.build(SOURCE, TARGET)
    found = [(change.path, change.action) for change in world.compare(paths=paths, extra=extra)]
    if ... in expected:
        assert found[:1] == expected[:1]
        assert len(found) == 3
    else:
        assert found == expected


@pytest.mark.parametrize("path", [b"none", b"dir/none", b"same/below", b"link/inner"])
def test_a_selected_path_that_is_nowhere(world: World, path: bytes) -> None:
    world.build(SOURCE, TARGET)
    with pytest.raises(NoSuchPath) as caught:
        world.compare(paths=[b"same", path])
    assert caught.value.path == path


@pytest.mark.parametrize("path", [b"../x", b"/etc", b".snapshot/x", b"a\0", b"dir//inner"])
def test_a_selected_path_that_must_not_be(world: World, path: bytes) -> None:
    world.build(SOURCE, TARGET)
    with pytest.raises(BadPath):
        world.compare(paths=[path])


# --- What is passed over ------------------------------------------------------------------------


def test_what_belongs_to_the_storage_or_to_us(world: World) -> None:
    hidden: Model = {
        b".snapshot": folder(),
        b".snapshot/s1": file(b"x"),
        b"lost+found": folder(),
        b".nfs" + b"0123456789abcdef" + b"0000000a": file(b"open but removed"),
        b".~netapp-jlab-other~1": file(b"half"),
        b"dir": folder(),
        b"dir/.~netapp-jlab-other~2": file(b"half"),
    }
    world.build({b"": folder(), b"dir": folder()}, {b"": folder(), **hidden})
    assert world.compare() == []
    world.build({b"": folder(), **hidden}, {b"": folder(), b"dir": folder()})
    assert world.compare() == []


def test_names_that_only_look_like_it(world: World) -> None:
    own: Model = {
        b".nfsrc": file(b"1"),
        b".nfs0123": file(b"2"),
        b"dir": folder(),
        b"dir/.snapshot": folder(),
        b"dir/lost+found": file(b"3"),
    }
    world.build({b"": folder(), **own}, {b"": folder()})
    assert [change.path for change in world.compare()] == sorted(own)


def test_other_exclusions(world: World) -> None:
    world.build({b"": folder(), b"cache": folder(), b".snapshot": folder()}, {b"": folder()})
    with (
        Tree.open(world.source, excluded=(b"cache",)) as source,
        Tree.open(world.target, excluded=()) as target,
    ):
        found = list(compare(source, target, extra=True, cancel=never))
    assert [change.path for change in found] == [b".snapshot"]


# --- What can't be looked at --------------------------------------------------------------------


def test_a_folder_that_can_not_be_read_is_named_and_taken_for_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.build(SOURCE, TARGET)
    real = calls.open_directory

    def refuse(name: str, dir_fd: int) -> int:
        if name == "dir":
            raise PermissionError(13, "Permission denied")
        return real(name, dir_fd)

    monkeypatch.setattr(calls, "open_directory", refuse)
    issues = []
    found = world.compare(on_failure=issues.append)
    assert found == [change for change in CHANGES if change.path != b"dir"]
    assert [tuple(issue) for issue in issues] == [(b"dir", "Permission denied")]
    with pytest.raises(Unreadable, match="dir"):
        world.compare()


def test_cancel(world: World) -> None:
    world.build(SOURCE, TARGET)
    with Tree.open(world.source) as source, Tree.open(world.target) as target:
        with pytest.raises(Cancelled):
            list(compare(source, target, extra=True, cancel=lambda: True))

        def give_up() -> None:
            raise TimeoutError("an OSError of the caller's")

        with pytest.raises(Cancelled) as caught:
            list(compare(source, target, extra=True, cancel=give_up))
        assert isinstance(caught.value.__cause__, TimeoutError)

        def own() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            list(compare(source, target, extra=True, cancel=own))


def test_a_comparison_that_is_given_up_closes_everything(world: World) -> None:
    world.build(SOURCE, TARGET)
    with Tree.open(world.source) as source, Tree.open(world.target) as target:
        changes = compare(source, target, extra=True, cancel=never)
        next(changes)
        changes.close()  # type: ignore[attr-defined]
