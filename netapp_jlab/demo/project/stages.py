"""How the sample project came about: what changed on which day, and what was noted."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from netapp_jlab.demo.project import data, notebooks
from netapp_jlab.demo.project.tour import SHARED_README, TOUR

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SHARED", "WORKSPACE", "Stage"]


class Stage(NamedTuple):
    """One step of a volume's history.

    Attributes
    ----------
    age : timedelta
        How long before the demo's first start it happened.
    change : Callable[[str], None]
        Changes the files below a folder.
    snapshot, note, author : str
        Name and annotations of the snapshot cut afterwards; without a name none was.
    origin : dict[str, str]
        From where it was asked for (fields of :class:`netapp_jlab.models.Origin`).
    """

    age: timedelta
    change: Callable[[str], None]
    snapshot: str = ""
    note: str = ""
    author: str = ""
    origin: dict[str, str] = {}  # noqa: RUF012 - never changed


_EXPLORE = "notebooks/1-explore-rides.ipynb"
_FORECAST = "notebooks/2-forecast.ipynb"


def _write(folder: str, path: str, content: str | bytes) -> None:
    target = os.path.join(folder, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def _run(folder: str, path: str, name: str) -> None:
    target = os.path.join(folder, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    notebooks.write_notebook(name, target)


def _begin(folder: str) -> None:
    _write(folder, "README.md", TOUR)
    _write(folder, "data/rides.csv", data.rides_csv(corrected=False))
    _write(folder, "data/stations.csv", data.stations_csv())
    _write(folder, "data/weather.csv", data.weather_csv())


def _explore(folder: str) -> None:
    _run(folder, _EXPLORE, "EXPLORE")
    _write(folder, "ideas.txt", "rain? holidays? what about the ferry?\n")


def _correct(folder: str) -> None:
    _write(folder, "data/rides.csv", data.rides_csv(corrected=True))
    _run(folder, _EXPLORE, "EXPLORE")


def _guess(folder: str) -> None:
    _run(folder, _FORECAST, "FORECAST_FIRST")
    os.remove(os.path.join(folder, "ideas.txt"))


def _forecast(folder: str) -> None:
    _run(folder, _FORECAST, "FORECAST_SECOND")


def _note(folder: str) -> None:
    _write(folder, "results/next.md", "- holidays\n- the ferry timetable\n- ask Bea for 2025\n")


def _days(days: int, hours: float = 0.0) -> timedelta:
    return timedelta(days=days, hours=hours)


def _cell(name: str) -> str:
    cells: list[notebooks.Cell] = getattr(notebooks, name)
    return notebooks.cell_id(len(cells) - 1, cells[-1][1])


WORKSPACE = (
    Stage(
        _days(6, 3),
        _begin,
        "fresh-data",
        "Fresh data: rides, stations, weather",
        "ada",
        {"kind": "panel"},
    ),
    Stage(
        _days(5, 1),
        _explore,
        "first-look",
        "First look. Electric bikes go 5,000 km?",
        "ada",
        {"kind": "notebook", "notebook": _EXPLORE, "cell": _cell("EXPLORE")},
    ),
    Stage(
        _days(3, 6),
        _correct,
        "distances-corrected",
        "Distances corrected: they were metres",
        "ada",
        {"kind": "notebook", "notebook": _EXPLORE, "commit": "3f9c2e1"},
    ),
    Stage(
        _days(2, 2),
        _guess,
        "nightly",
        "Nightly",
        "schedule",
        {"kind": "schedule"},
    ),
    Stage(
        _days(1, 4),
        _forecast,
        "forecast-works",
        "Forecast works: off by 36 rides a day",
        "ada",
        {
            "kind": "notebook",
            "notebook": _FORECAST,
            "cell": _cell("FORECAST_SECOND"),
            "commit": "a81d07b",
            "run": "forecast-2",
        },
    ),
    Stage(_days(0, 5), _note),
)
"""The workspace volume, oldest first; the last stage is how it looks today."""


def _shared_begin(folder: str) -> None:
    _write(folder, "README.md", SHARED_README)
    _write(folder, "traffic/counts-2024.csv", data.counts_csv(2024, sensors=80))
    _write(folder, "elevation/grid-10m.bin", data.elevation(12))


def _shared_more(folder: str) -> None:
    _write(folder, "traffic/counts-2025.csv", data.counts_csv(2025, sensors=90))


SHARED = (
    Stage(
        _days(20),
        _shared_begin,
        "datasets-2024",
        "Counts of 2024 and the elevation grid",
        "bea",
        {"kind": "panel"},
    ),
    Stage(
        _days(4, 7),
        _shared_more,
        "datasets-2025",
        "Counts of 2025 added",
        "bea",
        {"kind": "panel"},
    ),
)
"""The shared volume, oldest first."""


def apply(stage: Stage, folder: str, now: datetime) -> None:
    """Change the files below `folder` and let them look as old as the stage."""
    began = datetime.now().timestamp()  # noqa: DTZ005 - compared with the file system's clock
    stage.change(folder)
    then = int((now - stage.age).timestamp() * 1e9)
    for parent, folders, files in os.walk(folder, topdown=False):
        if ".snapshot" in folders:
            folders.remove(".snapshot")
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in (*files, *links):
            _age(os.path.join(parent, name), began, then)
        _age(parent, began, then)


def _age(path: str, began: float, then: int) -> None:
    """Backdate what the stage wrote; a second of tolerance for coarse clocks."""
    if os.lstat(path).st_mtime >= began - 1:
        os.utime(path, ns=(then, then), follow_symlinks=False)
