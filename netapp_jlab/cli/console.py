"""The terminal: what goes to standard output, what to standard error, colour, width, questions.

Results go to standard output, everything said besides to standard error, so that a pipe or a
file receives the result alone.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, TextIO, TypeVar

import msgspec

from netapp_jlab.cli import tables, text
from netapp_jlab.errors import Invalid, NetAppJLabError
from netapp_jlab.models import ErrorBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Item = TypeVar("Item")

_STYLES = {
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "good": "\x1b[32m",
    "warn": "\x1b[33m",
    "bad": "\x1b[31m",
}
_RESET = "\x1b[0m"
_FALLBACK_WIDTH = 80


class Console:
    """Writes results and messages; asks questions.

    Parameters
    ----------
    as_json : bool
        Results and errors are JSON documents, nothing is said besides and nothing is asked.
    """

    def __init__(
        self,
        *,
        as_json: bool = False,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        stdin: TextIO | None = None,
    ) -> None:
        self.as_json = as_json
        self._out = stdout or sys.stdout
        self._err = stderr or sys.stderr
        self._in = stdin or sys.stdin

    # --- what is this terminal -------------------------------------------------------------------

    @property
    def interactive(self) -> bool:
        """Whether somebody can be asked: both ends are terminals and the result is not JSON."""
        return not self.as_json and self._in.isatty() and self._err.isatty()

    @property
    def live(self) -> bool:
        """Whether a line of progress may be rewritten in place."""
        return not self.as_json and self._err.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def width(self) -> int | None:
        """Cells of a line on standard output; None where that is no terminal."""
        if not self._out.isatty():
            return None
        return shutil.get_terminal_size((_FALLBACK_WIDTH, 24)).columns

    @property
    def tick(self) -> tuple[str, str]:
        """Signs for yes and no that standard output can show."""
        encoding = (self._out.encoding or "ascii").lower().replace("-", "")
        return ("✓", "✗") if encoding.startswith("utf") else ("+", "x")

    def paint(self, content: str, style: str) -> str:
        """Return `content` in colour where standard output shows any (https://no-color.org)."""
        return _paint(self._out, content, style)

    # --- results ---------------------------------------------------------------------------------

    def json(self, model: msgspec.Struct) -> None:
        """Write `model` as the REST interface would answer it."""
        self._out.write(msgspec.json.format(msgspec.json.encode(model), indent=2).decode() + "\n")

    def line(self, content: str = "", style: str = "") -> None:
        """Write one line of the result; foreign text in it must have been cleaned."""
        self._out.write(self.paint(content, style) + "\n")

    def binary(self, content: bytes) -> None:
        """Write what is no text of ours, as it is."""
        self._out.flush()
        self._out.buffer.write(content)

    def table(
        self, columns: Sequence[tables.Column[Item]], items: Iterable[Item], *, indent: str = ""
    ) -> None:
        """Write a table that fits the terminal."""
        room = None if self.width is None else self.width - len(indent)
        for row in tables.render(columns, items, max_width=room, paint=self.paint):
            self.line(indent + row)

    def flush(self) -> None:
        """Hand over what was written; the place where a closed pipe shows."""
        self._out.flush()

    # --- messages --------------------------------------------------------------------------------

    def say(self, content: str, style: str = "") -> None:
        """Write a message to standard error; none where JSON was asked for."""
        if not self.as_json:
            self.raw(_paint(self._err, content, style) + "\n")

    def raw(self, content: str) -> None:
        """Write `content` to standard error as it is, at once."""
        self._err.write(content)
        self._err.flush()

    def fail(self, error: NetAppJLabError) -> None:
        """Write an error: its message and what to do, or the JSON body of the REST interface."""
        if self.as_json:
            body = ErrorBody(message=error.message, reason=error.reason, hint=error.hint)
            document = msgspec.json.format(msgspec.json.encode(body), indent=2)
            self.raw(document.decode() + "\n")
            return
        self.say(f"Error: {text.clean(error.message)}", "bad")
        if error.hint:
            self.say(f"  {text.clean(error.hint)}")

    # --- questions -------------------------------------------------------------------------------

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Return whether the user agrees; `yes` answers beforehand.

        Raises
        ------
        Invalid
            Nobody can be asked and `yes` was not given.
        """
        return yes or self.ask(f"{question} [y/N] ").lower() in {"y", "yes"}

    def ask(self, prompt: str) -> str:
        """Return what the user types, without blanks around it; ``""`` at the end of input."""
        if not self.interactive:
            raise Invalid(
                "This asks before it changes anything, and nobody can be asked here.",
                hint="Add --yes if you are sure.",
            )
        self.raw(prompt)
        answer = self._in.readline()
        if not answer.endswith("\n"):
            self.raw("\n")
        return answer.strip()


def _paint(stream: TextIO, content: str, style: str) -> str:
    plain = not style or not content or not stream.isatty()
    if plain or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return content
    return f"{_STYLES[style]}{content}{_RESET}"
