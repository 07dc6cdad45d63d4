"""What a user without privileges can restore, and what becomes of the rest."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netapp_jlab.files import Cancelled, attributes, calls

from . import trees
from .deaths import Killed, dying_at
from .trees import Model, file, folder
from .users import UID, as_user
from .worlds import World

ROOT = os.geteuid() == 0


@pytest.fixture
def mine() -> Iterator[World]:
    """A world that belongs to a user without privileges."""
    place = Path(tempfile.mkdtemp())
    os.chmod(place, 0o755)
    world = World(place)
    give(place)
    yield world
    subprocess.run(["chmod", "-R", "u+rwX", place], check=True)
    shutil.rmtree(place)


def give(place: str | Path) -> None:
    if ROOT:
        subprocess.run(["chown", "-Rh", f"{UID}:{UID}", place], check=True)


def build(world: World, source: Model, target: Model) -> None:
    """Build both sides and the safety snapshot as the user."""
    world.build(source, target)
    for side in (world.source, world.target):
        give(side)
        # Giving away clears what must not be given away.
        for path, entry in (source if side == world.source else target).items():
            if ROOT and entry.kind == "file":
                os.chmod(os.path.join(os.fsencode(side), path), entry.mode)
    world.keep()
    give(world.kept)


def restore(world: World, **how: Any) -> dict[str, Any]:
    def call() -> dict[str, Any]:
        done = world.restore(**how)
        return {
            "conflicts": [os.fsdecode(issue.path) for issue in done.conflicts],
            "failures": {os.fsdecode(issue.path): issue.reason for issue in done.failures},
            "warnings": dict(done.warnings),
        }

    found: dict[str, Any] = as_user(call)
    return found


NOTHING: dict[str, Any] = {"conflicts": [], "failures": {}, "warnings": {}}

SHUT: Model = {
    b"": folder(),
    b"no-write": folder(mode=0o500),
    b"no-write/a": file(b"a", mode=0o400),
    b"no-write/new": file(b"new"),
    b"no-write/sub": folder(mode=0o555),
    b"no-write/sub/c": file(b"c"),
    b"no-list": folder(mode=0o755),
    b"no-list/x": file(b"x"),
    b"file": file(b"f", mode=0o644),
}
SHUT_NOW: Model = {
    b"": folder(),
    b"no-write": folder(mode=0o500),
    b"no-write/a": file(b"changed", mode=0o400),
    b"no-write/extra": file(b"e", mode=0o000),
    b"no-write/sub": folder(mode=0o555),
    b"no-write/sub/c": file(b"changed", mode=0o000),
    b"extra": folder(mode=0o555),
    b"extra/deep": folder(mode=0o500),
    b"extra/deep/x": file(b"x"),
    b"no-list": folder(mode=0o000),
    b"no-list/x": file(b"changed"),
    b"file": file(b"changed", mode=0o000),
}


def test_folders_that_their_owner_must_not_write(mine: World) -> None:
    build(mine, SHUT, SHUT_NOW)
    os.chmod(mine.kept + "/no-list", 0o700)  # else the user could not look whether it is kept
    done = restore(mine, kept=True)
    assert done == {**NOTHING, "conflicts": ["no-list"]}
    mode = stat.S_IMODE(os.stat(mine.target + "/no-list").st_mode)
    assert mode == 0
    os.chmod(mine.target + "/no-list", 0o755)
    os.utime(mine.target + "/no-list", ns=(trees.T0, trees.T0))
    assert mine.in_target() == SHUT


def test_what_can_not_be_compared_with_the_safety_snapshot_is_left_alone(mine: World) -> None:
    build(mine, SHUT, SHUT_NOW)
    done = restore(mine, kept=True)
    assert done["failures"] == {}
    assert sorted(done["conflicts"]) == ["no-list", "no-list/x"]
    assert stat.S_IMODE(os.stat(mine.target + "/no-list").st_mode) == 0


def test_dying_while_a_folder_is_opened_up(mine: World) -> None:
    """The permissions that were given for the time of the work do not stay."""
    source: Model = {path: entry for path, entry in SHUT.items() if b"no-list" not in path}
    now: Model = {path: entry for path, entry in SHUT_NOW.items() if b"no-list" not in path}
    build(mine, source, now)

    def count() -> int:
        with dying_at(10**9) as reaper:
            mine.restore(kept=True)
        return reaper.count

    total = as_user(count)
    assert mine.in_target() == source

    def die(nth: int) -> bool:
        try:
            with dying_at(nth):
                mine.restore(kept=True)
        except Killed:
            return True
        return False

    for nth in range(total):
        subprocess.run(["chmod", "-R", "u+rwX", mine.target], check=True)
        trees.build(mine.target, now)
        give(mine.target)
        assert as_user(lambda nth=nth: die(nth))
        assert restore(mine, kept=True) == NOTHING
        assert mine.in_target() == source


def test_cancelling_while_a_folder_is_opened_up(mine: World) -> None:
    """Permissions that were given for the time of the work are taken back at once."""
    build(mine, SHUT, SHUT_NOW)

    def cancel_after(looks: int) -> bool:
        left = [looks]

        def cancel() -> bool:
            left[0] -= 1
            return left[0] < 0

        try:
            mine.restore(kept=True, cancel=cancel)
        except Cancelled:
            return True
        return False

    looks = 0
    while as_user(lambda looks=looks: cancel_after(looks)):
        looks += 1
        for path in ("no-write", "no-write/sub", "no-list"):
            now = stat.S_IMODE(os.stat(mine.at("target", path)).st_mode)
            assert now in (SHUT[path.encode()].mode, SHUT_NOW[path.encode()].mode)
        os.chmod(mine.at("target", "no-list"), 0)
    assert looks > len(SHUT)


def test_what_can_not_be_read_in_the_snapshot(mine: World) -> None:
    build(
        mine,
        {
            b"": folder(),
            b"secret": file(b"s"),
            b"closed": folder(),
            b"closed/x": file(b"x"),
            b"open": file(b"o"),
        },
        {
            b"": folder(),
            b"secret": file(b"live"),
            b"closed": folder(),
            b"closed/live": file(b"l"),
        },
    )
    os.chmod(mine.source + "/secret", 0o000)
    os.chmod(mine.source + "/closed", 0o000)
    done = restore(mine, kept=True)
    assert done["failures"] == {"secret": "Permission denied", "closed": "Permission denied"}
    assert sorted(os.listdir(mine.target)) == ["closed", "open", "secret"]
    assert os.listdir(mine.target + "/closed") == ["live"]
    with open(mine.target + "/secret", "rb") as opened:
        assert opened.read() == b"live"


def test_an_owner_that_can_not_be_restored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would then run as the wrong user does not get its set-user-id bit."""
    world.build({b"": folder(), b"s": file(b"s", mode=0o4755)}, {b"": folder()})

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(attributes, "same_owner", lambda *_: False)
    monkeypatch.setattr(calls, "chown", refuse)
    done = world.restore()
    assert done.warnings[attributes.OWNER] >= 1
    assert world.in_target()[b"s"].mode == 0o755


def test_files_of_others(mine: World) -> None:
    """Where nobody but the user has files (the tests don't run as root), there is no difference."""
    build(
        mine,
        {
            b"": folder(),
            b"theirs": file(b"theirs", mode=0o4755),
            b"mode": file(b"m", mode=0o600),
            b"shut": folder(mode=0o755),
            b"shut/x": file(b"x"),
            b"mine": file(b"m"),
        },
        {
            b"": folder(),
            b"mode": file(b"m"),
            b"shut": folder(mode=0o755),
            b"shut/x": file(b"changed"),
            b"shut/extra": file(b"e"),
        },
    )
    if ROOT:
        for side in (mine.source, mine.target, mine.kept):
            os.chown(side, 0, 0)
            os.chown(side + "/mode", 0, 0)
            os.chown(side + "/shut", 0, 0)
        os.chmod(mine.target, 0o777)
        os.chmod(mine.kept, 0o777)
        os.chown(mine.source + "/theirs", 0, 0)
        os.chmod(mine.source + "/theirs", 0o4755)
    done = restore(mine, kept=True)
    found = mine.in_target()
    assert found[b"mine"].content == b"m"
    if ROOT:
        assert done["failures"] == {
            "mode": "Operation not permitted",
            "shut/extra": "Permission denied",
            "shut/x": "Permission denied",
        }
        assert done["conflicts"] == []
        assert done["warnings"] == {attributes.OWNER: 1, attributes.FOLDER: 1}
        assert found[b"theirs"].mode == 0o755
        assert found[b"shut/x"].content == b"changed"
        again = restore(mine, kept=True)  # comes to the same end
        assert again["conflicts"] == []
        assert again["failures"] == done["failures"]
    else:
        assert done == NOTHING


def test_a_folder_that_the_system_does_not_let_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.build(
        {b"": folder()}, {b"": folder(), b"d": folder(), b"d/e": folder(), b"d/e/x": file(b"x")}
    )
    world.keep()

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(calls, "rmdir", refuse)
    done = world.restore(kept=True)
    assert [tuple(issue) for issue in done.failures] == [(b"d/e", "Operation not permitted")]
    assert done.conflicts == ()
    assert world.in_target().keys() == {b"", b"d", b"d/e"}
