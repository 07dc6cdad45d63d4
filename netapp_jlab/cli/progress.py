"""How far an operation is: one line rewritten in place on a terminal, else now and then a line."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from netapp_jlab.cli import text

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from netapp_jlab.cli.console import Console
    from netapp_jlab.models import Operation, Progress

_BAR = 20
_REDRAW_SECONDS = 0.1
_LINE_SECONDS = 5.0
_ERASE = "\r\x1b[K"


class StepLine:
    """Shows what is waited for while entered: on a terminal only, and nothing of it stays."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._on_screen = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._on_screen:
            self._console.raw(_ERASE)

    def show(self, step: str) -> None:
        """Show one sentence in the place of the last one."""
        if self._console.live:
            self._on_screen = True
            room = shutil.get_terminal_size((80, 24)).columns - 1
            self._console.raw(_ERASE + text.shorten(text.clean(step), room))


class ProgressLine:
    """Shows an operation's step and progress on standard error until it is closed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._step = ""
        self._shown_at = 0.0
        self._on_screen = False

    def close(self) -> None:
        """Take the line off the screen."""
        if self._on_screen:
            self._console.raw(_ERASE)
            self._on_screen = False

    def show(self, operation: Operation) -> None:
        """Show how far `operation` is; cheap enough to be called for each file."""
        if operation.finished_at is not None:
            return  # the result is shown instead
        now = time.monotonic()
        if self._console.live:
            if now - self._shown_at >= _REDRAW_SECONDS:
                self._shown_at = now
                self._on_screen = True
                room = shutil.get_terminal_size((80, 24)).columns - 1
                self._console.raw(_ERASE + text.shorten(bar(operation), room))
        elif operation.step != self._step or now - self._shown_at >= _LINE_SECONDS:
            self._shown_at = now
            self._step = operation.step
            self._console.say(in_words(operation))


def share(progress: Progress) -> float | None:
    """Return the done part between 0 and 1: by bytes, else by files; None until it is known."""
    if progress.bytes_total:
        return min(1.0, progress.bytes_done / progress.bytes_total)
    if progress.files_total:
        return min(1.0, progress.files_done / progress.files_total)
    return None


def in_words(operation: Operation) -> str:
    """Return one line without a bar: ``Copying back: 12 of 300 files, 1.2 MiB of 30 MiB``."""
    step = text.clean(operation.step) or operation.state
    amounts = _amounts(operation.progress)
    return f"{step}: {amounts}" if amounts else step


def bar(operation: Operation) -> str:
    """Return one line with a bar, the amounts and the path worked on."""
    done = share(operation.progress)
    if done is None:
        return in_words(operation)
    filled = int(done * _BAR)
    drawn = "#" * filled + "-" * (_BAR - filled)
    path = text.clean(operation.progress.path)
    return f"[{drawn}] {done:4.0%}  {in_words(operation)}  {path}".rstrip()


def _amounts(progress: Progress) -> str:
    if progress.files_total is None:
        return text.count(progress.files_done, "file") if progress.files_done else ""
    files = f"{progress.files_done:,} of {text.count(progress.files_total, 'file')}"
    if not progress.bytes_total:
        return files
    return f"{files}, {text.size(progress.bytes_done)} of {text.size(progress.bytes_total)}"
