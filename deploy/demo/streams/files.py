"""A stream as the files that an integrator would import: flat CSV, NDJSON and Parquet."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]
SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One product at one site: its rows by kind of fact, flat ones for CSV and Parquet, nested ones for NDJSON."""

    name: str
    deployment: str
    site: str
    rows: Mapping[str, Sequence[Row]]
    suffixes: Mapping[str, str]


def write_stream(stream: Stream, *, folder: Path) -> dict[str, Path]:
    """Write one file per kind of fact and return them by kind."""
    return {
        kind: _write(rows, path=folder / f"{stream.name}-{kind}{stream.suffixes[kind]}")
        for kind, rows in stream.rows.items()
    }


def _write(rows: Sequence[Row], *, path: Path) -> Path:
    writer = {".csv": _write_csv, ".ndjson": _write_ndjson, ".parquet": _write_parquet}[path.suffix]
    writer(rows, path)
    return path


def _write_csv(rows: Sequence[Row], path: Path) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _write_ndjson(rows: Sequence[Row], path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _write_parquet(rows: Sequence[Row], path: Path) -> None:
    columns = dict.fromkeys(name for row in rows for name in row)
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in columns}), path)


def spread_moments(days: tuple[date, date], *, count: int, random: np.random.Generator) -> list[datetime]:
    """Return moments of working hours on weekdays between two days, in order, as times of the site's clock."""
    length = (days[1] - days[0]).days + 1
    dates = [day for each in range(length) if (day := days[0] + timedelta(days=each)).weekday() < SATURDAY]
    places = np.sort(random.integers(0, len(dates), count))
    return [
        datetime.combine(dates[int(place)], time(8)) + timedelta(minutes=int(random.integers(0, 9 * 60)))
        for place in places
    ]


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
