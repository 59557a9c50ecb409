"""Do runs fail, come late, or come again and again more often than they used to?

Each is a share of the runs, held against the reference's. What a recorder lost is
a fact: each report raises a signal.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from monitoring.signals.episodes import Alarm
from monitoring.signals.feed_watch import proven_dispersion
from monitoring.signals.rates import FEED_REFERENCE_RUNS, FIRST_REFERENCE_DAYS, SILENCE_RATE
from monitoring.signals.streams import RunRow, reference_end
from monitoring.statistics.bursts import crowded_spells
from monitoring.statistics.silence import SilenceDesign

FAILED, LATE, STORM = "failed", "late", "storm"
WORDS: Mapping[str, str] = {
    FAILED: "failed runs",
    LATE: "late runs",
    STORM: "repeated runs of studies that had one",
}
FAILURES = frozenset({"failed", "timed_out"})
LONGEST_DAYS = 7
LATE_QUANTILE, LATE_FACTOR, LEAST_LATE_SECONDS = 0.95, 2.0, 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRow:
    """What a recorder said it lost since it last said so."""

    said_at: datetime
    since: datetime
    day: date
    lost: int
    refused: int
    damaged: int


def marked(kind: str, runs: Sequence[RunRow], *, late_seconds: float = 0.0) -> list[bool]:
    """Return which runs count as failed, late or repeated."""
    if kind == FAILED:
        return [row.status in FAILURES for row in runs]
    if kind == LATE:
        return [(row.known_at - row.acquired_at).total_seconds() > late_seconds for row in runs]
    met: set[Any] = set()
    repeated = []
    for row in runs:
        repeated.append(row.study in met)
        met.add(row.study)
    return repeated


def design_burst(kind: str, runs: Sequence[RunRow]) -> dict[str, Any] | None:
    """Return the frozen design: how large the share is in the reference, and how it varies."""
    ends_on = reference_end([row.day for row in runs], days_at_least=FIRST_REFERENCE_DAYS, cases=FEED_REFERENCE_RUNS)
    if ends_on is None:
        return None
    before = [row for row in runs if row.day <= ends_on]
    first = min(row.day for row in before)
    late_seconds = late_limit(before) if kind == LATE else 0.0
    hits = marked(kind, before, late_seconds=late_seconds)
    share = (sum(hits) + 0.5) / (len(before) + 1)  # Jeffreys: none in the reference is not never
    seen, whole = per_day(before, hits, first=first, last=ends_on)
    return {
        "method": f"probability of so many {WORDS[kind]}, given how many came; negative binomial",
        "statement": SILENCE_RATE.statement,
        "reference": {"from": first.isoformat(), "to": ends_on.isoformat(), "cases": len(before)},
        "share": share,
        "events": sum(hits) + 0.5,
        "late_seconds": late_seconds,
        "dispersion": proven_dispersion(seen, [share * each for each in whole]),
        "arl0_days": SILENCE_RATE.days,
        "longest_days": LONGEST_DAYS,
    }


def late_limit(runs: Sequence[RunRow]) -> float:
    """Return from when a run is late: twice what 95 of 100 runs of the reference took, and half an hour at least."""
    lags = [(row.known_at - row.acquired_at).total_seconds() for row in runs]
    return max(LEAST_LATE_SECONDS, LATE_FACTOR * float(np.quantile(lags, LATE_QUANTILE)))


def per_day(runs: Sequence[RunRow], hits: Iterable[bool], *, first: date, last: date) -> tuple[list[int], list[int]]:
    """Return the marked runs and all runs of each day."""
    seen = Counter(row.day for row, is_hit in zip(runs, hits, strict=True) if is_hit)
    whole = Counter(row.day for row in runs)
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    return [seen[day] for day in days], [whole[day] for day in days]


def burst_alarms(kind: str, design: dict[str, Any], runs: Sequence[RunRow], *, until: date) -> list[Alarm]:
    """Return the crowded spells after the reference up to `until`."""
    first = date.fromisoformat(design["reference"]["to"]) + timedelta(days=1)
    if until < first:
        return []
    hits = marked(kind, runs, late_seconds=design["late_seconds"])
    seen, whole = per_day(runs, hits, first=first, last=until)
    known = {row.day: row.known_at.date() for row, is_hit in zip(runs, hits, strict=True) if is_hit}
    chart = SilenceDesign(
        arl0=design["arl0_days"],
        longest=design["longest_days"],
        reference_count=design["events"],
        dispersion=design["dispersion"],
    )
    alarms = []
    for spell in crowded_spells(seen, [design["share"] * each for each in whole], design=chart):
        noticed = first + timedelta(days=spell.noticed)
        alarms.append(
            Alarm(
                arm=kind,
                began_on=first + timedelta(days=min(spell.first, spell.noticed)),
                alarm_on=max(noticed, known.get(noticed, noticed)),
                ended_on=None if spell.last == len(seen) - 1 else first + timedelta(days=spell.last),
                words=f"{spell.count} {WORDS[kind]} where {spell.expected:.1f} were expected",
                weight=float(spell.count),
                details={
                    "last_day": (first + timedelta(days=spell.last)).isoformat(),
                    "days": spell.last - spell.first + 1,
                    "count": spell.count,
                    "runs": sum(whole[spell.first : spell.last + 1]),
                    "expected": spell.expected,
                    "probability": spell.probability,
                },
            )
        )
    return alarms


def design_losses() -> dict[str, Any]:
    return {
        "method": "every report of a loss counts; no chart",
        "statement": "no false alarm: a loss is a fact",
    }


def loss_alarms(losses: Sequence[LossRow]) -> list[Alarm]:
    """Return one alarm per day on which a recorder said that it lost rows."""
    days: dict[date, list[LossRow]] = {}
    for each in losses:
        days.setdefault(each.day, []).append(each)
    return [
        Alarm(
            arm="losses",
            began_on=min(day, *(each.since.date() for each in rows)),
            alarm_on=day,
            ended_on=day,
            words="rows lost by the recorder",
            weight=float(sum(each.lost + each.refused + each.damaged for each in rows)),
            details={name: sum(getattr(each, name) for each in rows) for name in ("lost", "refused", "damaged")},
        )
        for day, rows in days.items()
    ]
