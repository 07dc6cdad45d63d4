"""What a restore brings back, entry by entry."""

from __future__ import annotations

import os
import socket
import stat
import struct

import pytest

from netapp_jlab.files import NotWritable, Outcome, Progress, calls, summarize
from netapp_jlab.files.apply import LINK

from .test_compare import SOURCE, TARGET
from .trees import T0, Entry, Model, fifo, file, folder, inode, restored, same_inodes, symlink
from .worlds import World


@pytest.fixture(params=["all the kernel offers", "what NFS offers"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test also without renameat2's flags, reflinks and copies inside the kernel."""
    if request.param == "what NFS offers":
        monkeypatch.setattr(calls, "rename_new", lambda *_: False)
        monkeypatch.setattr(calls, "exchange", lambda *_: False)

        def refuse(*_: int) -> int:
            raise OSError(95, "Operation not supported")

        for name in ("clone", "copy_range", "send_range"):
            monkeypatch.setattr(calls, name, refuse)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("extra", [True, False])
def test_everything_that_can_differ(world: World, extra: bool) -> None:
    world.build(SOURCE, TARGET)
    world.keep()
    plan = summarize(world.compare(extra=extra))
    done = world.restore(kept=True, extra=extra)
    assert world.in_target() == restored(SOURCE, TARGET, extra=extra)
    assert world.compare(extra=extra) == []
    assert (done.created, done.replaced, done.removed) == (plan.create, plan.replace, plan.remove)
    assert done.copied_bytes == plan.copy_bytes
    assert (done.conflicts, done.failures, dict(done.warnings)) == ((), (), {})
    assert world.restore(kept=True, extra=extra) == Outcome(0, 0, 0, 0, 0, (), (), {}, ())


@pytest.mark.usefixtures("kernel")
def test_selected_paths_only(world: World) -> None:
    world.build(SOURCE, TARGET)
    world.keep()
    world.restore(kept=True, paths=[b"lost/deep/file", b"was-file", b"more"])
    found = world.in_target()
    expected = dict(TARGET)
    for path in (b"lost", b"lost/deep", b"lost/deep/file", b"was-file"):
        expected[path] = SOURCE[path]
    del expected[b"was-file/y"], expected[b"more"]
    for path in (b"", b"lost", b"lost/deep"):  # not selected: they have the time of what happened
        assert found[path].mtime > T0 + 10**15
        del found[path], expected[path]
    assert found == expected


def test_a_selected_folder_gets_its_time_back(world: World) -> None:
    world.build(SOURCE, {b"": folder()})
    world.restore(paths=[b"lost/deep"])
    assert world.in_target()[b"lost/deep"] == SOURCE[b"lost/deep"]


def test_times_modes_and_owner(world: World) -> None:
    model: Model = {
        b"": folder(mode=0o755),
        b"sticky": folder(mode=0o1777, at=3),
        b"setgid": folder(mode=0o2750, at=4),
        b"closed": folder(mode=0o000, at=5),
        b"closed/inner": folder(mode=0o500, at=6),
        b"closed/inner/secret": file(b"x", mode=0o000),
        b"setuid": file(b"#!", mode=0o4755),
        b"both": file(b"#!", mode=0o6511),
        b"ancient": Entry("file", 0o644, 1, b"1970"),
        b"future": Entry("file", 0o644, 2**33 * 10**9 + 999_999_999, b"2242"),
        b"link": symlink(b"nowhere", at=99),
        b"pipe": fifo(mode=0o620, at=98),
    }
    world.build(model, {b"": folder(mode=0o700)})
    if os.geteuid() == 0:
        for name in ("setuid", "both", "sticky", "link", "pipe"):
            os.chown(world.at("source", name), 12345, 54321, follow_symlinks=False)
        os.chmod(world.at("source", "setuid"), 0o4755)
        os.chmod(world.at("source", "both"), 0o6511)
    expected = {
        name: (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))
        for name in ("setuid", "both", "sticky", "link", "pipe")
        if (found := os.lstat(world.at("source", name)))
    }
    if os.geteuid() != 0:
        os.chmod(world.at("source", "closed"), 0o500)  # its owner could not read it either
        os.chmod(world.at("source", "closed/inner/secret"), 0o400)
    assert world.restore().failures == ()
    assert world.compare() == []
    for name, wanted in expected.items():
        found = os.lstat(world.at("target", name))
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == wanted
    if os.geteuid() == 0:
        assert world.in_target() == model


# --- Symbolic links -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "to", [b"/etc/passwd", b"../../../..", b".", b"self", b"/" + b"x/" * 2000, b"\xff\n"]
)
def test_links_are_recreated_as_they_are(world: World, to: bytes) -> None:
    world.build({b"": folder(), b"self": symlink(to)}, {b"": folder()})
    world.restore()
    assert world.in_target() == {b"": folder(), b"self": symlink(to)}


def test_what_a_link_points_to_is_left_alone(world: World) -> None:
    outside = world.root / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"precious")
    before = os.stat(outside / "file"), os.stat(outside)
    world.build(
        {b"": folder(), b"file": file(b"F"), b"dir": folder(), b"dir/file": file(b"D")},
        {
            b"": folder(),
            b"file": symlink(os.fsencode(outside / "file")),
            b"dir": symlink(os.fsencode(outside)),
        },
    )
    world.restore()
    assert world.in_target() == world.in_source()
    assert (outside / "file").read_bytes() == b"precious"
    after = os.stat(outside / "file"), os.stat(outside)
    assert [tuple(one)[:9] for one in after] == [tuple(one)[:9] for one in before]
    assert after[0].st_ctime_ns == before[0].st_ctime_ns


# --- Hard links ---------------------------------------------------------------------------------


def linked(world: World, side: str, first: str, *others: str) -> None:
    for other in others:
        place = world.at(side, other)
        if os.path.lexists(place):
            os.unlink(place)
        os.link(world.at(side, first), place)


FILES: Model = {
    b"": folder(),
    b"a": file(b"shared"),
    b"b": file(b"shared"),
    b"sub": folder(),
    b"sub/c": file(b"shared"),
}


@pytest.mark.usefixtures("kernel")
def test_hard_links_that_are_missing_altogether(world: World) -> None:
    world.build(FILES, {b"": folder()})
    linked(world, "source", "a", "b", "sub/c")
    world.build(FILES, {b"": folder()})
    linked(world, "source", "a", "b", "sub/c")
    done = world.restore()
    assert done.created == 4
    assert same_inodes(world.target, b"a", b"b", b"sub/c")
    assert os.stat(world.at("target", "a")).st_nlink == 3
    assert world.compare() == []


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("changed", ["a", "b", "sub/c"])
def test_a_changed_one_is_linked_to_those_that_are_right(world: World, changed: str) -> None:
    world.build(FILES, FILES)
    for side in ("source", "target"):
        linked(world, side, "a", "b", "sub/c")
    os.unlink(world.at("target", changed))
    world.write("target", changed, b"somebody's", at=77)
    right = {"a", "b", "sub/c"} - {changed}
    before = inode(world.target, os.fsencode(min(right)))
    world.keep()
    assert world.restore(kept=True).replaced == 1
    assert same_inodes(world.target, b"a", b"b", b"sub/c")
    assert inode(world.target, b"a") == before
    assert world.compare() == []


@pytest.mark.usefixtures("kernel")
def test_files_that_were_linked_and_are_not_to_be(world: World) -> None:
    world.build({**FILES, b"b": file(b"not shared")}, FILES)
    linked(world, "target", "a", "b", "sub/c")
    world.restore()
    assert world.in_target() == world.in_source()
    assert not same_inodes(world.target, b"a", b"b")


def test_permissions_of_one_of_several_names(world: World) -> None:
    world.build({**FILES, b"b": file(b"shared", mode=0o600)}, FILES)
    linked(world, "target", "a", "b")
    world.keep()
    done = world.restore(kept=True)
    assert (done.metadata, done.conflicts) == (2, ())
    assert world.in_target() == world.in_source()
    assert stat.S_IMODE(os.stat(world.at("target", "a")).st_mode) == 0o644


def test_permissions_of_all_names(world: World) -> None:
    mode: Model = {path: entry._replace(mode=0o600) for path, entry in FILES.items() if path}
    world.build({b"": folder(), **mode, b"sub": folder()}, FILES)
    for side in ("source", "target"):
        linked(world, side, "a", "b", "sub/c")
    world.keep()
    assert world.restore(kept=True).conflicts == ()
    assert world.in_target() == world.in_source()
    assert same_inodes(world.target, b"a", b"b", b"sub/c")


def test_links_of_which_not_all_are_selected(world: World) -> None:
    world.build(FILES, {b"": folder(), b"a": file(b"mine", at=9)})
    linked(world, "source", "a", "b", "sub/c")
    world.restore(paths=[b"sub", b"b"])
    assert same_inodes(world.target, b"b", b"sub/c")
    assert world.in_target()[b"a"] == file(b"mine", at=9)
    assert world.in_target()[b"sub"] == world.in_source()[b"sub"]


def test_when_no_more_links_can_be_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build(FILES, {b"": folder()})
    linked(world, "source", "a", "b", "sub/c")

    def refuse(*_: object) -> None:
        raise OSError(31, "Too many links")

    monkeypatch.setattr(calls, "link", refuse)
    done = world.restore()
    assert world.in_target() == world.in_source()
    assert dict(done.warnings) == {LINK: 2}


# --- Special files and attributes ---------------------------------------------------------------


def test_pipes_and_sockets(world: World) -> None:
    world.build({b"": folder(), b"p": fifo(mode=0o622)}, {b"": folder()})
    server = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    try:
        os.chdir(world.source)  # the path of a socket is short
        server.bind("s")
    finally:
        os.chdir(here)
        server.close()
    os.utime(world.source, ns=(T0, T0))
    done = world.restore()
    assert (done.created, dict(done.warnings)) == (2, {})
    assert world.in_target() == world.in_source()
    assert world.compare() == []


def test_devices_are_made_or_warned_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build({b"": folder(), b"x": file(b"x"), b"z": fifo()}, {b"": folder()})
    if os.geteuid() == 0:
        os.mknod(world.at("source", "null"), stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.utime(world.source, ns=(T0, T0))
        assert world.restore().created == 3
        found = os.lstat(world.at("target", "null"))
        assert stat.S_ISCHR(found.st_mode)
        assert found.st_rdev == os.makedev(1, 3)
        os.unlink(world.at("target", "null"))

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(calls, "mknod", refuse)
    os.rename(world.at("source", "z"), world.at("source", "y"))
    done = world.restore(extra=False)
    assert sum(done.warnings.values()) == (2 if os.geteuid() == 0 else 1)
    assert done.failures == ()
    assert not os.path.lexists(world.at("target", "y"))


def access_list(*entries: tuple[int, int, int]) -> bytes:
    """Make the value of ``system.posix_acl_*`` (linux/posix_acl_xattr.h)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF
READERS = access_list(
    (1, 6, NOBODY), (2, 4, 4242), (4, 4, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY)
)


def test_extended_attributes_and_access_lists(world: World) -> None:
    tags = (("user.empty", b""), ("user.note", b"\x00\xff"))
    tagged = Entry("file", 0o640, T0 + 1, b"x", tags)
    world.build({b"": folder(), b"a": tagged, b"d": folder(mode=0o750)}, {b"": folder()})
    os.setxattr(world.at("source", "a"), "system.posix_acl_access", READERS)
    os.setxattr(world.at("source", "d"), "system.posix_acl_default", READERS)
    os.setxattr(world.at("source", "d"), "user.kind", b"folder")
    # What is made in a folder with a default list inherits it; that must not stay.
    os.setxattr(world.target, "system.posix_acl_default", READERS)
    os.setxattr(world.source, "system.posix_acl_default", READERS)
    world.write("source", "plain", b"plain", at=5)
    os.removexattr(world.at("source", "plain"), "system.posix_acl_access")
    os.chmod(world.at("source", "plain"), 0o640)
    done = world.restore()
    assert (done.failures, dict(done.warnings)) == ((), {})
    assert world.in_target() == world.in_source()
    assert os.getxattr(world.at("target", "a"), "system.posix_acl_access") == READERS
    assert os.listxattr(world.at("target", "plain")) == []
    for key in ("system.posix_acl_default", "user.kind"):
        wanted = os.getxattr(world.at("source", "d"), key)
        assert os.getxattr(world.at("target", "d"), key) == wanted
    assert "system.posix_acl_access" not in os.listxattr(world.at("target", "d"))


def test_an_access_list_that_was_changed(world: World) -> None:
    world.build({b"": folder(), b"a": file(b"x", mode=0o640)}, {b"": folder(), b"a": file(b"x")})
    os.setxattr(world.at("source", "a"), "system.posix_acl_access", READERS)
    os.setxattr(world.at("target", "a"), "user.mine", b"1")
    world.keep()
    assert world.restore(kept=True).metadata == 1
    assert world.in_target() == world.in_source()


def test_attributes_that_can_not_be_restored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tagged = Entry("file", 0o644, T0 + 1, b"x", (("user.a", b"1"), ("user.b", b"2")))
    world.build({b"": folder(), b"a": tagged}, {b"": folder()})

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(calls, "set_xattr", refuse)
    done = world.restore()
    assert list(done.warnings.values()) == [2]
    assert world.in_target()[b"a"].content == b"x"


# --- Names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["t", "x" * 64, "0b8e-uuid.like_1"])
def test_names_of_255_bytes(world: World, token: str) -> None:
    longest = b"\xc3\xa4" * 127 + b"a"
    model: Model = {
        b"": folder(),
        longest: folder(),
        longest + b"/" + longest: file(b"x"),
        longest + b"/" + b"\xff" * 255: symlink(b"y"),
    }
    world.build(model, {b"": folder()})
    world.restore(token=token)
    assert world.in_target() == model


@pytest.mark.parametrize("token", ["", "a/b", "x" * 65, "ü", "a~1", "a b", "a\n"])
def test_tokens_that_can_not_be_part_of_a_name(world: World, token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        world.restore(token=token)


def test_what_an_earlier_run_left(world: World) -> None:
    model: Model = {b"": folder(), b"d": folder(), b"d/x": file(b"x")}
    ours = {b".~netapp-jlab-run~1": file(b"half"), b"d/.~netapp-jlab-run~2f": symlink(b"x")}
    ours[b"d/.~netapp-jlab-run~3"] = folder(mode=0o700)
    others = {b".~netapp-jlab-run-2~1": file(b"half"), b"d/.~netapp-jlab-ru~1": file(b"half")}
    world.build(model, {**model, **ours, **others})
    world.restore(token="run")
    assert world.in_target().keys() == model.keys() | others.keys()


# --- The rest -----------------------------------------------------------------------------------


def test_progress(world: World) -> None:
    world.build(SOURCE, TARGET)
    plan = summarize(world.compare())
    seen: list[Progress] = []
    world.restore(progress=seen.append, plan=plan)
    last = seen[-1]
    assert (last.files_done, last.files_total) == (plan.changes, plan.changes)
    assert (last.bytes_done, last.bytes_total) == (plan.copy_bytes, plan.copy_bytes)
    assert len(seen) <= 3
    numbers = [(one.files_done, one.bytes_done) for one in seen]
    assert numbers == sorted(numbers)
    seen.clear()
    world.restore(progress=seen.append)
    assert (seen[-1].files_total, seen[-1].bytes_total) == (None, None)


def test_a_read_only_volume(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build(SOURCE, TARGET)

    def refuse(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(calls, "create", refuse)
    with pytest.raises(NotWritable):
        world.restore()


def test_one_that_the_system_refuses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build(SOURCE, TARGET)
    real = calls.unlink

    def refuse(name: str, dir_fd: int) -> None:
        if name == "z":
            raise PermissionError(1, "Operation not permitted")
        real(name, dir_fd)

    monkeypatch.setattr(calls, "unlink", refuse)
    done = world.restore()
    assert [tuple(one) for one in done.failures] == [(b"new/z", "Operation not permitted")]
    assert done.conflicts == ()
    expected = {**SOURCE, b"new": TARGET[b"new"], b"new/z": TARGET[b"new/z"]}
    assert world.in_target() == expected


def test_an_immutable_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build({b"": folder(), b"a": file(b"1"), b"b": file(b"2")}, {b"": folder()})
    world.write("target", "a", b"kept by chattr +i")
    real = calls.exchange

    def refuse(name: str, other: str, dir_fd: int) -> bool:
        if other == "a":
            raise PermissionError(1, "Operation not permitted")
        return real(name, other, dir_fd)

    monkeypatch.setattr(calls, "exchange", refuse)
    done = world.restore()
    assert [one.path for one in done.failures] == [b"a"]
    assert world.in_target()[b"b"] == file(b"2")
    assert sorted(os.listdir(world.target)) == ["a", "b"]
