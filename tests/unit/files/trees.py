"""Directory trees as values: build them, look at them, and say what a restore makes of them."""

from __future__ import annotations

import os
import shutil
import stat
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
    if os.path.lexists(base):
        shutil.rmtree(base)
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


def copy(source: str | bytes, target: str | bytes) -> None:
    """Copy a tree with everything (what a snapshot is), without the package under test."""
    source, target = os.fsencode(source), os.fsencode(target)
    seen: dict[int, bytes] = {}
    for path, found in walk(source):
        place = target + b"/" + path if path else target
        origin = source + b"/" + path if path else source
        if stat.S_ISDIR(found.st_mode):
            os.mkdir(place, 0o700)
        elif found.st_nlink > 1 and found.st_ino in seen:
            os.link(seen[found.st_ino], place, follow_symlinks=False)
        else:
            seen[found.st_ino] = place
            if stat.S_ISREG(found.st_mode):
                shutil.copyfile(origin, place)
                for key in os.listxattr(origin):
                    os.setxattr(place, key, os.getxattr(origin, key))
            elif stat.S_ISLNK(found.st_mode):
                os.symlink(os.readlink(origin), place)
            else:
                os.mknod(place, found.st_mode, found.st_rdev)
    for path, found in reversed(list(walk(source))):
        place = target + b"/" + path if path else target
        if not stat.S_ISLNK(found.st_mode):
            os.chmod(place, stat.S_IMODE(found.st_mode))
        _set_time(place, found.st_mtime_ns)


def walk(root: bytes) -> list[tuple[bytes, os.stat_result]]:
    """List everything, folders before what is in them; no `.snapshot`."""
    found = [(b"", os.lstat(root))]
    for folder_name, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name != b".snapshot")
        for name in sorted((*folders, *files)):
            place = os.path.join(folder_name, name)
            found.append((place[len(root) + 1 :], os.lstat(place)))
    return sorted(found, key=lambda item: item[0])


def portrait(root: str | bytes) -> Model:
    """Look at everything below `root`, and `root` itself."""
    base = os.fsencode(root)
    return {path: look(base + b"/" + path if path else base) for path, _ in walk(base)}


def look(place: bytes) -> Entry:
    found = os.lstat(place)
    kind = KINDS[stat.S_IFMT(found.st_mode)]
    content = b""
    xattrs: tuple[tuple[str, bytes], ...] = ()
    if kind == "file":
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
