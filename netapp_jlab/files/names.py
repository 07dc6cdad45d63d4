r"""File names as text, for JSON and for display, and back.

A name on Linux is any bytes. Its text is the UTF-8 it is, except that

* a byte that is not UTF-8 becomes ``\xNN``,
* so does each byte of a control character, of a line or paragraph separator, and of a character
  that turns the direction of writing (a name could pass for another one on the screen),
* a backslash is doubled.

The two functions are each other's inverse: one name, one text.
"""

from __future__ import annotations

import re

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_PLAIN = re.compile(r"[ !-\[\]-~]*")
_ESCAPE = re.compile(rb"\\(\\|x[0-9a-f]{2})?")


def to_text(name: bytes) -> str:
    """Write a name or a path as text.

    Parameters
    ----------
    name : bytes
        Any bytes; ``/`` stays as it is, so whole paths work too.

    Returns
    -------
    str
        Valid Unicode on one line.
    """
    text = name.decode("utf-8", "surrogateescape")
    if _PLAIN.fullmatch(text):
        return text
    text = _HIDDEN.sub(_escape_character, text.replace("\\", "\\\\"))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def from_text(text: str) -> bytes:
    """Read what :func:`to_text` wrote.

    Raises
    ------
    ValueError
        No name is written like that.
    """
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{text!r} is no valid Unicode") from None
    name = _ESCAPE.sub(_unescape, raw)
    if to_text(name) != text:
        raise ValueError(f"{text!r} is not how a name is written, but {to_text(name)!r} is")
    return name


def _escape_character(match: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in match[0].encode("utf-8"))


def _unescape(match: re.Match[bytes]) -> bytes:
    what = match[1]
    if what is None:
        raise ValueError("a backslash must be doubled, or be followed by x and two hex digits")
    return b"\\" if what == b"\\" else bytes.fromhex(what[1:].decode("ascii"))
