"""The folder that the demo keeps everything in."""

from __future__ import annotations

import fcntl
import json
import os

from netapp_jlab.errors import InUse, Invalid, Unsupported

__all__ = ["Home", "default_home"]

_FORMAT = 1
"""Raised when a home of before cannot be used any more."""


def default_home() -> str:
    """Return where the demo lives unless told otherwise: the user's data directory."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.join("~", ".local", "share")
    return os.path.join(os.path.expanduser(data), "netapp-jlab", "demo")


class Home:
    """One demo's folder, used by one demo at a time.

    Parameters
    ----------
    path : str
        The folder, made if it does not exist; empty for the default one.

    Raises
    ------
    Invalid
        It cannot be written to, or is something else's.
    InUse
        Another demo runs on it.
    Unsupported
        Another version made it.
    """

    def __init__(self, path: str = "") -> None:
        self.path = os.path.abspath(os.path.expanduser(path) if path else default_home())
        try:
            os.makedirs(self.path, mode=0o700, exist_ok=True)
            self.lock = self._claim()
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise
        except OSError as error:
            raise Invalid(
                f"The demo cannot use {self.path}: {error.strerror}.",
                hint="Name a folder that you may write to with --home.",
            ) from error

    def file(self, *names: str) -> str:
        """Return the path of something in the home."""
        return os.path.join(self.path, *names)

    def log(self, name: str) -> str:
        """Return the path of a process's log."""
        return self.file("logs", f"{name}.log")

    def close(self) -> None:
        """Let another demo have the home."""
        os.close(self.lock)

    def link(self, name: str, target: str) -> str:
        """Let a friendly name in the home lead to `target`, and return its path."""
        path, draft = self.file(name), self.file(f".{name}.new")
        if not os.path.islink(path) or os.readlink(path) != target:
            if os.path.lexists(draft):
                os.unlink(draft)
            os.symlink(target, draft)
            os.replace(draft, path)
        return path

    def _claim(self) -> int:
        descriptor = os.open(self.file("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise InUse(
                f"Another demo is running in {self.path}.",
                hint="Stop it, or give this one a folder of its own with --home.",
            ) from None
        return descriptor

    def _prepare(self) -> None:
        self._check_format()
        for folder in ("logs", "jupyter"):
            os.makedirs(self.file(folder), mode=0o700, exist_ok=True)

    def _check_format(self) -> None:
        mark = self.file("demo.json")
        try:
            with open(mark, encoding="utf-8") as file:
                found = json.load(file)["format"]
        except FileNotFoundError:
            self._begin(mark)
            return
        except (ValueError, KeyError, TypeError):
            found = "unreadable"
        if found != _FORMAT:
            raise Unsupported(
                f"{self.path} was made by another version of the demo (format {found}, "
                f"this one has {_FORMAT}).",
                hint="Delete that folder to begin afresh, or name another one with --home.",
            )

    def _begin(self, mark: str) -> None:
        others = set(os.listdir(self.path)) - {"lock"}
        if others:
            raise Invalid(
                f"{self.path} holds other things than a demo ({sorted(others)[0]}…).",
                hint="Name an empty or a new folder with --home.",
            )
        write_private(mark, json.dumps({"format": _FORMAT}))


def write_private(path: str, content: str) -> None:
    """Write a file that only its owner may read, so that a reader sees all of it or none."""
    draft = f"{path}.{os.getpid()}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
