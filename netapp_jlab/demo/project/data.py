"""The data of the sample project: a small city's bike sharing, made up but alike each time."""

from __future__ import annotations

import csv
import io
import math
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Weather", "counts_csv", "elevation", "rides_csv", "stations_csv", "weather_csv"]

FIRST_DAY = date(2026, 1, 1)
DAYS = 120
_STATIONS = (
    ("Central Station", 52.3702, 4.8952),
    ("Old Harbour", 52.3765, 4.9101),
    ("Market Square", 52.3731, 4.8922),
    ("University", 52.3680, 4.8897),
    ("Science Park", 52.3561, 4.9540),
    ("City Park", 52.3601, 4.8686),
    ("Museum Quarter", 52.3584, 4.8811),
    ("North Ferry", 52.3826, 4.9022),
    ("East Gate", 52.3624, 4.9262),
    ("Canal Ring", 52.3644, 4.8830),
    ("West Docks", 52.3890, 4.8721),
    ("South Bridge", 52.3479, 4.8990),
)


class Weather(NamedTuple):
    """One day's weather."""

    day: date
    temperature: float
    rain: float


def weather() -> list[Weather]:
    """Return temperature in °C and rain in mm for each day."""
    rng = Random(11)  # noqa: S311 - no secret
    found = []
    for number in range(DAYS):
        season = 4.0 - 9.0 * math.cos((number + 12) / 365 * 2 * math.pi)
        rain = rng.expovariate(0.25) if rng.random() < 0.42 else 0.0
        found.append(
            Weather(
                FIRST_DAY + timedelta(days=number),
                round(season + 3.0 + rng.gauss(0, 2.5), 1),
                round(rain, 1),
            )
        )
    return found


def weather_csv() -> str:
    """Return ``day,temperature,rain``."""
    return _csv(("day", "temperature", "rain"), weather())


def stations_csv() -> str:
    """Return ``station,name,latitude,longitude,docks``."""
    rng = Random(5)  # noqa: S311 - no secret
    rows = [
        (f"S{number:02}", name, latitude, longitude, 12 + 4 * rng.randrange(6))
        for number, (name, latitude, longitude) in enumerate(_STATIONS, 1)
    ]
    return _csv(("station", "name", "latitude", "longitude", "docks"), rows)


def rides_csv(*, corrected: bool) -> str:
    """Return one line for each ride.

    Parameters
    ----------
    corrected : bool
        Whether the distances of electric bikes are in km. As they first came, they are in metres.
    """
    rng = Random(2026)  # noqa: S311 - no secret
    rows: list[tuple[object, ...]] = []
    for day in weather():
        for _ in range(_rides_on(day, rng)):
            rows.append(_ride(len(rows) + 1, day.day, rng, corrected=corrected))
    columns = ("ride", "started_at", "minutes", "from", "to", "bike", "member", "distance")
    return _csv(columns, rows)


def _rides_on(day: Weather, rng: Random) -> int:
    working = 1.0 if day.day.weekday() < 5 else 0.72
    warmth = 0.6 + max(day.temperature, 0) / 25
    dry = math.exp(-day.rain / 9)
    return int(420 * working * warmth * dry + rng.gauss(0, 14))


def _ride(number: int, day: date, rng: Random, *, corrected: bool) -> tuple[object, ...]:
    hour = rng.choice((7, 8, 8, 9, 11, 12, 13, 15, 16, 17, 17, 18, 18, 20, 22))
    start = datetime.combine(day, datetime.min.time()) + timedelta(
        hours=hour, minutes=rng.randrange(60)
    )
    origin = rng.choices(range(len(_STATIONS)), weights=range(len(_STATIONS), 0, -1))[0]
    target = rng.randrange(len(_STATIONS))
    bike = "electric" if rng.random() < 0.35 else "classic"
    minutes = max(3, round(rng.gauss(16 if bike == "electric" else 19, 6)))
    km = minutes * (0.31 if bike == "electric" else 0.23) + rng.random()
    distance = round(km, 2) if corrected or bike == "classic" else round(km * 1000)
    return (
        f"R{number:06}",
        start.strftime("%Y-%m-%dT%H:%M"),
        minutes,
        f"S{origin + 1:02}",
        f"S{target + 1:02}",
        bike,
        "yes" if rng.random() < 0.7 else "no",
        distance,
    )


def counts_csv(year: int, *, sensors: int) -> str:
    """Return counts of road sensors in a year: some megabytes for the shared volume."""
    rng = Random(year)  # noqa: S311 - no secret
    start = datetime(year, 1, 1)  # noqa: DTZ001 - local time, as such files have it
    lines = ["hour,sensor,cars,bikes"]
    for hour in range(0, 365 * 24, 3):
        stamp = (start + timedelta(hours=hour)).strftime("%Y-%m-%dT%H")
        busy = 1 + math.sin((hour % 24 - 6) / 24 * 2 * math.pi)
        lines += [
            f"{stamp},{sensor},{int(busy * 90 * rng.random())},{int(busy * 40 * rng.random())}"
            for sensor in range(sensors)
        ]
    return "\n".join(lines) + "\n"


def elevation(megabytes: int) -> bytes:
    """Return a binary grid that does not compress: what shared volumes are full of."""
    return Random(88).randbytes(megabytes * 1024**2)  # noqa: S311 - no secret


def _csv(columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
