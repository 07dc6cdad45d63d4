"""A directory tree with everything that a copy can get wrong, and its portrait to compare."""

from __future__ import annotations

import hashlib
import os
import stat

T0 = 1_700_000_000_123_456_789


def make_everything(root: str) -> None:
    """Fill `root` (needs no privileges)."""
    base = os.fsencode(root)
    os.mkdir(base + b"/data")
    write(base + b"/data/plain.txt", b"hello")
    write(base + b"/data/not-utf8-\xff\xfe", b"bytes")
    write(base + b"/data/new\nline", b"odd")
    write(base + b"/empty", b"")
    write(base + b"/script.sh", b"#!/bin/sh\n", mode=0o4755)
    write(base + b"/read-only", b"ro", mode=0o400)
    os.link(base + b"/data/plain.txt", base + b"/hard-link")
    os.symlink(b"data/plain.txt", base + b"/link")
    os.symlink(b"/etc/passwd", base + b"/link-out")
    os.symlink(b"nowhere", base + b"/dangling")
    os.mkfifo(base + b"/fifo", 0o640)
    with open(base + b"/sparse", "wb") as file:
        file.write(b"start")
        file.seek(10 * 1024**3)
        file.write(b"end")
    os.setxattr(base + b"/data/plain.txt", b"user.origin", b"sensor 7")
    os.mkdir(base + b"/closed")
    write(base + b"/closed/inside", b"x")
    os.setxattr(base + b"/data", b"user.kind", b"folder")
    for path in (b"/data", b"/closed"):
        os.utime(base + path, ns=(T0, T0 + 5))
    os.utime(base + b"/link", ns=(T0, T0 + 7), follow_symlinks=False)
    os.chmod(base + b"/closed", 0o500)
    os.chmod(base, 0o750)
    os.utime(base, ns=(T0, T0 + 9))


def write(path: bytes, content: bytes, mode: int = 0o644) -> None:
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)
    os.utime(path, ns=(T0, T0 + len(content)))


def portrait(root: str, *, skip: tuple[bytes, ...] = (b".snapshot",)) -> dict[bytes, tuple]:
    """All that makes the tree what it is, by path relative to `root`."""
    base = os.fsencode(root)
    found: dict[bytes, tuple] = {b".": _entry(base)}
    inodes: dict[int, bytes] = {}
    for folder, folders, files in os.walk(base):
        if folder == base:
            folders[:] = [name for name in folders if name not in skip]
        folders.sort()
        for name in sorted((*folders, *files)):
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, base)
            status = os.lstat(path)
            twin = inodes.setdefault(status.st_ino, relative)
            found[relative] = (*_entry(path), twin)
    return found


def _entry(path: bytes) -> tuple:
    status = os.lstat(path)
    kind = stat.S_IFMT(status.st_mode)
    content: object = None
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        content = (status.st_size, _data_digest(path))
    attributes = {
        name: os.getxattr(path, name, follow_symlinks=False)
        for name in os.listxattr(path, follow_symlinks=False)
    }
    mode = stat.S_IMODE(status.st_mode)
    return (kind, mode, status.st_uid, status.st_gid, status.st_mtime_ns, content, attributes)


def _data_digest(path: bytes) -> str:
    """Hash the parts that hold data; a hole of 10 GiB is not read."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        size, offset = os.fstat(file.fileno()).st_size, 0
        while offset < size:
            try:
                start = os.lseek(file.fileno(), offset, os.SEEK_DATA)
            except OSError:
                break
            offset = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            digest.update(os.pread(file.fileno(), offset - start, start))
    return digest.hexdigest()
