"""What a restore would change: for a dry run, and to check one afterwards."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from netapp_jlab.files.cancel import checker
from netapp_jlab.files.entries import Change, is_directory, kind_of, same_directory, size_of
from netapp_jlab.files.errors import BadPath, NoSuchPath, Unreadable
from netapp_jlab.files.paths import Selection, checked
from netapp_jlab.files.report import Issue
from netapp_jlab.files.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from netapp_jlab.files.cancel import Cancel
    from netapp_jlab.files.entries import Action
    from netapp_jlab.files.frames import Frame
    from netapp_jlab.files.steps import Step
    from netapp_jlab.files.tree import Tree


class Summary(NamedTuple):
    """What changes amount to.

    Attributes
    ----------
    create, replace, metadata, remove : int
        Numbers of changes, by what happens.
    copy_bytes, remove_bytes : int
        Bytes of file contents that are copied, or removed and not replaced.
    examples : tuple of Change
        The first ones.
    """

    create: int
    replace: int
    metadata: int
    remove: int
    copy_bytes: int
    remove_bytes: int
    examples: tuple[Change, ...]

    @property
    def changes(self) -> int:
        """Number of all changes."""
        return self.create + self.replace + self.metadata + self.remove


def compare(
    source: Tree,
    target: Tree,
    *,
    paths: Sequence[bytes] | None = None,
    extra: bool,
    verify: bool = False,
    baseline: Tree | None = None,
    cancel: Cancel,
    on_failure: Callable[[Issue], object] | None = None,
) -> Iterator[Change]:
    """Yield what differs, in order: folders before what is created in them, after what is removed.

    Unchanged is what has the same type, size, permissions, owner and time of modification (for
    directories without the size), and such files are not read; a symbolic link must also point to
    the same place. Extended attributes alone make no difference.

    Parameters
    ----------
    source, target : Tree
        What it should be, and what it is.
    paths : sequence of bytes, optional
        Only these files and folders; everything when None.
    extra : bool
        Also what only the target has (``remove``).
    verify : bool
        Also read and compare contents and extended attributes of files that look unchanged.
    baseline : Tree, optional
        What an undo would change; see :func:`netapp_jlab.files.restore.restore`.
    cancel : callable
        Called often; a true result, or raising, stops.
    on_failure : callable, optional
        Told of entries that can't be looked at.

    Raises
    ------
    BadPath, NoSuchPath
        A selected path is none, or leads nowhere on either side.
    Unreadable
        An entry can't be looked at and there is no `on_failure`.
    Cancelled
    """
    walk = Walk(
        source,
        target,
        baseline=baseline,
        selection=select(paths, source, target, baseline, None),
        extra=extra,
        verify=verify,
        live=False,
        check=checker(cancel),
    )
    return _changes(walk, on_failure)


def summarize(changes: Iterable[Change], *, examples: int = 50) -> Summary:
    """Count changes; they are not kept, but for the first few."""
    rest = iter(changes)
    first = tuple(islice(rest, examples))
    counts: Counter[Action] = Counter()
    sizes: Counter[Action] = Counter()
    for part in (first, rest):
        for change in part:
            counts[change.action] += 1
            sizes[change.action] += change.size
    return Summary(
        create=counts["create"],
        replace=counts["replace"],
        metadata=counts["metadata"],
        remove=counts["remove"],
        copy_bytes=sizes["create"] + sizes["replace"],
        remove_bytes=sizes["remove"],
        examples=first,
    )


def select(
    paths: Sequence[bytes] | None,
    source: Tree,
    target: Tree,
    baseline: Tree | None,
    kept: Tree | None,
) -> Selection:
    """Check the paths that a caller asks for; None stands for everything.

    What is only in the safety snapshot was removed by the run that this one goes on from.
    """
    if paths is None:
        return Selection(whole=True)
    trees = [tree for tree in (source, target, baseline, kept) if tree is not None]
    excluded = source.excluded | target.excluded
    boundaries = source.boundaries | target.boundaries
    return Selection.of(_found(path, trees, excluded, boundaries) for path in paths)


def is_obstructed(step: Step) -> bool:
    """Tell whether a directory of the target is where something else is to be."""
    return is_directory(step.target) and not is_directory(step.source)


def is_going(frame: Frame) -> bool:
    """Tell whether a directory that was visited is to be removed, as the source has none."""
    return frame.s is None and frame.selection.whole and not frame.dead


def changes_directory(frame: Frame) -> bool:
    """Tell whether attributes of a directory that both sides have are to be changed."""
    if not frame.settles or frame.created or frame.s is None or frame.t is None:
        return False
    return not same_directory(frame.s, frame.t)


def _found(
    path: bytes, trees: list[Tree], excluded: frozenset[str], boundaries: frozenset[bytes]
) -> list[str]:
    parts = checked(path, excluded)
    if any((path + b"/").startswith(boundary + b"/") for boundary in boundaries):
        raise BadPath(path, "another file system is mounted there")
    if all(tree.lstat(path) is None for tree in trees):
        raise NoSuchPath(path)
    return parts


def _changes(walk: Walk, on_failure: Callable[[Issue], object] | None) -> Iterator[Change]:
    with closing(walk):
        for step in _steps(walk):
            if step.action != "failure":
                change = _change(walk, step)
                if change is not None:
                    yield change
            elif on_failure is None:
                raise Unreadable(step.path, step.reason) from step.error
            else:
                on_failure(Issue(step.path, step.reason))


def _steps(walk: Walk) -> Iterator[Step]:
    """Walk, and before a file takes a directory's place, through what is in that."""
    for step in walk.steps():
        if step.action == "replace" and is_obstructed(step):
            yield from _inside(walk, step)
        yield step


def _inside(walk: Walk, step: Step) -> Iterator[Step]:
    if step.target is not None:
        for inner in walk.clearing(step.frame, step.name, step.target):
            if inner.action != "leave" or inner.frame.parent is not step.frame:
                yield inner


def _change(walk: Walk, step: Step) -> Change | None:
    action = step.action
    if action in ("create", "replace", "metadata") and step.source is not None:
        size = 0 if action == "metadata" else size_of(step.source)
        return Change(step.path, action, kind_of(step.source), size)
    if action == "remove" and step.target is not None:
        return Change(step.path, action, kind_of(step.target), size_of(step.target))
    if action == "leave":
        frame = step.frame
        if is_going(frame):
            return Change(frame.path(), "remove", "directory", 0)
        if changes_directory(frame) and walk.settles(frame):
            return Change(frame.path(), "metadata", "directory", 0)
    return None
