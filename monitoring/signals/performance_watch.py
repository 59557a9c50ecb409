"""Are missed findings and false alarms more frequent than in the reference? Two Bernoulli CUSUMs.

Labels are taken in the order in which they became known, one value a patient and year; the change is dated
by acquisition. A later version is held to what the first one achieved.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from monitoring.signals.episodes import Alarm
from monitoring.signals.rates import (
    CONFIDENCE,
    PERFORMANCE_ODDS_RATIO,
    PERFORMANCE_RATE,
    PERFORMANCE_REFERENCE_DAYS,
    REFERENCE_NEGATIVES,
    REFERENCE_POSITIVES,
)
from monitoring.signals.streams import CaseRow, Era, once_a_patient
from monitoring.statistics.sequential import BernoulliCusum, Excursion
from monitoring.statistics.standardising import guarded_bernoulli_cusum

ARMS = {"sensitivity": "positive", "specificity": "negative"}
MINIMUM = {"sensitivity": REFERENCE_POSITIVES, "specificity": REFERENCE_NEGATIVES}


def labelled_in_order(cases: Sequence[CaseRow]) -> list[CaseRow]:
    """Return the labelled cases as their truth became known."""
    return sorted(
        (row for row in cases if row.is_labelled),
        key=lambda row: (row.known_at, row.acquired_at, str(row.study)),
    )


def design_performance(cases: Sequence[CaseRow], *, era: Era, baseline: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the frozen design, or None while the reference is too small. `baseline` is an earlier version's design."""
    if baseline is not None:
        return baseline | {
            "watch_after": [era.starts_at.isoformat(), era.starts_at.isoformat()],
            "baseline_of": baseline["version"],
            "version": era.version,
        }
    labelled = labelled_in_order(cases)
    if not labelled:
        return None
    first_day = min(row.day for row in cases)
    closes_on = first_day + timedelta(days=PERFORMANCE_REFERENCE_DAYS)
    spans_until = first_day + timedelta(days=PERFORMANCE_REFERENCE_DAYS // 2)  # labels that all come at once are no end
    seen = {"positive": 0, "negative": 0}
    for place, row in enumerate(labelled):
        is_enough = all(seen[truth] >= MINIMUM[arm] for arm, truth in ARMS.items())
        if is_enough and row.known_at.date() >= closes_on and row.day >= spans_until:  # type: ignore[union-attr]
            return _design(labelled[:place], first_day=first_day, era=era)
        seen[row.truth] += 1
    return None


def _design(reference: list[CaseRow], *, first_day: date, era: Era) -> dict[str, Any]:
    last, days = reference[-1], [row.day for row in reference]
    first_known, last_known = reference[0].known_at, last.known_at
    assert first_known is not None and last_known is not None
    span = max((last_known - first_known).total_seconds() / 86_400, float((max(days) - min(days)).days), 1.0)
    return {
        "method": "Bernoulli CUSUM for missed findings and for false positives, labels in order of arrival",
        "statement": PERFORMANCE_RATE.statement,
        "confidence": CONFIDENCE,
        "odds_ratio": PERFORMANCE_ODDS_RATIO,
        "version": era.version,
        "watch_after": [last_known.isoformat(), last.acquired_at.isoformat()],
        "reference": {
            "from": first_day.isoformat(),
            "to": max(days).isoformat(),
            "cases": len(reference),
        },
        "arms": {arm: _arm([row for row in reference if row.truth == truth], days=span) for arm, truth in ARMS.items()},
    }


def _arm(reference: list[CaseRow], *, days: float) -> dict[str, Any]:
    values = [value for value, _, _ in patient_days(reference)]
    wrong, per_day = sum(row.is_wrong for row in reference), len(values) / days
    arl0 = max(2 * PERFORMANCE_RATE.days * per_day, 100.0)  # two arms share the rate
    chart, guard = guarded_bernoulli_cusum(
        events=sum(values), trials=len(values), odds_ratio=PERFORMANCE_ODDS_RATIO, arl0=arl0, confidence=CONFIDENCE
    )
    return {
        "wrong": wrong,
        "cases": len(reference),
        "per_day": per_day,
        "arl0": arl0,
        "allowance": guard.allowance,
        "p0": chart.p0,
        "p1": chart.p1,
        "up": chart.up,
        "down": chart.down,
        "unit": chart.unit,
        "height": chart.height,
    }


def chart_of(arm: dict[str, Any]) -> BernoulliCusum:
    return BernoulliCusum(**{name: arm[name] for name in ("p0", "p1", "up", "down", "unit", "height")})


PatientDay = tuple[float, date, datetime]


def patient_days(ordered: Sequence[CaseRow]) -> list[PatientDay]:
    """Return (share wrong, acquired on, known at): one bounded value a patient and year, in order of arrival.

    Labels of a patient that arrive on one day are averaged.
    """
    grouped: dict[tuple[date, Any], list[CaseRow]] = {}
    arrivals = [row.known_at.date() for row in ordered]  # type: ignore[union-attr]
    kept = once_a_patient(zip((row.person for row in ordered), arrivals, strict=True))
    for row, arrived_on, counts in zip(ordered, arrivals, kept, strict=True):
        if counts:
            grouped.setdefault((arrived_on, row.person), []).append(row)
    values = []
    for mine in grouped.values():
        known_at = mine[-1].known_at
        assert known_at is not None
        values.append((sum(row.is_wrong for row in mine) / len(mine), mine[0].day, known_at))
    return values


def watched(design: dict[str, Any], cases: Sequence[CaseRow], *, arm: str) -> list[PatientDay]:
    """Return the observations of an arm after the reference."""
    known, acquired = (datetime.fromisoformat(moment) for moment in design["watch_after"])
    rows = [
        row
        for row in labelled_in_order(cases)
        if row.truth == ARMS[arm] and row.known_at is not None and (row.known_at, row.acquired_at) > (known, acquired)
    ]
    return patient_days(rows)


def performance_alarms(design: dict[str, Any], cases: Sequence[CaseRow]) -> list[Alarm]:
    return [alarm for arm in ARMS for alarm in _arm_alarms(design, cases, arm=arm)]


def _arm_alarms(design: dict[str, Any], cases: Sequence[CaseRow], *, arm: str) -> list[Alarm]:
    values = watched(design, cases, arm=arm)
    frozen = design["arms"][arm]
    usual = (frozen["wrong"] + 0.5) / (frozen["cases"] + 1)
    alarms, start = [], 0
    for stay in chart_of(frozen).excursions([value for value, _, _ in values]):
        alarms.append(_alarm(values[start:], stay=stay, start=start, arm=arm, usual=usual))
        start = (stay.ended or 0) + 1
    return alarms


def _alarm(values: Sequence[PatientDay], *, stay: Excursion, start: int, arm: str, usual: float) -> Alarm:
    """Return one alarm; `values` begin at position `start`, after whatever alarmed before."""
    seen = values[: stay.alarm - start + 1]
    alarm_on = seen[-1][2].date()
    began_on = min(change_point(seen, usual=usual), alarm_on)
    wrong = float(np.mean([value for value, _, _ in values[stay.began - start : stay.peak - start + 1]]))
    ended_on = None
    if stay.ended is not None:
        since = [each for each in values[: stay.ended - start + 1] if each[1] >= began_on]
        ended_on = max(began_on, end_point(since, usual=usual, wrong=wrong))
    return Alarm(arm=arm, began_on=began_on, alarm_on=alarm_on, ended_on=ended_on, weight=wrong - usual)


def change_point(values: Sequence[PatientDay], *, usual: float) -> date:
    """Return the acquisition day on which a rise above `usual` is most likely to have begun, given these labels.

    Maximum likelihood over the day, with the share of wrong calls since then fitted (Hinkley 1970).
    """
    by_day = sorted(values, key=lambda value: value[1])
    wrong = np.array([value for value, _, _ in by_day])
    size = np.arange(wrong.size, 0, -1)
    since = np.clip(np.cumsum(wrong[::-1])[::-1] / size, 1e-9, 1 - 1e-9)
    support = size * (since * np.log(since / usual) + (1 - since) * np.log((1 - since) / (1 - usual)))
    return by_day[int(np.argmax(np.where(since > usual, support, -1.0)))][1]


def end_point(values: Sequence[PatientDay], *, usual: float, wrong: float) -> date:
    """Return the acquisition day on which a share of wrong calls most likely fell back to `usual`."""
    by_day = sorted(values, key=lambda value: value[1])
    called = np.array([value for value, _, _ in by_day])
    changed = min(max(wrong, usual * 1.01), 0.999)
    gain = called * np.log(changed / usual) + (1 - called) * np.log((1 - changed) / (1 - usual))
    return by_day[int(np.argmax(np.cumsum(gain)))][1]
