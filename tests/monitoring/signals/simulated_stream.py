"""A site without database or pixels: counted cases and logged runs by chance, with faults that we turn on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from monitoring.signals.streams import CaseRow, Era, RunRow

START = date(2025, 1, 6)
ERA = Era(name="1.0", version="1.0", starts_at=datetime(2025, 1, 1, tzinfo=UTC), ends_at=None, is_first=True)
WEEKDAYS = (1.0, 1.05, 1.0, 1.0, 0.95, 0.35, 0.25)


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day is like. Scores are logistic of a normal whose mean depends on truth."""

    per_day: float = 5.0
    prevalence: float = 0.28
    positive_mean: float = 1.3
    negative_mean: float = -1.6
    spread: float = 1.1
    labelled: float = 0.85
    delay_days: float = 25.0
    headers: tuple[tuple[str, str | float], ...] = (("acquisition.photometric_interpretation", "MONOCHROME2"),)
    scanners: tuple[str, ...] = ("a", "b")
    flags: tuple[str, ...] = ()

    def but(self, **changes: object) -> "Day":
        return replace(self, **changes)


HEALTHY = Day()


@dataclass(frozen=True, kw_only=True)
class Stream:
    cases: list[CaseRow]
    runs: list[RunRow]
    last: date

    def counted(self) -> list[CaseRow]:
        return [row for row in self.cases if not row.excluded]


def simulate(*, days: int, seed: int, like: Callable[[int], Day] = lambda number: HEALTHY) -> Stream:
    """Return a stream; `like` says what the day of this number (0-based) is like."""
    random = np.random.default_rng(seed)
    cases, runs = [], []
    for number in range(days):
        day = START + timedelta(days=number)
        kind = like(number)
        share = WEEKDAYS[day.weekday()] / (sum(WEEKDAYS) / 7)
        for place in range(int(random.poisson(kind.per_day * share))):
            case, run = _study(f"s{number}-{place}", day=day, kind=kind, random=random)
            cases.append(case)
            runs.append(run)
    return Stream(cases=cases, runs=runs, last=START + timedelta(days=days - 1))


def _study(name: str, *, day: date, kind: Day, random: np.random.Generator) -> tuple[CaseRow, RunRow]:
    at = datetime.combine(day, time(12), tzinfo=UTC)
    is_ill = random.random() < kind.prevalence
    logit = random.normal(kind.positive_mean if is_ill else kind.negative_mean, kind.spread)
    known_at = at + timedelta(days=float(random.exponential(kind.delay_days)) + 1)
    scanner = str(random.choice(kind.scanners))
    case = CaseRow(
        study=name,
        person=name,
        acquired_at=at,
        day=day,
        version="1.0",
        finding="nodule",
        scanner=scanner,
        excluded="",
        score=float(1 / (1 + np.exp(-logit))),
        decision="positive" if logit >= 0 else "negative",
        truth=("positive" if is_ill else "negative") if random.random() < kind.labelled else "",
        known_at=known_at,
    )
    headers = {"scanner.key": scanner, "acquisition.exposure_mas": float(random.lognormal(1.2, 0.3))} | dict(
        kind.headers
    )
    run = RunRow(
        study=name,
        person=name,
        acquired_at=at,
        known_at=at,
        day=day,
        version="1.0",
        flags=kind.flags,
        headers=headers,
    )
    return case, run


def known_by(stream: Stream, last: date) -> list[CaseRow]:
    """Return the cases with the truths that have become known by a day."""
    return [
        row if row.known_at and row.known_at.date() <= last else replace(row, truth="", known_at=None)
        for row in stream.cases
    ]
