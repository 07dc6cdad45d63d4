"""Nothing outside the volume is touched, whatever somebody does inside while the walk goes on."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netapp_jlab.files import BadPath, Tree, calls, frames, mounts

from .trees import Model, file, folder, portrait, symlink
from .worlds import World

SOURCE: Model = {
    b"": folder(),
    b"a": folder(),
    b"a/b": folder(),
    b"a/b/passwd": file(b"from the snapshot"),
    b"a/b/z": folder(),
    b"a/b/z/x": file(b"x"),
    b"c": file(b"c"),
}
TARGET: Model = {
    b"": folder(),
    b"a": folder(),
    b"a/b": folder(),
    b"a/b/hosts": file(b"extra"),
    b"a/b/passwd": file(b"live, and longer"),
    b"a/b/z": folder(),
}


@pytest.fixture
def outside(world: World) -> Iterator[Path]:
    """A directory like /etc; the test fails if anything in it changes."""
    place = world.root / "outside"
    (place / "b" / "z").mkdir(parents=True)
    for name in ("passwd", "hosts", "b/passwd", "b/hosts", "b/z/x"):
        (place / name).write_bytes(b"precious")
    before = portrait(str(place)), [found.st_ctime_ns for found in map(os.stat, place.rglob("*"))]
    yield place
    assert portrait(str(place)) == before[0]
    assert [found.st_ctime_ns for found in map(os.stat, place.rglob("*"))] == before[1]


def swap(world: World, name: str, outside: Path) -> None:
    """Put a link to the outside in place of a folder."""
    os.rename(world.at("target", name), world.at("target", name) + ".aside")
    os.symlink(outside, world.at("target", name))


CALLS = [
    "open_directory",
    "lstat",
    "create",
    "mkdir",
    "unlink",
    "exchange",
    "rename_new",
    "set_times",
    "chmod",
    "access",
]


@pytest.mark.parametrize("name", ["a", "a/b", "a/b/z"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_folder_becomes_a_link_at_any_call(
    world: World,
    outside: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    call: str,
    nth: int,
) -> None:
    world.build(SOURCE, TARGET)
    module = os if call == "access" else calls
    real: Callable[..., object] = getattr(module, call)
    count = [0]

    def hooked(*arguments: object, **named: object) -> object:
        count[0] += 1
        if count[0] == nth:
            swap(world, name, outside)
        return real(*arguments, **named)

    monkeypatch.setattr(module, call, hooked)
    world.restore()


@pytest.mark.parametrize("name", ["a", "a/b"])
def test_a_folder_becomes_a_link_between_looking_and_opening(
    world: World, outside: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    world.build(SOURCE, TARGET)
    world.keep()
    real = calls.open_directory
    inside = os.stat(world.at("target", os.path.dirname(name))).st_ino

    def hooked(opened: str, dir_fd: int) -> int:
        if opened == os.path.basename(name) and os.fstat(dir_fd).st_ino == inside:
            monkeypatch.setattr(calls, "open_directory", real)
            swap(world, name, outside)
        return real(opened, dir_fd)

    monkeypatch.setattr(calls, "open_directory", hooked)
    done = world.restore(kept=True)
    assert [issue.path for issue in done.conflicts][:1] == [os.fsencode(name)]
    assert portrait(world.target)[b"c"] == SOURCE[b"c"]


def test_a_folder_is_swapped_all_the_time(world: World, outside: Path) -> None:
    world.build(SOURCE, TARGET)
    stop = threading.Event()
    trap = world.at("target", "trap")
    os.symlink(outside, trap)

    def swapping() -> None:
        fd = os.open(world.target, os.O_RDONLY)
        try:
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    calls.exchange("a", "trap", fd)
        finally:
            os.close(fd)

    thread = threading.Thread(target=swapping)
    thread.start()
    try:
        for number in range(60):
            world.write("source", "a/b/passwd", b"version %d" % number)
            world.restore(extra=number % 3 == 0, token=f"run{number}")
            with contextlib.suppress(FileExistsError):
                os.symlink(outside, trap)
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "to", [b"/etc", b"../../../../etc", b"../outside", b".", b"a/b", b"/proc/self/root"]
)
def test_links_in_the_source_are_not_followed(world: World, outside: Path, to: bytes) -> None:
    world.build(
        {b"": folder(), b"a": symlink(to), b"f": symlink(to)},
        {b"": folder(), b"a": folder(), b"a/b": folder(), b"f": file(b"f")},
    )
    world.restore()
    assert world.in_target() == world.in_source()


def test_a_deep_folder_is_moved_out_while_the_walk_is_below(
    world: World, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way back up must lead to where the walk came from, or nowhere."""
    depth = frames.OPEN_LEVELS * 2

    def at(level: int) -> str:
        return "/".join(["d"] * level)

    for side in ("source", "target"):
        os.makedirs(world.at(side, at(depth)))
    world.write("source", at(depth) + "/last", b"x")
    for level in range(1, depth):
        world.write("source", at(level) + "/z", b"after the folders")
    real = calls.create

    def move_first(name: str, dir_fd: int) -> int:
        monkeypatch.setattr(calls, "create", real)
        os.rename(world.at("target", at(16)), world.root / "moved")
        os.symlink(outside, world.at("target", at(16)))
        os.rename(world.at("target", at(10)), world.at("target", at(9) + "/renamed"))
        os.symlink(outside, world.at("target", at(10)))
        return real(name, dir_fd)

    monkeypatch.setattr(calls, "create", move_first)
    done = world.restore()
    lost = range(15, 9, -1)
    assert [(os.fsdecode(issue.path), issue.reason) for issue in done.conflicts] == [
        (at(level), "the folder was moved meanwhile") for level in lost
    ]
    assert done.failures == ()
    assert not os.path.lexists(world.root / "z")
    found = portrait(world.target)
    assert found[os.fsencode(at(9)) + b"/z"].content == b"after the folders"
    assert os.fsencode(at(9)) + b"/renamed/z" not in found


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_file_becomes_a_link_before_it_is_read(
    world: World, outside: Path, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    world.build({b"": folder(), b"a": file(b"12345678")}, {b"": folder(), b"a": file(b"abcdefgh")})
    real = calls.open_content
    place = world.at(side, "a")
    inode = os.stat(place).st_ino

    def swap_first(name: str, dir_fd: int) -> int:
        found = calls.lstat(name, dir_fd)
        if found is not None and found.st_ino == inode:
            os.unlink(place)
            os.symlink(outside / "passwd", place)  # as long as the file
        return real(name, dir_fd)

    monkeypatch.setattr(calls, "open_content", swap_first)
    done = world.restore(verify=True)
    assert [tuple(issue) for issue in done.failures] == [(b"a", os.strerror(errno.ELOOP))]


# --- Other file systems mounted inside ----------------------------------------------------------


@pytest.fixture
def mounted(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], bool]]:
    """Bind-mount one directory on another one; tells whether the kernel did, or it is played."""
    really: list[str] = []
    played: list[bytes] = []
    now = mounts.mounts_now
    monkeypatch.setattr(mounts, "mounts_now", lambda: [*now(), *played])

    def mount(what: str, where: str) -> bool:
        done = subprocess.run(["mount", "--bind", what, where], capture_output=True, check=False)
        if done.returncode == 0:
            really.append(where)
            return True
        played.append(os.fsencode(os.path.realpath(where)))
        return False

    yield mount
    for where in reversed(really):
        subprocess.run(["umount", where], check=True)


def test_what_is_mounted_inside_is_neither_entered_nor_removed(
    world: World, outside: Path, mounted: Callable[[str, str], bool]
) -> None:
    world.build(
        {b"": folder(), b"both": folder(), b"both/x": file(b"x"), b"as-file": file(b"f")},
        {
            b"": folder(),
            b"both": folder(),
            b"extra": folder(),
            b"extra/mnt": folder(),
            b"extra/y": file(b"y"),
            b"as-file": folder(),
            b"as-file/mnt": folder(),
        },
    )
    for name in ("both", "extra/mnt", "as-file/mnt"):
        mounted(str(outside), world.at("target", name))
    assert os.stat(world.at("target", "both")).st_dev == os.stat(world.target).st_dev
    planned = [(change.path, change.action) for change in world.compare()]
    assert (b"extra/y", "remove") in planned
    assert not [path for path, _ in planned if path.startswith((b"both", b"extra/mnt/"))]
    done = world.restore()
    assert set(done.mounted) == {b"both", b"extra/mnt"}
    assert done.failures == ()
    assert [issue.path for issue in done.conflicts] == [b"as-file"]
    assert os.path.isdir(world.at("target", "extra/mnt"))
    assert not os.path.exists(world.at("target", "extra/y"))
    with pytest.raises(BadPath, match="mounted"):
        world.restore(paths=[b"both/x"])


def test_what_is_mounted_in_the_source_is_not_taken_for_the_snapshots(
    world: World, outside: Path, mounted: Callable[[str, str], bool]
) -> None:
    world.build(
        {b"": folder(), b"mnt": folder()}, {b"": folder(), b"mnt": folder(), b"mnt/x": file(b"x")}
    )
    mounted(str(outside), world.at("source", "mnt"))
    done = world.restore()
    assert done.mounted == (b"mnt",)
    assert portrait(world.target).keys() == {b"", b"mnt", b"mnt/x"}


def test_another_device_is_seen_although_no_mount_is_listed(
    world: World, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is mounted after the start, or a subvolume: only the device tells."""
    world.build(SOURCE, TARGET)
    inode = os.stat(world.at("target", "a/b")).st_ino
    real = os.stat

    def elsewhere(place: object, **more: object) -> os.stat_result:
        found = real(place, **more)  # type: ignore[arg-type]
        if found.st_ino != inode:
            return found
        named = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
        values = list(found)
        values[2] += 1
        return os.stat_result(values, {**named, "st_dev": values[2]})

    monkeypatch.setattr(os, "stat", elsewhere)
    done = world.restore()
    monkeypatch.undo()
    assert done.mounted == (b"a/b",)
    assert portrait(world.target)[b"a/b/hosts"] == TARGET[b"a/b/hosts"]


def test_the_snapshots_we_read_from_are_never_removed(world: World) -> None:
    world.build({b"": folder(), b"x": file(b"x")}, {b"": folder()})
    world.keep()
    for side in ("source", "kept"):
        inside = world.at("target", side)
        os.rename(getattr(world, side), inside)
        setattr(world, side, inside)
    done = world.restore(kept=True)
    assert set(done.mounted) == {b"source", b"kept"}
    assert os.path.exists(world.at("source", "x"))
    assert portrait(world.target)[b"x"].content == b"x"


def test_a_snapshot_in_the_volume_itself(world: World) -> None:
    """As ONTAP shows it: `.snapshot` at the root of the live volume, of every depth."""
    world.build({}, {b"": folder(), b"x": file(b"newer")})
    os.rmdir(world.source)
    os.makedirs(world.at("target", ".snapshot"))
    for name in ("snapshot-1", "snapshot-2"):
        os.mkdir(world.at("target", f".snapshot/{name}"))
    world.source = world.at("target", ".snapshot/snapshot-1")
    world.write("source", "x", b"old")
    with Tree.open(world.target) as live, live.subtree(b".snapshot/snapshot-1") as snapshot:
        assert snapshot.lstat(b"x") is not None
    assert world.restore().replaced == 1
    assert world.compare() == []


def test_a_file_mounted_over_a_file_is_refused_by_the_kernel(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.build({b"": folder(), b"a": file(b"1"), b"b": file(b"2")}, {b"": folder()})
    world.write("target", "a", b"as Kubernetes mounts single files")

    def busy(name: str, other: str, dir_fd: int) -> bool:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(calls, "exchange", busy)
    done = world.restore()
    assert [issue.path for issue in done.failures] == [b"a"]
    assert world.in_target()[b"b"].content == b"2"
