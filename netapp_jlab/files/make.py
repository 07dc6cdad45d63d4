"""Make what the source has under a temporary name in the target."""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import TYPE_CHECKING

from netapp_jlab.files import attributes, calls
from netapp_jlab.files.attributes import SPECIAL
from netapp_jlab.files.content import SourceChanged
from netapp_jlab.files.entries import same_entry
from netapp_jlab.files.place import discard, discarding

if TYPE_CHECKING:
    from collections.abc import Callable

    from netapp_jlab.files.content import Copier
    from netapp_jlab.files.entries import Stat, Where


class Maker:
    """Makes temporary entries; each method leaves nothing behind when it raises.

    Parameters
    ----------
    prefix : str
        How the temporary names start.
    copier : Copier
    warn : callable
        Told of what could not be restored about an entry.
    """

    def __init__(self, prefix: str, copier: Copier, warn: Callable[[str], None]) -> None:
        self._prefix = prefix
        self._copier = copier
        self._warn = warn
        self._count = 0

    def file(self, source: Where, dir_fd: int) -> tuple[str, int]:
        """Copy a file; returns its name and the file itself, open to be synced."""
        origin = calls.open_content(source.name, source.dir_fd)
        try:
            _same_or_raise(source.found, os.fstat(origin))
            temporary, fd = self._file(dir_fd)
            try:
                with discarding(temporary, dir_fd):
                    self._copier.copy(origin, fd, source.found)
                    attributes.restore(fd, source.found, origin, warn=self._warn)
                    _same_or_raise(source.found, os.fstat(origin))
            except BaseException:
                os.close(fd)
                raise
            return temporary, fd
        finally:
            os.close(origin)

    def directory(self, source: Where, dir_fd: int) -> str:
        """Make an empty directory."""
        origin = calls.open_directory(source.name, source.dir_fd)
        try:
            temporary = self._name()
            calls.mkdir(temporary, dir_fd)
            with discarding(temporary, dir_fd):
                fd = calls.open_directory(temporary, dir_fd)
                try:
                    attributes.restore(fd, source.found, origin, warn=self._warn)
                finally:
                    os.close(fd)
            return temporary
        finally:
            os.close(origin)

    def symlink(self, source: Where, dir_fd: int) -> str:
        """Make a symbolic link to the same place, wherever that is."""
        temporary = self._name()
        calls.symlink(source.link(), temporary, dir_fd)
        with discarding(temporary, dir_fd):
            attributes.restore_link(temporary, dir_fd, source.found, warn=self._warn)
        return temporary

    def special(self, source: Where, dir_fd: int) -> str | None:
        """Make a FIFO, a socket or a device; None (and a warning) where that is not allowed."""
        temporary = self._name()
        try:
            calls.mknod(temporary, dir_fd, source.found.st_mode, source.found.st_rdev)
        except OSError as error:
            if error.errno not in calls.NOT_SUPPORTED:
                raise
            self._warn(SPECIAL)
            return None
        with discarding(temporary, dir_fd):
            fd = calls.open_entry(temporary, dir_fd)
            try:
                attributes.restore_special(fd, source.found, warn=self._warn)
            finally:
                os.close(fd)
        return temporary

    def link(self, name: str, dir_fd: int, expected: Stat, new_dir_fd: int) -> str | None:
        """Link to a file of the target; None when it is no longer the expected one."""
        temporary = self._name()
        calls.link(name, dir_fd, temporary, new_dir_fd)
        with discarding(temporary, new_dir_fd):
            made = os.stat(temporary, dir_fd=new_dir_fd, follow_symlinks=False)
        if S_ISREG(made.st_mode) and same_entry(expected, made, renamed=True):
            return temporary
        discard(temporary, new_dir_fd)
        return None

    def _file(self, dir_fd: int) -> tuple[str, int]:
        temporary = self._name()
        return temporary, calls.create(temporary, dir_fd)

    def _name(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count:x}"


def _same_or_raise(before: Stat, now: Stat) -> None:
    if not same_entry(before, now):
        raise SourceChanged
