"""Full disks, cancelling, very many files, very deep folders, few file descriptors."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netapp_jlab.files import Cancelled, NoSpace, calls, frames

from . import trees
from .trees import T0, Model, file, folder, portrait
from .worlds import World

MIB = 1024**2


def names(world: World) -> list[bytes]:
    return [path for path in portrait(world.target) if b".~netapp" in path]


# --- Full ---------------------------------------------------------------------------------------


@contextmanager
def room_for(world: World, size: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the target a file system of that size: a real one, else one that is played."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", world.target],
        capture_output=True,
        check=False,
    )
    if done.returncode == 0:
        try:
            yield
        finally:
            subprocess.run(["umount", world.target], check=True)
        return
    real = calls.write

    def full(fd: int, data: bytes, offset: int) -> int:
        used = sum(entry.stat().st_blocks * 512 for entry in os.scandir(world.target))
        if used + len(data) > size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, data, offset)

    def refuse(*_: object) -> int:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    with monkeypatch.context() as patch:
        for name in ("clone", "copy_range", "send_range"):
            patch.setattr(calls, name, refuse)
        patch.setattr(calls, "write", full)
        yield


def test_a_full_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    source: Model = {b"": folder(), **{b"f%d" % n: file(b"%d" % n * MIB) for n in range(8)}}
    world.build(source, {b"": folder()})
    with room_for(world, 4 * MIB + 64 * 1024, monkeypatch):
        with pytest.raises(NoSpace) as caught:
            world.restore()
        assert caught.value.path == b"f4"
        assert caught.value.needed == MIB
        assert caught.value.free < MIB or os.geteuid() != 0
        found = portrait(world.target)
        assert {path: found[path] for path in found if path} == {
            path: source[path] for path in (b"f0", b"f1", b"f2", b"f3")
        }
        # Somebody makes room; the same call goes on.
        for name in ("f0", "f1", "f2", "f3"):
            os.unlink(world.at("target", name))
            os.unlink(world.at("source", name))
        os.utime(world.source, ns=(T0, T0))
        assert world.restore().created == 4
        assert world.compare(verify=True) == []


def test_what_is_replaced_makes_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new file fits only when the one that an earlier new one replaced is gone."""
    count = 6
    source: Model = {b"": folder(), **{b"f%d" % n: file(b"%d" % n * MIB) for n in range(count)}}
    target: Model = {path: entry._replace(mtime=T0 + 1) for path, entry in source.items()}
    world.build(source, {b"": folder()})
    with room_for(world, (count + 1) * MIB + 64 * 1024, monkeypatch):
        for path, entry in target.items():
            if path:
                world.write("target", os.fsdecode(path), entry.content, at=1)
        assert world.restore().replaced == count
        assert world.compare(verify=True) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize(
    "call", ["create", "mkdir", "symlink", "write", "fsync", "exchange", "rename_new", "set_xattr"]
)
def test_full_at_any_call(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    source: Model = {b"": folder(), b"d": folder(), b"d/x": file(b"x"), b"r": file(b"r")}
    world.build(source, {b"": folder(), b"r": file(b"replaced")})
    os.symlink("x", world.at("source", "link"))
    os.setxattr(world.at("source", "r"), "user.a", b"1")

    def full(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(calls, call, full)
        with pytest.raises(NoSpace, match=os.strerror(code)):
            world.restore()
    assert names(world) == []
    world.restore()
    assert world.in_target() == world.in_source()


@pytest.mark.parametrize("code", [errno.EIO, errno.EDQUOT])
def test_an_error_that_only_fsync_tells(
    world: World, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Network file systems write late; the old version is still there."""
    source: Model = {b"": folder(), **{b"f%02d" % n: file(b"x" * n) for n in range(40)}}
    world.build(source, {b"": folder(), b"f17": file(b"live")})

    def fail_once(fd: int) -> None:
        if os.fstat(fd).st_size == 17:
            raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(calls, "fsync", fail_once)
        if code == errno.EDQUOT:
            with pytest.raises(NoSpace):
                world.restore()
        else:
            assert [issue.path for issue in world.restore().failures] == [b"f17"]
            assert len(world.in_target()) == len(source)
    assert names(world) == []
    assert world.in_target()[b"f17"].content == b"live"
    world.restore()
    assert world.in_target() == source


def test_a_file_larger_than_allowed_is_one_failure(world: World) -> None:
    world.build({b"": folder(), b"a": file(b"a"), b"z": file(b"z")}, {b"": folder()})
    world.write("source", "large", b"x" * 3 * MIB)
    script = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({2 * MIB}, {2 * MIB}))
from netapp_jlab.files import Tree, restore
with Tree.open({world.source!r}) as source, Tree.open({world.target!r}) as target:
    done = restore(source, target, kept=None, token="t", cancel=lambda: False)
print([issue.path for issue in done.failures], done.created)
"""
    assert run(script) == "[b'large'] 2"
    assert sorted(os.listdir(world.target)) == ["a", "z"]


# --- Cancelling ---------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1, 3, 10, 30, 60])
def test_cancel_and_go_on(world: World, after: int) -> None:
    source: Model = {b"": folder()}
    for number in range(40):
        source[b"d%d" % (number % 4)] = folder(mode=0o500)
        source[b"d%d/f%02d" % (number % 4, number)] = file(b"x" * number)
    world.build(source, {b"": folder(), b"d1": folder(mode=0o555), b"d1/extra": file(b"e")})
    calls_left = [after]

    def cancel() -> bool:
        calls_left[0] -= 1
        return calls_left[0] < 0

    try:
        world.restore(cancel=cancel)
    except Cancelled:
        pass
    else:
        assert after == 60
    found = world.in_target()
    assert names(world) == []
    assert not [path for path, entry in found.items() if entry.mode == 0o700]
    world.restore()
    assert world.in_target() == source


def test_cancel_by_raising_whatever(world: World) -> None:
    world.build({b"": folder(), b"a": file(b"a")}, {b"": folder()})

    class Stop(Exception):
        pass

    def cancel() -> None:
        raise Stop

    with pytest.raises(Stop):
        world.restore(cancel=cancel)

    def tell(_: object) -> None:
        raise ConnectionResetError("whoever listened has gone")

    with pytest.raises(Cancelled):
        world.restore(progress=tell)
    assert names(world) == []


# --- Many and deep ------------------------------------------------------------------------------


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_100_000_files_in_one_folder(tmp_path: Path) -> None:
    """Quickly, and in little memory: what is unchanged leaves nothing behind."""
    count = 100_000
    for side in ("source", "target"):
        os.makedirs(tmp_path / side / "many")
        fd = os.open(tmp_path / side / "many", os.O_RDONLY)
        for number in range(count):
            # Every fifth one is missing in the target.
            if side == "source" or number % 5:
                os.mknod(f"f{number:06}", dir_fd=fd)
                os.utime(f"f{number:06}", ns=(T0, T0), dir_fd=fd)
        os.close(fd)
    script = f"""
import resource, time
from netapp_jlab.files import Tree, compare, restore
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
root = {str(tmp_path)!r}
with Tree.open(root + "/source") as source, Tree.open(root + "/target") as target:
    started = time.monotonic()
    done = restore(source, target, kept=None, token="t", cancel=lambda: False)
    took = time.monotonic() - started
    left = sum(1 for _ in compare(source, target, extra=True, cancel=lambda: False))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(done.created, left, took < 40, (after - before) // 1024 < 100)
"""
    assert run(script) == f"{count // 5} 0 True True"
    subprocess.run(["rm", "-rf", str(tmp_path)], check=True)


@pytest.fixture
def deep() -> Iterator[World]:
    """Pytest itself could not remove folders this deep."""
    place = tempfile.mkdtemp()
    yield World(Path(place))
    subprocess.run(["rm", "-rf", place], check=True)


def dig(root: str, depth: int, *, every: int) -> None:
    fd = os.open(root, os.O_RDONLY)
    for level in range(depth):
        if level % every == 0:
            os.close(os.open(f"z{level}", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
            os.utime(f"z{level}", ns=(T0, T0), dir_fd=fd)
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)


def test_3_000_levels_with_few_file_descriptors(deep: World) -> None:
    depth = 3000
    dig(deep.source, depth, every=1)
    dig(deep.target, depth // 2, every=7)
    os.mkdir(deep.kept)
    dig(deep.kept, depth // 2, every=7)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 12 * frames.OPEN_LEVELS, limit[1]))
    try:
        done = deep.restore(kept=True)
        assert done.failures == ()
        assert done.conflicts == ()
        assert deep.compare() == []
        # And away with it all.
        subprocess.run(["rm", "-rf", deep.source], check=True)
        os.mkdir(deep.source)
        done = deep.restore(extra=True)
        assert done.removed == 2 * depth
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert os.listdir(deep.target) == []


def test_many_folders_with_few_file_descriptors(world: World) -> None:
    source: Model = {b"": folder()}
    for number in range(400):
        source[b"d%03d" % number] = folder()
        source[b"d%03d/x" % number] = file(b"x")
    world.build(source, {b"": folder()})
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 450, limit[1]))
    try:
        assert world.restore().failures == ()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert world.in_target() == source


def test_contents_are_durable_before_they_get_their_names(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the names at the end; each file and folder costs one fsync, and disks work meanwhile."""
    source: Model = {b"": folder()}
    for number in range(600):
        source[b"d%02d" % (number % 100)] = folder()
        source[b"d%02d/f%04d" % (number % 100, number)] = file(b"x")
    world.build(source, {b"": folder()})
    events: list[tuple[str, int]] = []

    def sync(fd: int) -> None:
        events.append(("fsync", os.fstat(fd).st_ino))

    def start(fd: int, *_: object, wait: bool) -> None:
        assert not wait
        events.append(("start", os.fstat(fd).st_ino))

    real = calls.rename_new

    def rename(name: str, new: str, dir_fd: int) -> bool:
        found = os.stat(name, dir_fd=dir_fd)
        events.append(("named", found.st_ino))
        events.append(("in", os.fstat(dir_fd).st_ino))
        return real(name, new, dir_fd)

    monkeypatch.setattr(calls, "fsync", sync)
    monkeypatch.setattr(calls, "write_back", start)
    monkeypatch.setattr(calls, "rename_new", rename)
    world.restore()
    order = {event: number for number, event in enumerate(events)}  # of the last time each
    for path, _ in trees.walk(os.fsencode(world.target)):
        inode = trees.inode(world.target, path)
        if source[path].kind == "file":
            assert order["start", inode] < order["fsync", inode] < order["named", inode]
        else:
            assert order["in", inode] < order["fsync", inode]
    assert sum(1 for what, _ in events if what == "fsync") == len(source)
    first_synced = next(number for number, event in enumerate(events) if event[0] == "fsync")
    assert sum(1 for what, _ in events[:first_synced] if what == "start") > 100


@pytest.mark.parametrize("folders", [40, 100])
def test_a_disk_that_fails_at_the_very_end(
    world: World, monkeypatch: pytest.MonkeyPatch, folders: int
) -> None:
    source: Model = {b"": folder(), **{b"d%02d" % number: folder() for number in range(folders)}}
    world.build(source, {b"": folder()})

    def fail(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(calls, "fsync", fail)
    done = world.restore()
    assert [tuple(issue) for issue in done.failures] == [(b"", os.strerror(errno.EIO))]
    assert world.in_target() == source


def test_a_file_system_that_can_not_sync_folders(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.build({b"": folder(), b"d": folder()}, {b"": folder()})

    def refuse(fd: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(calls, "fsync", refuse)
    assert world.restore().failures == ()


def test_when_there_are_no_more_file_descriptors(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files that wait for their names hold some, and are then finished first."""
    source: Model = {b"": folder(), **{b"f%02d" % n: file(b"x" * n) for n in range(40)}}
    world.build(source, {b"": folder()})
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 30, limit[1]))
    try:
        assert world.restore().failures == ()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert world.in_target() == source
