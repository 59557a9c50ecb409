"""Does the feed still send, and does it send what it should? Silent days and flagged runs.

Silence is judged against the weekday's usual number; a flagged run is a fact, so each raises its signal.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from scipy import stats

from monitoring.signals.episodes import Alarm
from monitoring.signals.rates import FEED_REFERENCE_RUNS, FIRST_REFERENCE_DAYS, LONGEST_SILENCE_DAYS, SILENCE_RATE
from monitoring.signals.streams import RunRow, reference_end
from monitoring.statistics.silence import SilenceDesign, dispersion_of, quiet_spells

ACT_FLAGS = {
    "unregistered_version": "a version that is not registered",
    "version_not_in_force": "a version that was not in force",
    "no_configuration": "no configuration in force",
}
WATCH_FLAGS = {
    "no_version": "no version named",
    "no_status": "no status named",
    "clock_in_future": "a clock in the future",
    "decision_contradicts_threshold": "a decision that contradicts its threshold",
    "threshold_not_in_force": "a threshold that was not in force",
    "score_out_of_range": "a score outside its scale",
    "unregistered_finding": "a finding that is not registered",
    "unregistered_region": "a region that is not registered",
    "unregistered_class": "a class that is not registered",
    "missing_prediction": "no prediction although the run went well",
}
FLAGS = ACT_FLAGS | WATCH_FLAGS


def design_silence(runs: Sequence[RunRow]) -> dict[str, Any] | None:
    """Return the frozen design: the usual number of studies by weekday, and how it varies."""
    ends_on = reference_end([row.day for row in runs], days_at_least=FIRST_REFERENCE_DAYS, cases=FEED_REFERENCE_RUNS)
    if ends_on is None:
        return None
    first = min(row.day for row in runs)
    counts = daily_counts(runs, first=first, last=ends_on)
    usual = _usual_by_weekday(counts, first=first)
    expected = [usual[(first + timedelta(days=place)).weekday()] for place in range(len(counts))]
    return {
        "method": "probability of so few studies, Poisson with the reference's dispersion and uncertainty",
        "statement": SILENCE_RATE.statement,
        "reference": {"from": first.isoformat(), "to": ends_on.isoformat(), "cases": sum(counts)},
        "usual": usual,
        "dispersion": proven_dispersion(counts, expected),
        "arl0_days": SILENCE_RATE.days,
        "longest_days": LONGEST_SILENCE_DAYS,
    }


def daily_counts(runs: Sequence[RunRow], *, first: date, last: date) -> list[int]:
    """Return the number of studies of each day, silent days included."""
    seen = Counter(day for _, day in {(row.study, row.day) for row in runs})
    return [seen[first + timedelta(days=place)] for place in range((last - first).days + 1)]


def _usual_by_weekday(counts: Sequence[int], *, first: date) -> list[float]:
    by_weekday: dict[int, list[int]] = {weekday: [] for weekday in range(7)}
    for place, count in enumerate(counts):
        by_weekday[(first + timedelta(days=place)).weekday()].append(count)
    return [sum(values) / len(values) if values else 0.0 for values in by_weekday.values()]


def proven_dispersion(counts: Sequence[int], expected: Sequence[float]) -> float:
    """Return the dispersion where the reference shows one, else that of Poisson: noise must not deafen the chart."""
    found = dispersion_of(counts, expected)
    freedom = max(len(counts) - 7, 1)
    return found if stats.chi2.sf(found * freedom, freedom) < 0.05 else 1.0


def silence_alarms(design: dict[str, Any], runs: Sequence[RunRow], *, until: date) -> list[Alarm]:
    """Return the quiet spells after the reference up to `until`, the last day that is over."""
    first = date.fromisoformat(design["reference"]["to"]) + timedelta(days=1)
    if until < first:
        return []
    counts = daily_counts(runs, first=first, last=until)
    expected = [design["usual"][(first + timedelta(days=place)).weekday()] for place in range(len(counts))]
    chart = SilenceDesign(
        arl0=design["arl0_days"],
        longest=design["longest_days"],
        reference_count=design["reference"]["cases"],
        dispersion=design["dispersion"],
    )
    return [
        Alarm(
            arm="silence",
            began_on=first + timedelta(days=min(spell.first, spell.noticed)),
            alarm_on=first + timedelta(days=spell.noticed),
            ended_on=first + timedelta(days=spell.last) if any(counts[spell.last + 1 :]) else None,
            words=f"{spell.count} studies where {spell.expected:.1f} were expected",
            details={
                "last_day": (first + timedelta(days=spell.last)).isoformat(),
                "days": spell.last - spell.first + 1,
                "count": spell.count,
                "expected": spell.expected,
                "probability": spell.probability,
            },
        )
        for spell in quiet_spells(counts, expected, design=chart)
    ]


def design_flagged() -> dict[str, Any]:
    return {
        "method": "every flagged run counts; no chart",
        "statement": "no false alarm: a flag is a fact",
        "flags": sorted(FLAGS),
    }


def flagged_alarms(design: dict[str, Any], runs: Sequence[RunRow]) -> list[Alarm]:
    """Return one alarm per flag and day on which it became known."""
    seen: dict[tuple[str, date], list[RunRow]] = {}
    for row in runs:
        for flag in row.flags:
            if flag in design["flags"]:
                seen.setdefault((flag, row.known_at.date()), []).append(row)
    return [
        Alarm(
            arm=flag,
            began_on=min(*(row.day for row in rows), known_on),
            alarm_on=known_on,
            ended_on=max(row.day for row in rows),
            words=FLAGS.get(flag, flag),
            weight=float(len(rows)),
        )
        for (flag, known_on), rows in seen.items()
    ]
