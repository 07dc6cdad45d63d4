"""Bring back what differs from a snapshot, in a tree that somebody is working in."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from netapp_jlab.files.apply import Applier
from netapp_jlab.files.batch import Batch
from netapp_jlab.files.cancel import checker
from netapp_jlab.files.compare import select
from netapp_jlab.files.content import Copier
from netapp_jlab.files.guard import Guard
from netapp_jlab.files.links import Links
from netapp_jlab.files.make import Maker
from netapp_jlab.files.paths import Selection, components, temporary_prefix
from netapp_jlab.files.report import Outcome, Progress, Report
from netapp_jlab.files.tools import Tools
from netapp_jlab.files.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netapp_jlab.files.cancel import Cancel
    from netapp_jlab.files.compare import Summary
    from netapp_jlab.files.tree import Tree


def restore(
    source: Tree,
    target: Tree,
    *,
    kept: Tree | None,
    paths: Sequence[bytes] | None = None,
    remove_extra: bool = False,
    verify: bool = False,
    baseline: Tree | None = None,
    token: str,
    cancel: Cancel,
    progress: Callable[[Progress], object] | None = None,
    plan: Summary | None = None,
) -> Outcome:
    """Bring back what differs; see :func:`~netapp_jlab.files.compare.compare` for what that is.

    Each file is written beside its place, made durable, and renamed: whenever this is killed, each
    file is the old one or the new one, and the same call goes on from there to the same result.
    Symbolic links are never followed. Where something else is mounted, nothing is touched.

    Parameters
    ----------
    source : Tree
        The snapshot to go back to; for an undo the safety snapshot of the restore to take back.
    target : Tree
        The live tree.
    kept : Tree | None
        The safety snapshot, cut just before. What is not in it as it is in the target was changed
        since, and is left alone (``Outcome.conflicts``). None only where nothing can be lost.
    paths : sequence of bytes, optional
        Only these files and folders; everything when None.
    remove_extra : bool
        Also remove what the source does not have.
    verify : bool
        Also read and compare what looks unchanged.
    baseline : Tree, optional
        For an undo: the snapshot that was restored. Only paths at which it and the source differ
        are touched; what the restore had created goes if nobody changed it since, and what
        somebody made since stays.
    token : str
        Names this restore; a later call with the same one tidies up what a killed one left.
    cancel : callable
        Called often, also within large files; a true result, or raising, stops.
    progress : callable, optional
        Told how far it is, ten times a second at most.
    plan : Summary, optional
        What a comparison found to do, for the totals of the progress.

    Returns
    -------
    Outcome
        When it is returned, everything is durable.

    Raises
    ------
    BadPath, NoSuchPath
        Nothing was done.
    NoSpace, NotWritable, Cancelled
        What was done until then stays; nothing is half done.
    """
    prefix = temporary_prefix(token)
    check = checker(cancel)
    trees = [tree for tree in (source, target, kept, baseline) if tree is not None]
    for tree in trees:
        tree.look_again()
    selection = select(paths, source, target, baseline, kept)
    report = Report(target, progress, plan)
    links = Links()
    batch = Batch(report, links, check)
    guard = Guard(enforced=kept is not None, verify=verify, check=check)
    maker = Maker(prefix, Copier(check=check, advance=report.advance), report.warn)

    def bring(chosen: Selection, *, extra: bool) -> None:
        walk = Walk(
            source,
            target,
            baseline=baseline,
            kept=kept,
            selection=chosen,
            extra=extra,
            verify=verify,
            live=True,
            check=check,
        )
        applier = Applier(Tools(target, prefix, walk, guard, maker, batch, links, report))
        with closing(walk):
            try:
                applier.run(walk.steps())
                batch.flush()
            except BaseException:
                batch.abandon()
                raise

    bring(selection, extra=remove_extra)
    while again := links.next_round():
        within = Selection.of(map(components, again), within=selection)
        bring(within, extra=False)
    batch.end()
    report.tell()
    return report.outcome()
