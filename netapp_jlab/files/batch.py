"""Many new files, made durable together, then renamed.

First all contents reach the disk, then the names change: killed or without power at any moment,
each file is the old one or the new one. One ``syncfs`` does the work of many ``fsync``.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from stat import S_IMODE
from typing import TYPE_CHECKING, NamedTuple

from netapp_jlab.files import attributes, calls
from netapp_jlab.files.decide import MEANWHILE
from netapp_jlab.files.links import key_of
from netapp_jlab.files.place import discard, place_new, place_over

if TYPE_CHECKING:
    from netapp_jlab.files.entries import Action, Stat
    from netapp_jlab.files.frames import Frame
    from netapp_jlab.files.links import Links
    from netapp_jlab.files.report import Report
    from netapp_jlab.files.tree import Tree

MOST_FILES = 512
MOST_BYTES = 64 * 1024 * 1024
MOST_OPEN = 64
"""Files, or directories, that are held open."""

FEW = 16
"""Up to so many files or folders are synced one by one, so others' files need not be waited for."""


class Pending(NamedTuple):
    """A new file that still has its temporary name."""

    frame: Frame
    name: str
    temporary: str
    action: Action
    source: Stat
    replaces: Stat | None


class Finish(NamedTuple):
    """A directory in which everything was done; `mode` and `times` are what it is to have then."""

    frame: Frame
    mode: int | None
    times: Stat | None


class Batch:
    """Collects new files, and the directories that are to be finished after them.

    Parameters
    ----------
    target : Tree
    report : Report
    links : Links
        Told at which paths inodes with several names came to be.
    """

    def __init__(self, target: Tree, report: Report, links: Links) -> None:
        self._target = target
        self._report = report
        self._links = links
        self._queue: deque[Pending | Finish] = deque()
        self._open: list[tuple[Pending, int]] = []
        self._files = self._folders = self._bytes = 0
        self._together = False
        self._touched: list[int] = []
        self._whole = False
        self._unfinished: dict[int, Frame] = {}

    def add(self, new: Pending, fd: int) -> None:
        """Take a new file, open as `fd`; it may have been renamed when this returns."""
        self._queue.append(new)
        self._open.append((new, fd))
        new.frame.waiting += 1
        self._files += 1
        self._bytes += new.source.st_size
        self._together = self._target.syncs_as_a_whole and self._files > FEW
        if self._together:
            self._close_files()
        if self._files >= MOST_FILES or self._bytes >= MOST_BYTES or len(self._open) > MOST_OPEN:
            self.flush()

    def watch(self, frame: Frame) -> None:
        """Take note of a directory that has other permissions than it is to have in the end."""
        self._unfinished[id(frame)] = frame

    def changed_in_place(self) -> None:
        """Take note that there are changes which no fsync of a directory covers."""
        self._whole = True

    def finish(self, frame: Frame, *, mode: int | None, times: Stat | None) -> None:
        """Give a directory its permissions and times, after the files in it; then close it."""
        finish = Finish(frame, mode, times)
        if frame.waiting == 0:
            self._finish(finish)
            return
        self._queue.append(finish)
        self._folders += 1
        if self._folders >= MOST_OPEN:
            self.flush()

    def flush(self) -> None:
        """Make what was taken durable, and give it its name."""
        self._close_files()
        if self._together:
            self._sync_together()
        while self._queue:
            item = self._queue[0]
            if isinstance(item, Pending):
                self._place(item)
            else:
                self._finish(item)
            self._queue.popleft()
        self._files = self._folders = self._bytes = 0
        self._together = False

    def end(self) -> None:
        """Finish everything; when this returns, it is durable."""
        self.flush()
        try:
            if self._whole and self._target.syncs_as_a_whole:
                calls.syncfs(self._target.fd)
            else:
                for fd in self._touched:
                    _sync_folder(fd)
        except OSError as error:
            self._report.failure(b"", error)
        finally:
            self._close_folders()

    def abandon(self) -> None:
        """Remove what has no name yet, and give directories back the permissions they have."""
        try:
            for item in self._queue:
                if isinstance(item, Pending):
                    _discard(item)
            for frame in self._unfinished.values():
                _restore_mode(frame)
        finally:
            for _, fd in self._open:
                os.close(fd)
            self._close_folders()
            for item in self._queue:
                item.frame.close()

    # --- Files ----------------------------------------------------------------------------------

    def _close_files(self) -> None:
        opened, self._open = self._open, []
        # Network file systems say only here that there is no space.
        results = [(new, _close(fd, sync=not self._together)) for new, fd in opened]
        for new, error in results:
            if error is not None:
                self._lose(new, error)

    def _sync_together(self) -> None:
        try:
            calls.syncfs(self._target.fd)
        except OSError as error:
            for item in tuple(self._queue):
                if isinstance(item, Pending):
                    self._lose(item, error)

    def _lose(self, new: Pending, error: OSError) -> None:
        self._queue.remove(new)
        new.frame.waiting -= 1
        _discard(new)
        self._report.failure(new.frame.path(new.name), error, needed=new.source.st_size)

    def _place(self, new: Pending) -> None:
        frame = new.frame
        frame.waiting -= 1
        try:
            placed = self._give_name(new, frame.open_target().fd)
        except OSError as error:
            _discard(new)
            self._report.failure(frame.path(new.name), error)
            return
        if not placed:
            _discard(new)
            self._report.conflict(frame.path(new.name), MEANWHILE)
            return
        frame.touched = True
        if new.source.st_nlink > 1:
            self._links.anchors[key_of(new.source)] = frame.path(new.name)
        self._report.done(new.action)

    def _give_name(self, new: Pending, dir_fd: int) -> bool:
        if new.replaces is None:
            return place_new(new.temporary, new.name, dir_fd)
        return place_over(new.temporary, new.name, dir_fd, new.replaces)

    # --- Directories ----------------------------------------------------------------------------

    def _finish(self, finish: Finish) -> None:
        frame = finish.frame
        try:
            fd = frame.open_target().fd
            if attributes.settle(fd, mode=finish.mode, times=finish.times, warn=self._report.warn):
                frame.touched = True
            if frame.touched:
                self._sync_later(fd)
        except OSError as error:
            self._report.failure(frame.path(), error)
        finally:
            self._unfinished.pop(id(frame), None)
            frame.close()

    def _sync_later(self, fd: int) -> None:
        if not self._target.syncs_as_a_whole:
            _sync_folder(fd)
        elif not self._whole:
            self._touched.append(os.dup(fd))
            if len(self._touched) > FEW:
                self._whole = True
                self._close_folders()

    def _close_folders(self) -> None:
        while self._touched:
            os.close(self._touched.pop())


def _sync_folder(fd: int) -> None:
    try:
        calls.fsync(fd)
    except OSError as error:
        if error.errno not in calls.NOT_SUPPORTED:  # some FUSE file systems know it for files only
            raise


def _close(fd: int, *, sync: bool) -> OSError | None:
    try:
        try:
            if sync:
                calls.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        return error
    return None


def _discard(new: Pending) -> None:
    with suppress(OSError):
        discard(new.temporary, new.frame.open_target().fd)


def _restore_mode(frame: Frame) -> None:
    found = frame.s if frame.created else frame.t
    if frame.target is not None and frame.target.fd >= 0 and found is not None:
        with suppress(OSError):
            calls.chmod(frame.target.fd, S_IMODE(found.st_mode))
