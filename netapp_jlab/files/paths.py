"""Which paths below a tree may be asked for, and which of them a walk visits."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from netapp_jlab.files.errors import BadPath

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

ROOT_EXCLUDED = (b".snapshot", b"lost+found")
"""Names at a volume's root that are the storage's, not the user's."""

TEMPORARY = ".~netapp-jlab-"
"""How the names of our temporary files start; what is named so is nobody else's."""

_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SILLY_RENAME = re.compile(r"\.nfs[0-9a-f]{24}")  # linux/fs/nfs/unlink.c


def is_hidden(name: str) -> bool:
    """Tell whether a walk passes over `name` wherever it is: our temporaries, NFS's leftovers."""
    return name.startswith(TEMPORARY) or _SILLY_RENAME.fullmatch(name) is not None


def temporary_prefix(token: str) -> str:
    """Return how temporary names of one restore start (so at most 255 bytes with a counter).

    Raises
    ------
    ValueError
        The token could not be part of a name, or could be taken for another one.
    """
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"token {token!r}: 1 to 64 of the characters A-Z a-z 0-9 . _ - are needed")
    return f"{TEMPORARY}{token}~"


def components(path: bytes) -> list[str]:
    """Split a path that a caller asks for.

    Parameters
    ----------
    path : bytes
        Relative, ``/``-separated; ``b""`` is the root.

    Raises
    ------
    BadPath
        It is absolute, has an empty, ``.`` or ``..`` component, a NUL byte or too long a name.
    """
    if not path:
        return []
    if path.startswith(b"/"):
        raise BadPath(path, "it is absolute")
    if b"\0" in path:
        raise BadPath(path, "it has a NUL byte")
    parts = path.split(b"/")
    for part in parts:
        if part in (b"", b".", b".."):
            raise BadPath(path, f"a component is {part.decode()!r}")
        if len(part) > 255:
            raise BadPath(path, "a name has more than 255 bytes")
    return [os.fsdecode(part) for part in parts]


def checked(path: bytes, excluded: Collection[str]) -> list[str]:
    """Split a path to be restored; `excluded` are the names at the root that can't be.

    Raises
    ------
    BadPath
        As :func:`components`; also for what a walk passes over.
    """
    parts = components(path)
    if parts and parts[0] in excluded:
        raise BadPath(path, "it belongs to the storage")
    if any(is_hidden(part) for part in parts):
        raise BadPath(path, "names like this are used for temporary files")
    return parts


def check_paths(paths: Iterable[bytes]) -> None:
    """Check the form of paths to be restored, before any tree is at hand.

    Raises
    ------
    BadPath
        One leads out of the volume, or to what is not the user's.
    """
    excluded = [os.fsdecode(name) for name in ROOT_EXCLUDED]
    for path in paths:
        checked(path, excluded)


class Selection:
    """Selected paths as a tree of names; a leaf stands for all that is below it.

    Attributes
    ----------
    inside : dict of str to Selection
        What is selected below; empty for a leaf.
    whole : bool
        This path itself is selected, with everything below.
    settled : bool
        Attributes of this directory are restored although only some of what it holds is selected.
    """

    __slots__ = ("inside", "settled", "whole")

    def __init__(self, *, whole: bool = False, settled: bool = False) -> None:
        self.inside: dict[str, Selection] = {}
        self.whole = whole
        self.settled = settled

    @classmethod
    def of(cls, paths: Iterable[list[str]], *, within: Selection | None = None) -> Selection:
        """Select paths; directories that `within` selects count as :attr:`settled`."""
        root = cls(settled=within is not None and within.whole)
        for parts in paths:
            root._add(parts, within)
        return root

    def _add(self, parts: list[str], within: Selection | None) -> None:
        node = self
        for name in parts:
            if node.whole:
                return
            if within is not None and not within.whole:
                within = within.inside.get(name)
            settled = within is not None and within.whole
            node = node.inside.setdefault(name, Selection(settled=settled))
        node.whole = True
        node.inside.clear()
