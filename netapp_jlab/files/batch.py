"""Many new files, made durable together, then renamed.

First all contents reach the disk, then the names change: killed or without power at any moment,
each file is the old one or the new one. The disk starts to write each file as soon as it is there,
so that by the time of the first fsync of a batch most is written, and one commit of the file
system's journal covers the rest. (``syncfs`` would be quicker still on an idle machine, but it
waits for whatever others are writing to the same file system, however much that is, and FUSE
doesn't pass it on.)
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from stat import S_IMODE
from typing import TYPE_CHECKING, NamedTuple

from netapp_jlab.files import attributes, calls
from netapp_jlab.files.decide import MEANWHILE
from netapp_jlab.files.durable import GROUP, sync_and_close
from netapp_jlab.files.links import key_of
from netapp_jlab.files.place import discard, place_new, place_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from netapp_jlab.files.entries import Action, Stat
    from netapp_jlab.files.frames import Frame
    from netapp_jlab.files.links import Links
    from netapp_jlab.files.report import Report

MOST_FILES = 128
MOST_BYTES = 64 * 1024 * 1024
MOST_FOLDERS = 64
"""How much waits for its name at a time; each file and folder holds a file descriptor."""


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
    report : Report
    links : Links
        Told at which paths inodes with several names came to be.
    check : callable
        Called between files; raises to stop.
    """

    def __init__(self, report: Report, links: Links, check: Callable[[], None]) -> None:
        self._report = report
        self._links = links
        self._check = check
        self._queue: deque[Pending | Finish] = deque()
        self._open: deque[tuple[Pending, int]] = deque()
        self._bytes = self._folders = 0
        self._unsynced: list[int] = []
        self._unfinished: dict[int, Frame] = {}

    def add(self, new: Pending, fd: int) -> None:
        """Take a new file, open as `fd`; it may have been renamed when this returns."""
        self._queue.append(new)
        self._open.append((new, fd))
        new.frame.waiting += 1
        self._bytes += new.source.st_size
        calls.write_back(fd, 0, 0, wait=False)
        if len(self._open) >= MOST_FILES or self._bytes >= MOST_BYTES:
            self.flush()

    def watch(self, frame: Frame) -> None:
        """Take note of a directory that has other permissions than it is to have in the end."""
        self._unfinished[id(frame)] = frame

    def sync_later(self, fd: int) -> None:
        """Take an open file or directory that was changed in place."""
        self._unsynced.append(fd)
        if len(self._unsynced) >= MOST_FOLDERS:
            self._sync()

    def finish(self, frame: Frame, *, mode: int | None, times: Stat | None) -> None:
        """Give a directory its permissions and times, after the files in it; then close it."""
        finish = Finish(frame, mode, times)
        if frame.waiting == 0:
            self._finish(finish)
            return
        self._queue.append(finish)
        self._folders += 1
        if self._folders >= MOST_FOLDERS:
            self.flush()

    def flush(self) -> None:
        """Make what was taken durable, and give it its name."""
        self._sync_files()
        while self._queue:
            item = self._queue[0]
            if isinstance(item, Pending):
                self._place(item)
            else:
                self._finish(item)
            self._queue.popleft()
        self._bytes = self._folders = 0

    def end(self) -> None:
        """Finish everything; when this returns, it is durable."""
        self.flush()
        self._sync()

    def abandon(self) -> None:
        """Remove what has no name yet, and give directories back the permissions they have."""
        try:
            for item in self._queue:
                if isinstance(item, Pending):
                    _discard(item)
            for frame in self._unfinished.values():
                _restore_mode(frame)
        finally:
            for fd in (*self._unsynced, *(fd for _, fd in self._open)):
                os.close(fd)
            for item in self._queue:
                item.frame.close()

    # --- Files ----------------------------------------------------------------------------------

    def _sync_files(self) -> None:
        while self._open:
            self._check()
            group = [self._open.popleft() for _ in range(min(GROUP, len(self._open)))]
            errors = sync_and_close([fd for _, fd in group])
            for (new, _), error in zip(group, errors, strict=True):
                if error is not None:  # network file systems say only here that there is no space
                    self._lose(new, error)

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
                self.sync_later(os.dup(fd))
        except OSError as error:
            self._report.failure(frame.path(), error)
        finally:
            self._unfinished.pop(id(frame), None)
            frame.close()

    def _sync(self) -> None:
        fds, self._unsynced = self._unsynced, []
        for error in sync_and_close(fds):
            # Some FUSE file systems can't sync directories.
            if error is not None and error.errno not in calls.NOT_SUPPORTED:
                self._report.failure(b"", error)


def _discard(new: Pending) -> None:
    with suppress(OSError):
        discard(new.temporary, new.frame.open_target().fd)


def _restore_mode(frame: Frame) -> None:
    found = frame.s if frame.created else frame.t
    if frame.target is not None and frame.target.fd >= 0 and found is not None:
        with suppress(OSError):
            calls.chmod(frame.target.fd, S_IMODE(found.st_mode))
