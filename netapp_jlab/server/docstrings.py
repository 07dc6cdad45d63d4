"""Take a NumPy-style docstring apart, so that a field is described only where it is declared."""

from __future__ import annotations

import inspect
import re
from typing import NamedTuple


class Doc(NamedTuple):
    """What a class docstring says.

    Attributes
    ----------
    text : str
        All before the first section.
    fields : dict[str, str]
        What the section *Attributes* says of each field; ``a, b : int`` describes both.
    """

    text: str
    fields: dict[str, str]


def parse(docstring: str) -> Doc:
    """Return the parts of `docstring`, with its marks as Markdown.

    Examples
    --------
    >>> doc = parse('''A pair.
    ...
    ...     Attributes
    ...     ----------
    ...     left, right : int | None
    ...         A number; None for ``nothing``.
    ... ''')
    >>> doc.text, doc.fields["right"]
    ('A pair.', 'A number; null for `nothing`.')
    """
    text, *rest = re.split(r"(?m)^(\w+)\n-{3,}\n", inspect.cleandoc(docstring))
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    entries = re.findall(r"(?m)^(\S.*?) : .*\n((?: +.*\n?|\n)+)", sections.get("Attributes", ""))
    fields = {name: _markdown(said) for names, said in entries for name in names.split(", ")}
    return Doc(_markdown(text), fields)


def _markdown(text: str) -> str:
    """Return paragraphs of one line each; roles and double backticks become single ones."""
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text.replace("``", "`"))
    text = re.sub(r"\bNone\b", "null", text)
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
