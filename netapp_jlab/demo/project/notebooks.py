"""The notebooks of the sample project, with the outputs that running them gives.

They use the standard library alone, so they run in any kernel.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from hashlib import sha256
from typing import Any

__all__ = ["EXPLORE", "FORECAST_FIRST", "FORECAST_SECOND", "Cell", "cell_id", "write_notebook"]

Cell = tuple[str, str]
"""``markdown`` or ``code``, and the text."""

_LOAD = """\
import csv
from collections import Counter, defaultdict
from datetime import date

def read(name):
    with open(f"../data/{name}.csv", newline="") as file:
        return list(csv.DictReader(file))

rides, weather = read("rides"), read("weather")
names = {row["station"]: row["name"] for row in read("stations")}
print(f"{len(rides):,} rides on {len(weather)} days")"""

_BARS = """\
def bars(counts, width=40):
    top = max(counts.values())
    for label, count in counts.items():
        print(f"{label:<16} {'█' * round(width * count / top)} {count:,}")"""

EXPLORE: list[Cell] = [
    (
        "markdown",
        """\
# What the rides look like

Four months of a small city's bike sharing. Everything here runs with Python alone.""",
    ),
    ("code", _LOAD),
    ("markdown", "## When people ride"),
    (
        "code",
        _BARS
        + """

days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
weekdays = Counter(date.fromisoformat(ride["started_at"][:10]).weekday() for ride in rides)
bars({days[number]: weekdays[number] for number in range(7)})""",
    ),
    ("markdown", "## Where they start"),
    (
        "code",
        """\
starts = Counter(names[ride["from"]] for ride in rides)
bars(dict(starts.most_common(6)))""",
    ),
    ("markdown", "## How far they go\n\nA number that looks wrong is worth a second look."),
    (
        "code",
        """\
distances = defaultdict(list)
for ride in rides:
    distances[ride["bike"]].append(float(ride["distance"]))
for bike, values in sorted(distances.items()):
    mean = sum(values) / len(values)
    print(f"{bike:<9} {len(values):>7,} rides, {mean:>9,.2f} km on average")""",
    ),
]

_DAILY = """\
daily = Counter(ride["started_at"][:10] for ride in rides)
table = [
    (date.fromisoformat(row["day"]), float(row["temperature"]), float(row["rain"]),
     daily[row["day"]])
    for row in weather
]
train, test = table[:-28], table[-28:]
print(f"learn from {len(train)} days, test on {len(test)}")"""

_INTRO = "# How many rides tomorrow?\n\nThe last four weeks are kept aside to test on."

FORECAST_FIRST: list[Cell] = [
    ("markdown", _INTRO),
    ("code", _LOAD),
    ("code", _DAILY),
    ("markdown", "## A first guess: the mean of the weekday"),
    (
        "code",
        """\
def mean(values):
    values = list(values)
    return sum(values) / len(values)

weekday = {n: mean(row[3] for row in train if row[0].weekday() == n) for n in range(7)}
error = mean(abs(row[3] - weekday[row[0].weekday()]) for row in test)
print(f"mean absolute error: {error:.1f} rides a day")""",
    ),
]

FORECAST_SECOND: list[Cell] = [
    *FORECAST_FIRST,
    ("markdown", "## Better: warmth and rain\n\nLeast squares by hand, three numbers to learn."),
    (
        "code",
        """\
def features(row):
    working = 1.0 if row[0].weekday() < 5 else 0.0
    return [1.0, working, row[1], row[2] ** 0.5]

def solve(matrix, right):
    n = len(right)
    rows = [matrix[i][:] + [right[i]] for i in range(n)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(n):
            if r != i:
                factor = rows[r][i] / rows[i][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    return [rows[i][n] / rows[i][i] for i in range(n)]

xs, ys = [features(row) for row in train], [row[3] for row in train]
size = len(xs[0])
normal = [[sum(x[i] * x[j] for x in xs) for j in range(size)] for i in range(size)]
weights = solve(normal, [sum(x[i] * y for x, y in zip(xs, ys)) for i in range(size)])
guess = lambda row: sum(w * f for w, f in zip(weights, features(row)))
error = mean(abs(row[3] - guess(row)) for row in test)
print(f"mean absolute error: {error:.1f} rides a day")""",
    ),
    (
        "code",
        """\
import os
os.makedirs("../results", exist_ok=True)
with open("../results/forecast.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["day", "rides", "forecast"])
    writer.writerows([row[0], row[3], round(guess(row))] for row in test)
print("saved", len(test), "days to results/forecast.csv")""",
    ),
]


def notebook(cells: list[Cell]) -> str:
    """Return a notebook (nbformat 4.5) with the outputs of running its cells here.

    Parameters
    ----------
    cells : list[Cell]
        Only ever the cells of this module.
    """
    scope: dict[str, Any] = {"__name__": "__main__"}
    built = [_cell(kind, text, scope, number) for number, (kind, text) in enumerate(cells)]
    code = (cell for cell in built if cell["cell_type"] == "code")
    for count, cell in enumerate(code, 1):
        cell["execution_count"] = count
    document = {
        "cells": built,
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"file_extension": ".py", "name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write_notebook(name: str, path: str) -> None:
    """Run a notebook of this module where it will lie, and write it there.

    It runs in a process of its own, whose working directory and output it may have for itself.

    Parameters
    ----------
    name : str
        ``EXPLORE``, ``FORECAST_FIRST`` or ``FORECAST_SECOND``.
    path : str
        The file to write.
    """
    package = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
    search = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", __name__, name],
        cwd=os.path.dirname(path),
        env={**os.environ, "PYTHONPATH": search, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    with open(path, "wb") as file:
        file.write(done.stdout)


def cell_id(number: int, text: str) -> str:
    """Return the id of a cell, the same each time."""
    return sha256(f"{number}:{text}".encode()).hexdigest()[:8]


def _cell(kind: str, text: str, scope: dict[str, Any], number: int) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": cell_id(number, text),
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    if kind == "code":
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(text, scope)  # noqa: S102 - a cell of this module
        stream = {"name": "stdout", "output_type": "stream"}
        lines = printed.getvalue().splitlines(keepends=True)
        cell["outputs"] = [{**stream, "text": lines}] if lines else []
        cell["execution_count"] = None
    return cell


if __name__ == "__main__":
    sys.stdout.write(notebook(globals()[sys.argv[1]]))
