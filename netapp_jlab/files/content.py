"""Copy and compare contents: shared blocks where possible, holes kept, always cancellable."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from netapp_jlab.files import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netapp_jlab.files.entries import Stat, Where

SMALL = 256 * 1024
"""Up to here a read and a write are quicker than asking the kernel for anything clever."""

CHUNK = 4 * 1024 * 1024
"""Between two chunks a copy can be cancelled: less than a tenth of a second even at 50 MB/s."""

_PIECE = 1024 * 1024
_BLOCK = 64 * 1024
_ZEROS = bytes(_BLOCK)


class SourceChanged(OSError):
    """The source got shorter, or was replaced, while it was read."""

    def __init__(self) -> None:
        super().__init__(errno.ESTALE, "it changed in the snapshot while it was read")


class Copier:
    """Copies contents, and remembers which ways don't work between two file systems.

    Parameters
    ----------
    check : callable
        Called between chunks; raises to stop.
    advance : callable
        Told how many bytes of the file were brought, holes included.
    """

    def __init__(self, *, check: Callable[[], None], advance: Callable[[int], None]) -> None:
        self._check = check
        self._advance = advance
        self._clones = True
        self._ways = [calls.copy_range, calls.send_range]

    def copy(self, source: int, target: int, found: Stat) -> None:
        """Copy everything from one open file to a new, empty one.

        Raises
        ------
        SourceChanged
            The source ended early.
        OSError
            What the system said (ENOSPC, EDQUOT, EIO…).
        """
        size = found.st_size
        if size > SMALL and self._clone(source, target):
            self._advance(size)
            return
        done = 0
        sparse = _is_sparse(found)
        for start, end in _extents(source, size) if sparse else _whole(size):
            self._advance(start - done)
            # A file system that can't tell where holes are says that all is data: look for zeros.
            scan = sparse and (start, end) == (0, size)
            self._copy_extent(source, target, start, end, scan=scan)
            done = end
        if sparse:
            calls.truncate(target, size)
            self._advance(size - done)

    def _clone(self, source: int, target: int) -> bool:
        if not self._clones:
            return False
        try:
            calls.clone(source, target)
        except OSError as error:
            if error.errno not in calls.NOT_SUPPORTED:
                raise
            self._clones = False
        return self._clones

    def _copy_extent(self, source: int, target: int, start: int, end: int, *, scan: bool) -> None:
        offset = start
        while offset < end:
            self._check()
            count = min(CHUNK, end - offset)
            if scan or count <= SMALL:
                done = _copy_plainly(source, target, offset, min(count, _PIECE), scan=scan)
            else:
                done = self._copy_cleverly(source, target, offset, count)
            if done == 0:
                raise SourceChanged
            if end - start > CHUNK:
                _keep_flowing(target, start, offset, done)
            offset += done
            self._advance(done)

    def _copy_cleverly(self, source: int, target: int, offset: int, count: int) -> int:
        while self._ways:
            try:
                done = self._ways[0](source, target, count, offset)
            except OSError as error:
                if error.errno not in calls.NOT_SUPPORTED:
                    raise
                done = 0
            if done:
                return done
            # Either the source ended, which the plain way will find too, or this way doesn't work.
            self._ways.pop(0)
        return _copy_plainly(source, target, offset, min(count, _PIECE), scan=False)


def equal(one: Where, other: Where, *, check: Callable[[], None]) -> bool:
    """Read two files of the same size and tell whether they hold the same.

    Raises
    ------
    OSError
        One can't be read.
    """
    first = calls.open_content(one.name, one.dir_fd)
    try:
        second = calls.open_content(other.name, other.dir_fd)
        try:
            return _equal(first, second, check)
        finally:
            os.close(second)
    finally:
        os.close(first)


def _equal(first: int, second: int, check: Callable[[], None]) -> bool:
    while True:
        check()
        data = os.read(first, _PIECE)
        if data != _read_exactly(second, len(data) or 1):
            return False
        if not data:
            return True


def _read_exactly(fd: int, count: int) -> bytes:
    data = os.read(fd, count)
    while len(data) < count and (more := os.read(fd, count - len(data))):
        data += more
    return data


def _copy_plainly(source: int, target: int, offset: int, count: int, *, scan: bool) -> int:
    data = os.pread(source, count, offset)
    if not scan:
        _write(target, data, offset)
        return len(data)
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK]
        if block != _ZEROS[: len(block)]:
            _write(target, block, offset + start)
    return len(data)


def _write(target: int, data: bytes, offset: int) -> None:
    done = calls.write(target, data, offset)
    while done < len(data):
        done += calls.write(target, memoryview(data)[done:], offset + done)


def _keep_flowing(target: int, start: int, offset: int, count: int) -> None:
    """Let the disk write while we copy, so neither the last fsync nor a cancel waits for long."""
    calls.write_back(target, offset, count, wait=False)
    if offset - 2 * CHUNK >= start:
        calls.write_back(target, offset - 2 * CHUNK, CHUNK, wait=True)


def _is_sparse(found: Stat) -> bool:
    return found.st_size > _BLOCK and found.st_blocks * 512 < found.st_size


def _whole(size: int) -> Iterator[tuple[int, int]]:
    if size:
        yield 0, size


def _extents(fd: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield where a file holds data, from start to end (exclusive)."""
    end = 0
    while end < size:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                return
            raise
        end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        if start < end:
            yield start, end
