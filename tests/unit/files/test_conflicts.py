"""What somebody changed after the safety snapshot was cut is never lost."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from netapp_jlab.files import Outcome, calls

from .trees import Model, file, folder, portrait, symlink
from .worlds import World

SOURCE: Model = {
    b"": folder(),
    b"a": file(b"old a"),
    b"d": folder(),
    b"d/x": file(b"old x"),
    b"f": file(b"a file"),
    b"g": folder(),
    b"m": file(b"m", mode=0o600),
}
TARGET: Model = {
    b"": folder(),
    b"a": file(b"newer a"),
    b"d": folder(),
    b"d/x": file(b"newer x"),
    b"e": folder(),
    b"e/1": file(b"1"),
    b"e/2": file(b"22"),
    b"f": folder(),
    b"f/in": file(b"inside"),
    b"g": file(b"g"),
    b"m": file(b"m"),
}


def conflicts(done: Outcome) -> list[bytes]:
    return [issue.path for issue in done.conflicts]


@pytest.fixture
def cut(world: World) -> World:
    """A world in which the safety snapshot was just cut."""
    world.build(SOURCE, TARGET)
    world.keep()
    return world


def test_nothing_changed_meanwhile(cut: World) -> None:
    done = cut.restore(kept=True)
    assert done.conflicts == ()
    assert cut.in_target() == SOURCE


def write(content: bytes) -> Callable[[str], None]:
    def change(place: str) -> None:
        with open(place, "wb") as opened:
            opened.write(content)

    return change


def replace_by_link(place: str) -> None:
    os.unlink(place)
    os.symlink("elsewhere", place)


def replace_by_folder(place: str) -> None:
    os.unlink(place)
    os.mkdir(place)


@pytest.mark.parametrize(
    "change",
    [
        write(b"a third version"),
        write(b"newer !"),  # as long as before
        lambda place: os.chmod(place, 0o640),
        lambda place: os.utime(place),
        replace_by_link,
        replace_by_folder,
    ],
)
@pytest.mark.parametrize("name", ["a", "d/x"])
def test_a_file_that_was_changed(cut: World, change: Callable[[str], None], name: str) -> None:
    change(cut.at("target", name))
    before = cut.in_target()
    path = os.fsencode(name)
    done = cut.restore(kept=True)
    after = cut.in_target()
    if before[path].kind == "directory":  # an empty folder that is not in the safety snapshot
        assert after[path].kind == "directory"
    else:
        assert after[path] == before[path]
    assert conflicts(done) == [path]
    del after[path]
    assert after == {path_: entry for path_, entry in SOURCE.items() if path_ != path}


def test_a_file_that_was_added_where_one_is_to_come(cut: World) -> None:
    os.unlink(cut.at("target", "a"))
    cut.restore(kept=True, paths=[b"e"])
    cut.write("target", "a", b"mine")
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"a"]
    assert cut.in_target()[b"a"].content == b"mine"


def test_a_file_that_was_added_to_a_folder_that_is_to_go(cut: World) -> None:
    cut.write("target", "e/3", b"mine")
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"e/3"]
    found = cut.in_target()
    assert found[b"e/3"].content == b"mine"
    assert b"e/1" not in found


def test_a_folder_that_was_added(cut: World) -> None:
    os.makedirs(cut.at("target", "mine/deep"))
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"mine/deep"]
    assert b"mine/deep" in cut.in_target()


def test_a_folder_in_the_way_stays_whole(cut: World) -> None:
    cut.write("target", "f/more", b"mine")
    before = cut.in_target()
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"f"]
    after = cut.in_target()
    for path in (b"f", b"f/in", b"f/more"):
        assert after[path] == before[path]


def test_a_file_in_the_way_of_a_folder(cut: World) -> None:
    cut.write("target", "g", b"mine")
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"g"]
    assert cut.in_target()[b"g"].content == b"mine"


def test_permissions_that_were_changed(cut: World) -> None:
    os.chmod(cut.at("target", "m"), 0o444)
    assert conflicts(cut.restore(kept=True)) == [b"m"]
    assert cut.in_target()[b"m"].mode == 0o444


def test_permissions_of_a_folder_that_were_changed(world: World) -> None:
    world.build({b"": folder(), b"d": folder(mode=0o700)}, {b"": folder(), b"d": folder()})
    world.keep()
    os.chmod(world.target + "/d", 0o775)
    assert conflicts(world.restore(kept=True)) == [b"d"]
    assert world.in_target()[b"d"].mode == 0o775


def test_without_the_safety_snapshots_folder_nothing_below_goes(cut: World) -> None:
    os.unlink(cut.kept + "/d/x")
    os.rmdir(cut.kept + "/d")
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"d/x"]


def test_verify_also_compares_with_the_safety_snapshot(cut: World) -> None:
    place = cut.at("target", "a")
    found = os.stat(place)
    write(b"NEWER A")(place)
    os.utime(place, ns=(found.st_atime_ns, found.st_mtime_ns))  # some programs do
    assert conflicts(cut.restore(kept=True, verify=True)) == [b"a"]
    assert cut.in_target()[b"a"].content == b"NEWER A"


# --- At the last moment -------------------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["swapping names", "as on NFS"])
def swaps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if not request.param:
        monkeypatch.setattr(calls, "exchange", lambda *_: False)
        monkeypatch.setattr(calls, "rename_new", lambda *_: False)
    return bool(request.param)


def test_saved_while_the_copy_was_made(
    cut: World, monkeypatch: pytest.MonkeyPatch, swaps: bool
) -> None:
    real = calls.set_times

    def save_first(fd: int, ns: tuple[int, int]) -> None:
        monkeypatch.setattr(calls, "set_times", real)
        write(b"saved now")(cut.at("target", "a"))
        real(fd, ns)

    monkeypatch.setattr(calls, "set_times", save_first)
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"a"]
    assert cut.in_target()[b"a"].content == b"saved now"
    assert sorted(os.listdir(cut.target)) == ["a", "d", "f", "g", "m"]


def test_saved_with_its_time_set_back_while_the_copy_was_made(
    cut: World, monkeypatch: pytest.MonkeyPatch, swaps: bool
) -> None:
    real = calls.set_times
    place = cut.at("target", "a")

    def save_first(fd: int, ns: tuple[int, int]) -> None:
        monkeypatch.setattr(calls, "set_times", real)
        found = os.stat(place)
        write(b"NEWER A")(place)
        os.utime(place, ns=(found.st_atime_ns, found.st_mtime_ns))
        real(fd, ns)

    monkeypatch.setattr(calls, "set_times", save_first)
    assert conflicts(cut.restore(kept=True)) == [b"a"]
    assert cut.in_target()[b"a"].content == b"NEWER A"


def test_made_while_the_copy_was_made(
    cut: World, monkeypatch: pytest.MonkeyPatch, swaps: bool
) -> None:
    os.unlink(cut.at("target", "a"))
    real = calls.set_times

    def save_first(fd: int, ns: tuple[int, int]) -> None:
        monkeypatch.setattr(calls, "set_times", real)
        write(b"made now")(cut.at("target", "a"))
        real(fd, ns)

    monkeypatch.setattr(calls, "set_times", save_first)
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"a"]
    assert cut.in_target()[b"a"].content == b"made now"
    assert sorted(os.listdir(cut.target)) == ["a", "d", "f", "g", "m"]


@pytest.mark.parametrize("what", ["saved", "replaced", "removed"])
def test_between_the_last_look_and_the_rename(
    cut: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Only swapping names closes this gap; where the file system can't, it is microseconds."""
    real = calls.exchange
    place = cut.at("target", "a")

    def too_late(name: str, other: str, dir_fd: int) -> bool:
        if other == "a":
            monkeypatch.setattr(calls, "exchange", real)
            if what == "saved":
                write(b"saved now")(place)
            else:
                os.unlink(place)
            if what == "replaced":
                os.symlink("saved now", place)
        return real(name, other, dir_fd)

    monkeypatch.setattr(calls, "exchange", too_late)
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"a"]
    found = cut.in_target()
    assert what == "removed" or found[b"a"].content == b"saved now"
    assert (b"a" in found) == (what != "removed")
    assert not [path for path in found if b".~" in path]


def test_what_came_at_the_last_moment_goes_back_although_ours_was_removed(
    cut: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = calls.exchange
    place = cut.at("target", "a")

    def hectic(name: str, other: str, dir_fd: int) -> bool:
        if other != "a":
            return real(name, other, dir_fd)
        monkeypatch.setattr(calls, "exchange", real)
        write(b"saved now")(place)
        done = real(name, other, dir_fd)
        os.unlink(place)
        return done

    monkeypatch.setattr(calls, "exchange", hectic)
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"a"]
    assert cut.in_target()[b"a"].content == b"saved now"


def test_changed_just_before_it_is_removed(cut: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access

    def save_first(place: str, mode: int, **more: object) -> bool:
        if os.path.exists(cut.at("target", "e/1")):
            write(b"saved now")(cut.at("target", "e/1"))
        return real(place, mode)

    monkeypatch.setattr(os, "access", save_first)
    if os.geteuid() != 0:
        assert os.stat(cut.target).st_uid == os.geteuid()
    done = cut.restore(kept=True, paths=[b"e"])
    assert conflicts(done) == [b"e/1"]
    assert portrait(cut.target + "/e").keys() == {b"", b"1"}


def test_something_put_into_a_folder_just_before_it_is_removed(
    cut: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = calls.rmdir

    def save_first(name: str, dir_fd: int) -> None:
        if name == "e":
            cut.write("target", "e/new", b"saved now")
        real(name, dir_fd)

    monkeypatch.setattr(calls, "rmdir", save_first)
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"e"]
    assert cut.in_target()[b"e/new"].content == b"saved now"


def test_something_put_into_a_folder_in_the_way_just_before_it_goes(
    cut: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = calls.rmdir

    def save_first(name: str, dir_fd: int) -> None:
        if name == "f":
            cut.write("target", "f/new", b"saved now")
        real(name, dir_fd)

    monkeypatch.setattr(calls, "rmdir", save_first)
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"f"]
    found = cut.in_target()
    assert found[b"f/new"].content == b"saved now"
    assert not [path for path in found if b".~" in path]


def test_links_and_pipes_in_the_way_of_nothing(cut: World) -> None:
    """A conflict at one path does not keep the others from being restored."""
    for name in ("a", "m", "g"):
        replace_by_link(cut.at("target", name))
    done = cut.restore(kept=True)
    assert conflicts(done) == [b"a", b"g", b"m"]
    found = cut.in_target()
    assert found[b"d/x"] == SOURCE[b"d/x"]
    assert found[b"f"] == SOURCE[b"f"]
    assert b"e" not in found
    assert found[b"a"] == symlink(b"elsewhere")._replace(mtime=found[b"a"].mtime)


def test_an_empty_folder_that_was_exchanged_for_another(
    cut: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in ("target", "kept"):
        os.mkdir(cut.at(side, "empty"))
    real = os.access

    def exchange_first(place: str, mode: int) -> bool:
        monkeypatch.setattr(os, "access", real)
        os.rename(cut.at("target", "empty"), cut.at("target", "aside"))
        os.mkdir(cut.at("target", "empty"))
        return real(place, mode)

    monkeypatch.setattr(os, "access", exchange_first)
    done = cut.restore(kept=True, paths=[b"empty"])
    assert conflicts(done) == [b"empty"]
    assert os.path.isdir(cut.at("target", "empty"))


@pytest.mark.usefixtures("swaps")
@pytest.mark.parametrize("appears", ["file", "folder", "filled folder"])
@pytest.mark.parametrize("wanted", ["file", "folder", "link"])
def test_something_appears_just_before_the_new_gets_its_name(
    world: World, monkeypatch: pytest.MonkeyPatch, appears: str, wanted: str
) -> None:
    entry = {"file": file(b"x"), "folder": folder(), "link": symlink(b"x")}[wanted]
    world.build({b"": folder(), b"p": entry}, {b"": folder()})
    world.keep()
    place = world.at("target", "p")
    real = calls.rename_new

    def appear_first(name: str, new: str, dir_fd: int) -> bool:
        monkeypatch.setattr(calls, "rename_new", real)
        if appears == "file":
            write(b"mine")(place)
        else:
            os.mkdir(place)
        if appears == "filled folder":
            write(b"mine")(place + "/mine")
        return real(name, new, dir_fd)

    monkeypatch.setattr(calls, "rename_new", appear_first)
    done = world.restore(kept=True)
    assert conflicts(done) == [b"p"]
    found = world.in_target()
    assert found[b"p"].kind == ("file" if appears == "file" else "directory")
    assert b"mine" in {one.content for one in found.values()} or appears == "folder"
    assert not [path for path in found if b".~" in path]


def test_no_hard_link_can_be_made_and_something_appears(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File systems without renameat2's flags and without hard links: look, then rename."""
    world.build({b"": folder(), b"p": file(b"x"), b"q": file(b"q")}, {b"": folder()})
    world.keep()

    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(calls, "rename_new", lambda *_: False)
    monkeypatch.setattr(calls, "link", refuse)
    real = calls.set_times

    def appear_first(fd: int, ns: tuple[int, int]) -> None:
        monkeypatch.setattr(calls, "set_times", real)
        write(b"mine")(world.at("target", "p"))
        real(fd, ns)

    monkeypatch.setattr(calls, "set_times", appear_first)
    assert conflicts(world.restore(kept=True)) == [b"p"]
    found = world.in_target()
    assert (found[b"p"].content, found[b"q"]) == (b"mine", file(b"q"))
