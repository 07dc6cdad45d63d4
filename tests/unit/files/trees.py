"""Directory trees as values: build them, look at them, and say what a restore makes of them."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

T0 = 1_700_000_000_123_456_789
KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
}


class Entry(NamedTuple):
    """What can be told of one path."""

    kind: str
    mode: int
    mtime: int
    content: bytes = b""
    xattrs: tuple[tuple[str, bytes], ...] = ()


Model = dict[bytes, Entry]


def file(content: bytes = b"", *, mode: int = 0o644, at: int | None = None) -> Entry:
    return Entry("file", mode, T0 + (len(content) if at is None else at), content)


def folder(*, mode: int = 0o755, at: int = 0) -> Entry:
    return Entry("directory", mode, T0 + at)


def symlink(to: bytes, *, at: int = 1) -> Entry:
    return Entry("symlink", 0o777, T0 + at, to)


def fifo(*, mode: int = 0o644, at: int = 2) -> Entry:
    return Entry("fifo", mode, T0 + at)


def build(root: str | bytes, model: Model, links: list[list[bytes]] | None = None) -> None:
    """Make `root` hold exactly `model`; paths of one of `links` share an inode."""
    base = os.fsencode(root)
    remove(base)
    os.mkdir(base)
    for path in sorted(model):
        _make(base + b"/" + path if path else base, model[path])
    for first, *others in links or []:
        for other in others:
            os.unlink(base + b"/" + other)
            os.link(base + b"/" + first, base + b"/" + other)
    for path in sorted(model, reverse=True):
        if model[path].kind == "directory":
            place = base + b"/" + path if path else base
            os.chmod(place, model[path].mode)
            _set_time(place, model[path].mtime)


def _make(place: bytes, entry: Entry) -> None:
    if entry.kind == "directory":
        os.makedirs(place, exist_ok=True)
    elif entry.kind == "symlink":
        os.symlink(entry.content, place)
    elif entry.kind == "fifo":
        os.mkfifo(place)
        os.chmod(place, entry.mode)
    else:
        with open(place, "wb") as made:
            made.write(entry.content)
        for key, value in entry.xattrs:
            os.setxattr(place, key, value)
        os.chmod(place, entry.mode)
    _set_time(place, entry.mtime)


def _set_time(place: bytes, mtime: int) -> None:
    os.utime(place, ns=(mtime, mtime), follow_symlinks=False)


def remove(root: str | bytes) -> None:
    """Remove a tree, also where its owner must not write."""
    base = os.fsencode(root)
    if not os.path.lexists(base):
        return
    open_up(base)
    shutil.rmtree(base)


def open_up(root: str | bytes | Path) -> None:
    """Let the owner remove everything."""
    for _, found, place in visit(os.fsencode(root)):
        if stat.S_ISDIR(found.st_mode):
            os.chmod(place, 0o700)


def copy(source: str | bytes, target: str | bytes) -> None:
    """Copy a tree with everything (what a snapshot is), without the package under test."""
    base = os.fsencode(target)
    seen: dict[int, bytes] = {}
    made: list[tuple[bytes, os.stat_result]] = []
    for path, found, origin in visit(os.fsencode(source)):
        place = base + b"/" + path if path else base
        made.append((place, found))
        if stat.S_ISDIR(found.st_mode):
            os.mkdir(place, 0o700)
        elif found.st_nlink > 1 and found.st_ino in seen:
            os.link(seen[found.st_ino], place, follow_symlinks=False)
        elif stat.S_ISREG(found.st_mode):
            with readable(origin, found):
                shutil.copyfile(origin, place)
                for key in os.listxattr(origin):
                    os.setxattr(place, key, os.getxattr(origin, key))
        elif stat.S_ISLNK(found.st_mode):
            os.symlink(os.readlink(origin), place)
        else:
            os.mknod(place, found.st_mode, found.st_rdev)
        seen.setdefault(found.st_ino, place)
    for place, found in reversed(made):
        if not stat.S_ISLNK(found.st_mode):
            os.chmod(place, stat.S_IMODE(found.st_mode))
        _set_time(place, found.st_mtime_ns)


@contextmanager
def readable(place: bytes, found: os.stat_result) -> Iterator[None]:
    """Let us look at what we own, as root always may."""
    mode = stat.S_IMODE(found.st_mode)
    needed = 0o500 if stat.S_ISDIR(found.st_mode) else 0o400
    closed = os.geteuid() != 0 and mode & needed != needed
    if closed:
        os.chmod(place, mode | needed)
    try:
        yield
    finally:
        if closed:
            os.chmod(place, mode)


def visit(base: bytes, path: bytes = b"") -> Iterator[tuple[bytes, os.stat_result, bytes]]:
    """Go through everything, folders before what is in them; no `.snapshot`."""
    place = base + b"/" + path if path else base
    found = os.lstat(place)
    yield path, found, place
    if stat.S_ISDIR(found.st_mode):
        with readable(place, found):
            for name in sorted(os.listdir(place)):
                if name != b".snapshot":
                    yield from visit(base, path + b"/" + name if path else name)


def walk(root: bytes) -> list[tuple[bytes, os.stat_result]]:
    """List everything, folders before what is in them; no `.snapshot`."""
    return [(path, found) for path, found, _ in visit(root)]


def portrait(root: str | bytes) -> Model:
    """Look at everything below `root`, and `root` itself."""
    return {path: look(place, found) for path, found, place in visit(os.fsencode(root))}


def look(place: bytes, found: os.stat_result) -> Entry:
    kind = KINDS[stat.S_IFMT(found.st_mode)]
    content = b""
    xattrs: tuple[tuple[str, bytes], ...] = ()
    if kind == "file":
        with readable(place, found):
            with open(place, "rb") as opened:
                content = opened.read()
            xattrs = tuple((key, os.getxattr(place, key)) for key in sorted(os.listxattr(place)))
    elif kind == "symlink":
        content = os.readlink(place)
    return Entry(kind, stat.S_IMODE(found.st_mode), found.st_mtime_ns, content, xattrs)


def inode(root: str | bytes, path: bytes) -> int:
    return os.lstat(os.fsencode(root) + b"/" + path).st_ino


def same_inodes(root: str | bytes, *paths: bytes) -> bool:
    return len({inode(root, path) for path in paths}) == 1


# --- What a restore makes of it -----------------------------------------------------------------


def parents(path: bytes) -> list[bytes]:
    """Return the folders above, from the root down."""
    parts = path.split(b"/")
    return [b"/".join(parts[:count]) for count in range(len(parts))] if path else []


def restored(source: Model, target: Model, *, extra: bool) -> Model:
    """Say what a whole restore has to make of `target`, if nothing keeps it from it."""
    result = dict(source)
    if extra:
        return result
    for path, entry in target.items():
        if path in source:
            continue
        if all(source.get(above, entry_of_folder).kind == "directory" for above in parents(path)):
            result[path] = entry
    return result


entry_of_folder = folder()
