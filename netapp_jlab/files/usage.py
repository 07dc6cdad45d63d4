"""How full a tree's file system is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from netapp_jlab.files.tree import Tree


class Usage(NamedTuple):
    """Bytes of a file system, as ``df`` counts them.

    Attributes
    ----------
    total, used : int
    free : int
        What an ordinary user may still write; less than ``total - used`` where blocks are reserved.
    """

    total: int
    used: int
    free: int


def usage(tree: Tree) -> Usage:
    """Ask the file system that `tree` is on (``fstatvfs`` on its open root)."""
    return usage_of(tree.fd)


def usage_of(fd: int) -> Usage:
    """Ask the file system that an open file or directory is on."""
    found = os.fstatvfs(fd)
    return Usage(
        total=found.f_blocks * found.f_frsize,
        used=(found.f_blocks - found.f_bfree) * found.f_frsize,
        free=found.f_bavail * found.f_frsize,
    )
