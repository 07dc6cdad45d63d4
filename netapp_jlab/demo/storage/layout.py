"""Where everything lies below the array's root, and how leftovers get out of the way."""

from __future__ import annotations

import errno
import logging
import os
import re
import secrets
from typing import TYPE_CHECKING

from netapp_jlab.demo.storage.errors import InvalidArgumentError
from netapp_jlab.demo.storage.walk import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SNAPSHOT_DIRECTORY", "Layout", "check_name"]

log = logging.getLogger(__name__)

SNAPSHOT_DIRECTORY = ".snapshot"
"""Reserved name directly below every volume's root, as on ONTAP."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_RECORD = ".json"


def check_name(name: str) -> str:
    """Return `name` if it can be one component of a path.

    Raises
    ------
    InvalidArgumentError
        It is empty, too long, or has other characters than letters, digits, ``.``, ``_``, ``-``.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgumentError(
            f"invalid name {name!r}: letters, digits, '.', '_' and '-', at most 200, "
            "starting with a letter or a digit"
        )
    return name


class Layout:
    """Paths below one root.

    Parameters
    ----------
    root : str
        Directory of the array; made if it does not exist.
    """

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self.lock = os.path.join(self.root, "lock")
        self._work = os.path.join(self.root, "work")
        for folder in ("", "volumes", "hidden", "records", "work"):
            os.makedirs(os.path.join(self.root, folder), mode=0o711, exist_ok=True)

    def volume(self, handle: str) -> str:
        """Root directory of a volume."""
        return os.path.join(self.root, "volumes", handle)

    def snapshots(self, volume: str, *, shown: bool) -> str:
        """Directory that holds a volume's snapshots."""
        if shown:
            return os.path.join(self.volume(volume), SNAPSHOT_DIRECTORY)
        return os.path.join(self.root, "hidden", volume)

    def volume_record(self, handle: str) -> str:
        """File that holds a volume's record."""
        return os.path.join(self.root, "records", handle, "volume" + _RECORD)

    def snapshot_record(self, volume: str, name: str) -> str:
        """File that holds a snapshot's record."""
        return os.path.join(self.root, "records", volume, "snapshots", name + _RECORD)

    def volume_names(self) -> list[str]:
        """List the handles that have a directory, with or without a record."""
        return sorted(os.listdir(os.path.join(self.root, "volumes")))

    def recorded_volumes(self) -> list[str]:
        """List the handles that have a folder of records."""
        return sorted(os.listdir(os.path.join(self.root, "records")))

    def recorded_snapshots(self, volume: str) -> list[str]:
        """List the names of the snapshots of a volume that have a record."""
        folder = os.path.dirname(self.snapshot_record(volume, "any"))
        return [name.removesuffix(_RECORD) for name in _entries(folder) if name.endswith(_RECORD)]

    def remove_records(self, volume: str) -> None:
        """Remove the folder of a volume that is gone."""
        remove_tree(os.path.join(self.root, "records", volume))

    def new_work(self) -> str:
        """Make an empty directory for something half done."""
        path = os.path.join(self._work, secrets.token_hex(8))
        os.mkdir(path, 0o700)
        return path

    def discard(self, path: str) -> None:
        """Take a tree away at once, then remove it.

        Between the two it lies in ``work``, where a restart finds it.
        """
        if not os.path.lexists(path):
            return
        os.chmod(path, 0o700)  # a closed directory cannot be moved to another parent
        parking = os.path.join(self.new_work(), "gone")
        os.rename(path, parking)
        remove_tree(os.path.dirname(parking))

    def sweep(self) -> None:
        """Remove what a killed process left in ``work``.

        A part that is still mounted somewhere can not be removed (EBUSY); it is left for the next
        time, for the array can be used all the same.
        """
        for name in os.listdir(self._work):
            try:
                remove_tree(os.path.join(self._work, name))
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
                log.info("%s is left for later: %s", name, error)


def _entries(folder: str) -> Iterator[str]:
    try:
        yield from sorted(os.listdir(folder))
    except FileNotFoundError:
        return
