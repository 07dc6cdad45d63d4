"""Contents are copied whole, quickly where possible, with their holes."""

from __future__ import annotations

import errno
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netapp_jlab.files import Cancelled, calls, content
from netapp_jlab.files.content import CHUNK, SMALL, Copier, SourceChanged

from .trees import Model, folder
from .worlds import World

GIB = 1024**3
MIB = 1024**2


def refuse(*_: object) -> int:
    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


WAYS = {
    "reflink or in the kernel": (),
    "in the kernel": ("clone",),
    "sendfile": ("clone", "copy_range"),
    "read and write": ("clone", "copy_range", "send_range"),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in WAYS[request.param]:
        monkeypatch.setattr(calls, name, refuse)
    return str(request.param)


@pytest.fixture
def copied(tmp_path: Path) -> Callable[..., Path]:
    """Copy one file; what is told of the progress must add up."""

    def copy(origin: Path, *, check: Callable[[], None] = lambda: None) -> Path:
        told: list[int] = []
        copier = Copier(check=check, advance=told.append)
        target = tmp_path / "copy"
        target.unlink(missing_ok=True)
        source_fd = os.open(origin, os.O_RDONLY)
        target_fd = os.open(target, os.O_WRONLY | os.O_CREAT)
        try:
            copier.copy(source_fd, target_fd, os.fstat(source_fd))
        finally:
            os.close(source_fd)
            os.close(target_fd)
        assert sum(told) == origin.stat().st_size
        return target

    return copy


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("size", [0, 1, SMALL, SMALL + 1, MIB + 3, CHUNK, 2 * CHUNK + 12345])
def test_sizes(tmp_path: Path, copied: Callable[..., Path], size: int) -> None:
    origin = tmp_path / "origin"
    origin.write_bytes(random.Random(size).randbytes(size))
    assert copied(origin).read_bytes() == origin.read_bytes()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("knows_holes", [True, False])
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 64), st.integers(1, 3)), max_size=5), st.integers(0, 5000))
def test_holes(
    tmp_path: Path,
    copied: Callable[..., Path],
    knows_holes: bool,
    pieces: list[tuple[int, int]],
    tail: int,
) -> None:
    origin = tmp_path / "origin"
    with open(origin, "wb") as file:
        for start, blocks in pieces:
            file.seek(start * 65536)
            file.write(b"data" * 1024 * blocks)
        file.truncate(file.seek(0, os.SEEK_END) + tail * 1024)
    with pytest.MonkeyPatch.context() as patch:
        if not knows_holes:  # NFS before 4.2 says that all is data
            real = os.lseek
            patch.setattr(os, "lseek", lambda fd, at, how: _no_holes(real, fd, at, how))
        made = copied(origin)
    assert made.read_bytes() == origin.read_bytes()
    assert made.stat().st_blocks <= origin.stat().st_blocks + len(pieces) * 128 + 136


def _no_holes(real: Callable[[int, int, int], int], fd: int, at: int, how: int) -> int:
    if how == os.SEEK_DATA:
        return at
    if how == os.SEEK_HOLE:
        return os.fstat(fd).st_size
    return real(fd, at, how)


def test_a_sparse_file_of_10_gib(world: World) -> None:
    world.build({b"": folder()}, {b"": folder()})
    place = world.write("source", "sparse", b"start")
    with open(place, "r+b") as file:
        for gib in (3, 7):
            file.seek(gib * GIB + 77)
            file.write(b"in between")
        file.truncate(10 * GIB)
    started = time.monotonic()
    done = world.restore()
    assert time.monotonic() - started < 5
    assert done.copied_bytes == 10 * GIB
    made = world.at("target", "sparse")
    assert os.stat(made).st_size == 10 * GIB
    assert os.stat(made).st_blocks * 512 < MIB
    with open(made, "rb") as file:
        for at, text in ((0, b"start\0"), (3 * GIB + 76, b"\0in between"), (10 * GIB - 1, b"\0")):
            file.seek(at)
            assert file.read(len(text)) == text
    assert world.compare() == []


def test_the_source_ends_early(tmp_path: Path, copied: Callable[..., Path]) -> None:
    origin = tmp_path / "origin"
    origin.write_bytes(b"x" * 3 * MIB)
    real = os.fstat

    def larger(fd: int) -> os.stat_result:
        found = list(real(fd))
        found[6] *= 2
        return os.stat_result(found, {"st_blocks": 10**9, "st_mtime_ns": 0})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fstat", larger)
        with pytest.raises(SourceChanged):
            copied(origin)


def test_a_source_that_changes_is_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build({b"": folder()}, {b"": folder()})
    place = world.write("source", "a", b"one")
    world.write("source", "b", b"b")
    real = calls.write

    def change(fd: int, data: bytes, offset: int) -> int:
        with open(place, "ab") as file:
            file.write(b"more")
        return real(fd, data, offset)

    monkeypatch.setattr(calls, "write", change)
    done = world.restore()
    assert [issue.path for issue in done.failures] == [b"a"]
    assert "snapshot" in done.failures[0].reason
    assert os.listdir(world.target) == ["b"]


@pytest.mark.parametrize("code", [errno.EIO, errno.EFBIG])
@pytest.mark.parametrize("call", ["clone", "copy_range", "send_range", "write"])
def test_errors_that_are_none_of_the_ways(
    tmp_path: Path,
    copied: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    call: str,
) -> None:
    order = ["clone", "copy_range", "send_range", "write"]
    for earlier in order[: order.index(call)]:
        monkeypatch.setattr(calls, earlier, refuse)

    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(calls, call, fail)
    origin = tmp_path / "origin"
    origin.write_bytes(b"x" * MIB)
    with pytest.raises(OSError) as caught:
        copied(origin)
    assert caught.value.errno == code


def test_short_writes(
    tmp_path: Path, copied: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = calls.write
    monkeypatch.setattr(calls, "write", lambda fd, data, at: real(fd, data[:1000], at))
    origin = tmp_path / "origin"
    origin.write_bytes(random.Random(1).randbytes(100_000))
    assert copied(origin).read_bytes() == origin.read_bytes()


@pytest.mark.usefixtures("way")
def test_cancel_within_a_large_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the latest after the chunk that is being copied, and nothing is left behind."""
    monkeypatch.setattr(calls, "clone", refuse)
    monkeypatch.setattr(content, "CHUNK", MIB)
    source: Model = {b"": folder()}
    world.build(source, source)
    world.write("source", "large", b"x" * 40 * MIB)
    copied_when_asked: list[int] = []

    def cancel() -> bool:
        names = os.listdir(world.target)
        sizes = [os.stat(world.at("target", name)).st_size for name in names]
        copied_when_asked.append(sum(sizes))
        return sum(sizes) >= 10 * MIB

    with pytest.raises(Cancelled):
        world.restore(cancel=cancel)
    assert copied_when_asked[-1] == 10 * MIB
    assert os.listdir(world.target) == []
    world.restore()
    assert world.compare(verify=True) == []


def test_equal_copes_with_short_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = random.Random(2).randbytes(300_000)
    for name in ("one", "other"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "differs").write_bytes(data[:-1] + b"?")
    fds = [os.open(tmp_path / name, os.O_RDONLY) for name in ("one", "other", "differs")]
    real = os.read
    monkeypatch.setattr(os, "read", lambda fd, count: real(fd, min(count, 7000 + fd)))
    try:
        assert content._equal(fds[0], fds[1], lambda: None)
        os.lseek(fds[0], 0, os.SEEK_SET)
        assert not content._equal(fds[0], fds[2], lambda: None)
    finally:
        for fd in fds:
            os.close(fd)
