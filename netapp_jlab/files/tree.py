"""A directory tree that can only be reached through its open root."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from netapp_jlab.files import calls, mounts
from netapp_jlab.files.calls import GONE
from netapp_jlab.files.errors import TreeUnavailable
from netapp_jlab.files.paths import ROOT_EXCLUDED, components

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

    from typing_extensions import Self


class Tree:
    """A directory, opened once; what is below is reached one component at a time.

    No step follows a symbolic link, also when a component is swapped for one meanwhile, so nothing
    outside the tree is ever reached. Links in the path that is given to :meth:`open` are followed:
    that path is the administrator's, what is below it the user's.

    Attributes
    ----------
    fd : int
        The open root.
    path : bytes
        Where it really is (for messages, and to find what is mounted below).
    device, inode : int
        Who the root is.
    boundaries : frozenset of bytes
        Paths at which something else is mounted (as of the last :meth:`look_again`). Other file
        systems mounted later are recognised by their ``st_dev``.
    excluded : frozenset of str
        Names at the root that don't belong to the tree.
    """

    def __init__(self, fd: int, *, excluded: Collection[bytes] = ROOT_EXCLUDED) -> None:
        found = os.fstat(fd)
        self.fd = fd
        self.path = b""
        self.device = found.st_dev
        self.inode = found.st_ino
        self.boundaries: frozenset[bytes] = frozenset()
        self.excluded = frozenset(map(os.fsdecode, excluded))
        self.look_again()

    @classmethod
    def open(cls, path: str | bytes, *, excluded: Collection[bytes] = ROOT_EXCLUDED) -> Self:
        """Open a directory by its absolute path.

        Parameters
        ----------
        path : str | bytes
            Absolute.
        excluded : collection of bytes
            Names directly below that are passed over on either side.

        Raises
        ------
        TreeUnavailable
            It is missing, no directory, or must not be read.
        """
        name = os.fsencode(path)
        if not name.startswith(b"/"):
            raise TreeUnavailable(name, "the path is not absolute")
        try:
            fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise TreeUnavailable(name, _why(error)) from error
        return cls._owning(fd, name, excluded)

    def subtree(self, path: bytes, *, excluded: Collection[bytes] = ROOT_EXCLUDED) -> Self:
        """Open a directory below, such as ``.snapshot/<name>``; excluded names can be opened.

        Raises
        ------
        BadPath
            `path` leads elsewhere.
        TreeUnavailable
            It is missing, no directory, behind a symbolic link, or must not be read.
        """
        try:
            fd = self.descend(components(path))
        except OSError as error:
            raise TreeUnavailable(os.path.join(self.path, path), _why(error)) from error
        return self._owning(fd, os.path.join(self.path, path), excluded)

    def lstat(self, path: bytes) -> os.stat_result | None:
        """Return what is at `path`; None when nothing is, or when a link leads there."""
        parts = components(path)
        if not parts:
            return os.fstat(self.fd)
        try:
            parent = self.descend(parts[:-1])
        except OSError as error:
            if error.errno in GONE:
                return None
            raise
        try:
            return calls.lstat(parts[-1], parent)
        finally:
            os.close(parent)

    def parent(self, path: bytes) -> tuple[int, str]:
        """Open the directory that holds `path`, to be closed by the caller, and name the entry."""
        *parts, name = components(path)
        return self.descend(parts), name

    def look_again(self) -> None:
        """Find out what is mounted below now."""
        self.path = os.readlink(b"/proc/self/fd/%d" % self.fd)
        self.boundaries = mounts.below(mounts.mounts_now(), self.path)

    def close(self) -> None:
        """Close the root; a second time does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def descend(self, parts: list[str]) -> int:
        """Open a directory below, to be closed by the caller."""
        fd = os.dup(self.fd)
        for name in parts:
            try:
                below = calls.open_directory(name, fd)
            finally:
                os.close(fd)
            fd = below
        return fd

    @classmethod
    def _owning(cls, fd: int, path: bytes, excluded: Collection[bytes]) -> Self:
        try:
            return cls(fd, excluded=excluded)
        except OSError as error:
            os.close(fd)
            raise TreeUnavailable(path, _why(error)) from error


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
