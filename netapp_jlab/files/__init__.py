"""Compare directory trees, and bring back what differs while somebody works in one of them.

Standard library only, Linux only, and no Kubernetes: this also runs in a small helper pod. Paths
are ``bytes``, relative to a tree, ``/``-separated; ``b""`` is the root.
"""

from __future__ import annotations

from netapp_jlab.files.cancel import Cancel
from netapp_jlab.files.compare import Summary, compare, summarize
from netapp_jlab.files.entries import Action, Change, Kind
from netapp_jlab.files.errors import (
    BadPath,
    Cancelled,
    FilesError,
    NoSpace,
    NoSuchPath,
    NotReadable,
    NotThere,
    NotWritable,
    TreeUnavailable,
    Unreadable,
    WrongKind,
)
from netapp_jlab.files.look import Entry, entry, listing, read
from netapp_jlab.files.names import from_text, to_text
from netapp_jlab.files.paths import ROOT_EXCLUDED, check_paths
from netapp_jlab.files.report import Issue, Outcome, Progress
from netapp_jlab.files.restore import restore
from netapp_jlab.files.tree import Tree
from netapp_jlab.files.usage import Usage, usage

__all__ = [
    "ROOT_EXCLUDED",
    "Action",
    "BadPath",
    "Cancel",
    "Cancelled",
    "Change",
    "Entry",
    "FilesError",
    "Issue",
    "Kind",
    "NoSpace",
    "NoSuchPath",
    "NotReadable",
    "NotThere",
    "NotWritable",
    "Outcome",
    "Progress",
    "Summary",
    "Tree",
    "TreeUnavailable",
    "Unreadable",
    "Usage",
    "WrongKind",
    "check_paths",
    "compare",
    "entry",
    "from_text",
    "listing",
    "read",
    "restore",
    "summarize",
    "to_text",
    "usage",
]
