"""Let a restore die at any change it makes, as `kill -9` does, but where we want it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from netapp_jlab.files import calls

from .trees import Model


class Killed(BaseException):
    """Nothing catches this, and nothing can be changed any more once it was raised."""


class Reaper:
    """Counts the calls that change something, and lets none of them happen from the nth on."""

    def __init__(self, nth: int) -> None:
        self.count = 0
        self._nth = nth

    def before(self) -> None:
        self.count += 1
        if self.count > self._nth:
            raise Killed


@contextmanager
def dying_at(nth: int) -> Iterator[Reaper]:
    reaper = Reaper(nth)
    with pytest.MonkeyPatch.context() as patch:
        for call in calls.CHANGING:
            real = getattr(calls, call.__name__)  # which may be another test double

            def hooked(*arguments: object, real: object = real, **named: object) -> object:
                reaper.before()
                return real(*arguments, **named)  # type: ignore[operator]

            patch.setattr(calls, call.__name__, hooked)
        yield reaper


def old_or_new(found: Model, old: Model, new: Model) -> None:
    """Each path is as it was or as it is to be; only a change of kind may show nothing between."""
    for path in old.keys() | new.keys() | found.keys():
        if b".~netapp-jlab-" in path:
            continue
        before, after, now = old.get(path), new.get(path), found.get(path)
        if now is None:
            kinds = {entry.kind for entry in (before, after) if entry is not None}
            assert before is None or after is None or len(kinds) > 1, path
        elif now.kind == "directory":
            assert "directory" in {entry.kind for entry in (before, after) if entry}, path
        else:
            assert now in (before, after), path
