"""Do scores still come from the distribution of the reference? A two-sided CUSUM of normal scores.

One value a patient and year, by acquisition. A shift is no fault by itself: `monitoring.signals.explaining`
says how much of it prevalence explains.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np

from monitoring.signals.episodes import Alarm
from monitoring.signals.rates import (
    CONFIDENCE,
    FIRST_REFERENCE_DAYS,
    LATER_REFERENCE_DAYS,
    SCORE_ALLOWANCE,
    SCORE_RATE,
    SCORE_REFERENCE_CASES,
)
from monitoring.signals.streams import CaseRow, Era, once_a_patient, reference_end
from monitoring.statistics.sequential import ChartRun, NormalCusum
from monitoring.statistics.standardising import guarded_normal_cusum, normal_scores

MOST_KEPT = 1_000  # order statistics of a large reference that the design keeps


def scored(cases: Iterable[CaseRow]) -> list[CaseRow]:
    return [row for row in cases if row.score is not None]


def design_scores(cases: Sequence[CaseRow], *, era: Era) -> dict[str, Any] | None:
    """Return the frozen design, or None while the reference is too small or has not ended."""
    rows = scored(cases)
    if not rows:
        return None
    least = FIRST_REFERENCE_DAYS if era.is_first else LATER_REFERENCE_DAYS
    first = rows[0].day
    ends_on = reference_end([row.day for row in rows], days_at_least=least, cases=SCORE_REFERENCE_CASES)
    if ends_on is None:
        return None
    reference = [row for row in rows if row.day <= ends_on]
    per_day = len(patient_days(reference, scores=reference_scores(reference))) / ((ends_on - first).days + 1)
    arl0 = max(SCORE_RATE.days * per_day, 100.0)
    chart, guard = guarded_normal_cusum(
        k=SCORE_ALLOWANCE, arl0=arl0, reference_cases=len({row.person for row in reference}), confidence=CONFIDENCE
    )
    return {
        "method": "two-sided CUSUM of normal scores against the reference, one value a patient and year",
        "statement": SCORE_RATE.statement,
        "confidence": CONFIDENCE,
        "version": era.version,
        "reference": {"from": first.isoformat(), "to": ends_on.isoformat(), "cases": len(reference)},
        "scores": kept(reference_scores(reference)),
        "per_day": per_day,
        "arl0": arl0,
        "allowance": guard.allowance,
        "k": chart.k,
        "threshold": chart.threshold,
    }


def kept(scores: Sequence[float]) -> list[float]:
    """Return the sorted scores, thinned to evenly spaced order statistics when there are very many."""
    ordered = np.sort(np.asarray(scores, dtype=np.float64))
    if ordered.size > MOST_KEPT:
        ordered = ordered[np.linspace(0, ordered.size - 1, MOST_KEPT).round().astype(int)]
    return [round(float(score), 6) for score in ordered]


def reference_scores(rows: Iterable[CaseRow]) -> list[float]:
    return [row.score for row in rows if row.score is not None]


PatientDay = tuple[float, date]


def patient_days(rows: Sequence[CaseRow], *, scores: Sequence[float]) -> list[PatientDay]:
    """Return (mean of a day's values, acquired on), one a patient and year, in order of acquisition."""
    grouped: dict[tuple[date, Any], list[float]] = {}
    kept = once_a_patient((row.person, row.day) for row in rows)
    for row, value, counts in zip(rows, scores, kept, strict=True):
        if counts:
            grouped.setdefault((row.day, row.person), []).append(float(value))
    return [(sum(values) / len(values), day) for (day, _), values in grouped.items()]


def watched(design: dict[str, Any], cases: Sequence[CaseRow]) -> list[PatientDay]:
    """Return the observations after the reference, as normal scores."""
    after = date.fromisoformat(design["reference"]["to"])
    rows = [row for row in scored(cases) if row.day > after]
    if not rows:
        return []
    return patient_days(rows, scores=normal_scores(reference_scores(rows), reference=design["scores"]).tolist())


def chart_of(design: dict[str, Any]) -> NormalCusum:
    return NormalCusum(k=design["k"], threshold=design["threshold"], sides=2)


def run_scores(design: dict[str, Any], cases: Sequence[CaseRow]) -> tuple[list[PatientDay], ChartRun]:
    values = watched(design, cases)
    return values, chart_of(design).run([value for value, _ in values])


def score_alarms(design: dict[str, Any], cases: Sequence[CaseRow]) -> list[Alarm]:
    values = watched(design, cases)
    chart, scores = chart_of(design), [value for value, _ in values]
    return [
        Alarm(
            arm=arm,
            began_on=values[stay.began][1],
            alarm_on=values[stay.alarm][1],
            ended_on=None if stay.ended is None else values[stay.peak][1],
        )
        for arm in ("higher", "lower")
        for stay in chart.excursions(scores, upward=arm == "higher")
    ]
