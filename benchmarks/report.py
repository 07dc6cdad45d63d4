"""What the benchmarks measured, compared and told: the same way for all."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Measure:
    """One line of the table.

    Attributes
    ----------
    ours, theirs : float
        Medians, in `unit`: of this package, and of what it is compared with.
    value : float
        What the limit is about: ``ours / theirs`` or ``ours - theirs``.
    of : str
        Unit of `value`; ``x`` for a ratio.
    limit : float | None
        Most that `value` may be; None where it is only told.
    at_least : bool
        Whether the other one was stopped at its time limit, so that `theirs` is less than it takes.
    """

    what: str
    ours: float
    theirs: float
    unit: str
    value: float
    of: str
    limit: float | None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return "-"
        return "PASS" if self.value <= self.limit else "FAIL"

    def shown(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "verdict": self.verdict}


def ratio(
    what: str,
    ours: list[float],
    theirs: list[float],
    limit: float | None = None,
    *,
    at_least: bool = False,
) -> Measure:
    """Compare two lists of seconds by the ratio of their medians."""
    mine, other = median(ours), median(theirs)
    return Measure(what, mine * 1e3, other * 1e3, "ms", mine / other, "x", limit, at_least)


def difference(
    what: str, ours: list[float], theirs: list[float], unit: str, limit: float | None = None
) -> Measure:
    """Compare paired runs by the median of their differences."""
    value = median(mine - other for mine, other in zip(ours, theirs, strict=True))
    return Measure(what, median(ours), median(theirs), unit, value, unit, limit)


@dataclass
class Report:
    """The measures of one benchmark.

    Attributes
    ----------
    facts : dict[str, Any]
        What else is worth knowing: sizes, numbers of rounds.
    """

    name: str
    measures: list[Measure] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def finish(self, *, as_json: bool) -> int:
        """Print it; return the exit status."""
        measures = [one.shown() for one in self.measures]
        whole = {"benchmark": self.name, "facts": self.facts, "measures": measures}
        print(json.dumps(whole) if as_json else f"{table([whole])}\n{_told(self.facts)}")
        return int(any(one.verdict == "FAIL" for one in self.measures))


def table(reports: list[dict[str, Any]]) -> str:
    """Return reports (as JSON) as one table in Markdown."""
    rows = [["benchmark", "what", "ours", "compared with", "result", "limit", ""]]
    for report in reports:
        for one in report["measures"]:
            limit = "" if one["limit"] is None else _number(one["limit"], one["of"])
            ours, theirs = (_number(one[side], one["unit"]) for side in ("ours", "theirs"))
            value = _number(one["value"], one["of"])
            if one.get("at_least"):
                theirs, value = f"> {theirs}", f"≥ {1 / one['value']:.0f} x quicker"
            rows.append(
                [report["benchmark"], one["what"], ours, theirs, value, limit, one["verdict"]]
            )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    lines = (" | ".join(map(str.ljust, row, widths)) for row in rows)
    return "\n".join(f"| {line} |" for line in lines)


def _number(value: float, unit: str) -> str:
    if unit == "x":
        return f"{value:.2f} x" if value >= 0.1 else f"1/{1 / value:.0f}"
    return f"{value:.1f} {unit}" if unit else f"{value:.0f}"


def _told(facts: dict[str, Any]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in facts.items())


def parser(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have."""
    # Else a benchmark that is ended would leave its processes and namespaces behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--rounds", type=int, default=rounds, help=f"default: {rounds}")
    made.add_argument("--json", action="store_true", help="print JSON in place of a table")
    return made


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def alternate(rounds: int, *runs: Callable[[], T]) -> list[list[T]]:
    """Call each of `runs` once a round, in turns first and last; return what each returned."""
    results: list[list[T]] = [[] for _ in runs]
    order = list(range(len(runs)))
    for number in range(rounds):
        for index in order if number % 2 == 0 else reversed(order):
            results[index].append(runs[index]())
    return results


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
