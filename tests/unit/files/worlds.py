"""A source, a target and what else a restore needs, on disk, with the calls every test makes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from netapp_jlab.files import Change, Issue, Outcome, Tree, compare, restore

from . import trees


def never() -> bool:
    return False


class World:
    """Directories `source`, `target`, `kept` and `baseline` below one place."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source = str(root / "source")
        self.target = str(root / "target")
        self.kept = str(root / "kept")
        self.baseline = str(root / "baseline")
        for place in (self.source, self.target):
            os.mkdir(place)

    def build(self, source: trees.Model, target: trees.Model) -> None:
        trees.build(self.source, source)
        trees.build(self.target, target)

    def keep(self) -> None:
        """Cut the safety snapshot."""
        trees.copy(self.target, self.kept)

    def restore(
        self,
        *,
        kept: bool = False,
        baseline: bool = False,
        paths: Sequence[bytes] | None = None,
        extra: bool = True,
        verify: bool = False,
        token: str = "run-1",
        cancel: Callable[[], object] = never,
        **more: object,
    ) -> Outcome:
        with ExitStack() as stack:
            opened = {
                name: stack.enter_context(Tree.open(getattr(self, name)))
                for name, wanted in (
                    ("source", True),
                    ("target", True),
                    ("kept", kept),
                    ("baseline", baseline),
                )
                if wanted
            }
            return restore(
                opened["source"],
                opened["target"],
                kept=opened.get("kept"),
                baseline=opened.get("baseline"),
                paths=paths,
                remove_extra=extra,
                verify=verify,
                token=token,
                cancel=cancel,
                **more,
            )

    def compare(
        self,
        *,
        paths: Sequence[bytes] | None = None,
        extra: bool = True,
        verify: bool = False,
        baseline: bool = False,
        on_failure: Callable[[Issue], object] | None = None,
    ) -> list[Change]:
        with ExitStack() as stack:
            source = stack.enter_context(Tree.open(self.source))
            target = stack.enter_context(Tree.open(self.target))
            before = stack.enter_context(Tree.open(self.baseline)) if baseline else None
            return list(
                compare(
                    source,
                    target,
                    paths=paths,
                    extra=extra,
                    verify=verify,
                    baseline=before,
                    cancel=never,
                    on_failure=on_failure,
                )
            )

    def in_source(self) -> trees.Model:
        return trees.portrait(self.source)

    def in_target(self) -> trees.Model:
        return trees.portrait(self.target)

    def at(self, side: str, path: str) -> str:
        return os.path.join(getattr(self, side), path)

    def write(self, side: str, path: str, content: bytes, *, at: int | None = None) -> str:
        """Write a file as a user does, making the folders above."""
        place = self.at(side, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(content)
        if at is not None:
            os.utime(place, ns=(trees.T0 + at, trees.T0 + at))
        return place
