"""Tables that fit the terminal: first long texts are cut, then the least important columns go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from netapp_jlab.cli import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Item = TypeVar("Item")

_GAP = "  "


@dataclass(frozen=True)
class Column(Generic[Item]):
    """One column.

    Parameters
    ----------
    title : str
        Heading.
    value : Callable
        Text of one cell; control characters are taken out here.
    drop : int
        0 stays always; of the others the highest number goes first when room is short.
    shrink_to : int
        Fewest cells the column may be cut to; 0 is never cut.
    right : bool
        Align to the right (numbers).
    style : Callable
        Style of a cell's text, one of :class:`~netapp_jlab.cli.console.Console`'s; ``""`` is plain.
    """

    title: str
    value: Callable[[Item], str]
    drop: int = 0
    shrink_to: int = 0
    right: bool = False
    style: Callable[[Item], str] = field(default=lambda _item: "")


def _no_paint(content: str, _style: str) -> str:
    return content


def render(
    columns: Sequence[Column[Item]],
    items: Iterable[Item],
    *,
    max_width: int | None,
    paint: Callable[[str, str], str] = _no_paint,
) -> list[str]:
    """Return the lines of a table.

    Parameters
    ----------
    max_width : int or None
        Cells of the terminal; None where output is no terminal: nothing is cut or left out.
    paint : Callable
        ``paint(text, style)`` adds colour where there is any.
    """
    items = list(items)
    cells = [[text.clean(column.value(item)) for item in items] for column in columns]
    # A column that is empty in every row says nothing.
    shown = [i for i, column in enumerate(columns) if not column.drop or any(cells[i])]
    widths = {i: max(map(text.width, [columns[i].title, *cells[i]])) for i in shown}
    if max_width is not None:
        widths = _fit(columns, widths, max_width)

    def line(values: dict[int, str], style: Callable[[int], str]) -> str:
        parts = []
        last = max(widths)
        for i, cells_wide in widths.items():
            content = text.shorten(values[i], cells_wide)
            if i != last or columns[i].right:
                content = text.pad(content, cells_wide, right=columns[i].right)
            parts.append(paint(content, style(i)))
        return _GAP.join(parts).rstrip()

    heading = line({i: columns[i].title for i in widths}, lambda _i: "bold")
    rows = [
        line({i: cells[i][n] for i in widths}, lambda i, item=item: columns[i].style(item))  # type: ignore[misc]
        for n, item in enumerate(items)
    ]
    return [heading, *rows]


def _fit(columns: Sequence[Column[Item]], natural: dict[int, int], room: int) -> dict[int, int]:
    """Return the widths of the columns that stay, so that a row takes at most `room` cells."""
    kept = dict(natural)
    while True:
        over = sum(kept.values()) + len(_GAP) * (len(kept) - 1) - room
        if over <= 0:
            return kept
        squeezed = _squeeze(columns, kept, over)
        if squeezed is not None:
            return squeezed
        droppable = [i for i in kept if columns[i].drop]
        if not droppable:
            return _squeeze(columns, kept, over, as_far_as_possible=True) or kept
        del kept[max(droppable, key=lambda i: columns[i].drop)]


def _squeeze(
    columns: Sequence[Column[Item]],
    widths: dict[int, int],
    over: int,
    *,
    as_far_as_possible: bool = False,
) -> dict[int, int] | None:
    """Take `over` cells from the columns that may be cut, the widest first; None if too few."""
    result = dict(widths)
    while over > 0:
        cuttable = [i for i in result if columns[i].shrink_to and result[i] > columns[i].shrink_to]
        if not cuttable:
            return result if as_far_as_possible else None
        result[max(cuttable, key=result.__getitem__)] -= 1
        over -= 1
    return result
