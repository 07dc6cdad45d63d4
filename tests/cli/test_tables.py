"""Tables fit the terminal and lose nothing in a pipe."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netapp_jlab.cli import text
from netapp_jlab.cli.tables import Column, render

ROWS = [
    ("workspace-of-alice", "bound", "10 GiB", "what I did on Monday, before the meeting"),
    ("data", "pending", "1.5 TiB", ""),
]
COLUMNS = (
    Column("NAME", lambda r: r[0], shrink_to=8),
    Column("PHASE", lambda r: r[1], drop=2),
    Column("SIZE", lambda r: r[2], right=True),
    Column("NOTE", lambda r: r[3], drop=1, shrink_to=10),
)


def lines(width):
    return render(COLUMNS, ROWS, max_width=width)


def test_in_a_pipe_everything_is_there_and_aligned():
    assert lines(None) == [
        "NAME                PHASE       SIZE  NOTE",
        "workspace-of-alice  bound     10 GiB  what I did on Monday, before the meeting",
        "data                pending  1.5 TiB",
    ]


def test_long_texts_are_cut_before_a_column_goes():
    heading, first, _second = lines(60)
    assert heading.split() == ["NAME", "PHASE", "SIZE", "NOTE"]
    assert first.endswith("…")
    assert text.width(first) <= 60


def test_the_least_important_column_goes_first():
    assert lines(32)[0].split() == ["NAME", "SIZE", "NOTE"]
    assert lines(20)[0].split() == ["NAME", "SIZE"]


def test_what_can_not_fit_is_still_shown():
    assert lines(5)[0].split() == ["NAME", "SIZE"]


@given(st.integers(17, 200))
def test_no_line_is_wider_than_the_terminal(width):
    assert all(text.width(line) <= width for line in lines(width))


def test_a_column_that_says_nothing_is_left_out():
    rows = [("a", "", "1 B", "")]
    assert render(COLUMNS, rows, max_width=None)[0].split() == ["NAME", "SIZE"]


def test_cells_are_cleaned_and_wide_letters_count_twice():
    rows = [("漢字\n\x1b[31m", "", "1 B", ""), ("plain", "", "2 B", "")]
    _heading, wide, plain = render(COLUMNS, rows, max_width=None)
    assert "\x1b" not in wide
    assert text.width(wide) == text.width(plain)


def test_paint_gets_the_style_of_each_cell():
    columns = (Column("A", lambda r: r[0], style=lambda r: "bad" if r[0] == "x" else ""),)
    painted = render(columns, [("x",), ("y",)], max_width=None, paint=lambda c, s: f"<{s}>{c}")
    assert painted == ["<bold>A", "<bad>x", "<>y"]
