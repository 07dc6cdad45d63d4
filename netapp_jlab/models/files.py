"""What is in a snapshot: folders and the files in them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from netapp_jlab.models.base import Model

FileKind = Literal["file", "directory", "symlink", "fifo", "socket", "device"]


class FileEntry(Model, frozen=True, kw_only=True):
    """One entry of a folder.

    Attributes
    ----------
    name : str
        Its name in the folder; folder and name with a ``/`` between are its path.
    size : int
        Bytes of a file; 0 for everything else.
    modified : datetime | None
        Time of modification; None where that is no date (before year 1 or after 9999).
    link : str
        Where a symbolic link points, as it is written; else empty. Links are never followed.
    """

    name: str
    kind: FileKind
    size: int
    modified: datetime | None
    link: str


class FileList(Model, frozen=True, kw_only=True):
    """What a folder of a snapshot holds: folders first, then all else, each by name.

    Attributes
    ----------
    path : str
        The folder, relative to the volume's root; empty for the root.
    items : tuple[FileEntry, ...]
        The first ones, as many as were asked for.
    total : int
        How many there are.
    """

    snapshot: str
    volume: str
    path: str
    items: tuple[FileEntry, ...]
    total: int


class Opening(Model, frozen=True, kw_only=True):
    """The files of a snapshot can not be read yet; ask again.

    Attributes
    ----------
    step : str
        One sentence for the user: what is waited for.
    """

    step: str
