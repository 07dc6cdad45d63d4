"""What the parts that act on a walk's steps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netapp_jlab.files.batch import Batch
    from netapp_jlab.files.guard import Guard
    from netapp_jlab.files.links import Links
    from netapp_jlab.files.make import Maker
    from netapp_jlab.files.report import Report
    from netapp_jlab.files.steps import Step
    from netapp_jlab.files.tree import Tree
    from netapp_jlab.files.walk import Walk


class Tools(NamedTuple):
    """One restore: the tree it works in, and what it works with.

    Attributes
    ----------
    target : Tree
    prefix : str
        How its temporary names start.
    walk : Walk
        The round that is under way.
    guard : Guard
    maker : Maker
    batch : Batch
    links : Links
    report : Report
    """

    target: Tree
    prefix: str
    walk: Walk
    guard: Guard
    maker: Maker
    batch: Batch
    links: Links
    report: Report

    def leave_alone(self, step: Step, reason: str) -> None:
        """Report that somebody changed an entry meanwhile; it stays, and so does what holds it."""
        step.refused = True
        step.frame.stays = True
        self.report.conflict(step.path, reason)
