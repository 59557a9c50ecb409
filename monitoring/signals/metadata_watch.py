"""Do images still say of themselves what they said in the reference? One chart per header field and value.

A value never seen before, a category that becomes more or less frequent (Bernoulli CUSUM), a number that
shifts (CUSUM of normal scores). All charts of a deployment share one false-alarm rate.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from monitoring.signals.episodes import Alarm
from monitoring.signals.rates import (
    CONFIDENCE,
    FEED_REFERENCE_RUNS,
    FIRST_REFERENCE_DAYS,
    HEADER_ALLOWANCE,
    HEADER_ODDS_RATIO,
    METADATA_RATE,
)
from monitoring.signals.streams import RunRow, reference_end
from monitoring.statistics.sequential import BernoulliCusum, Excursion, NormalCusum
from monitoring.statistics.standardising import guarded_bernoulli_cusum, guarded_normal_cusum, normal_scores

MISSING = "missing"
MOST_CATEGORIES = 12
RAREST_SHARE = 0.03
BERNOULLI = ("p0", "p1", "up", "down", "unit", "height")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One value of one image's header, one image a study."""

    value: str | float
    day: date


def design_metadata(runs: Sequence[RunRow]) -> dict[str, Any] | None:
    """Return the frozen design, or None while the reference is too small or has not ended."""
    ends_on = reference_end([row.day for row in runs], days_at_least=FIRST_REFERENCE_DAYS, cases=FEED_REFERENCE_RUNS)
    if ends_on is None:
        return None
    reference = one_a_study([row for row in runs if row.day <= ends_on])
    fields = sorted({name for row in reference for name in row.headers})
    kinds = {name: _kind([row.headers.get(name, MISSING) for row in reference]) for name in fields}
    per_day = len(reference) / ((ends_on - reference[0].day).days + 1)
    charts = sum(_number_of_charts(kind) for kind in kinds.values())
    arl0 = max(METADATA_RATE.days * per_day * max(charts, 1), 100.0)
    return {
        "method": "CUSUM per header field and value, one image a study",
        "statement": METADATA_RATE.statement,
        "confidence": CONFIDENCE,
        "reference": {"from": reference[0].day.isoformat(), "to": ends_on.isoformat(), "cases": len(reference)},
        "per_day": per_day,
        "charts": charts,
        "arl0": arl0,
        "fields": {name: _design_field(kind, cases=len(reference), arl0=arl0) for name, kind in kinds.items()},
    }


def one_a_study(runs: Sequence[RunRow]) -> list[RunRow]:
    """Return the first run of each study, by acquisition: a re-run says nothing new of the scanner."""
    first: dict[Any, RunRow] = {}
    for row in runs:
        first.setdefault(row.study, row)
    return list(first.values())


def _kind(values: Sequence[str | float]) -> dict[str, Any]:
    numbers = [value for value in values if not isinstance(value, str)]
    counts = Counter(as_category(value) for value in values)
    if len(numbers) == len(values) and len(counts) > MOST_CATEGORIES:
        return {"type": "number", "values": sorted(float(value) for value in numbers)}
    return {
        "type": "category",
        "counts": dict(counts.most_common(MOST_CATEGORIES)),
        "others": len(counts) > MOST_CATEGORIES,
    }


def as_category(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _number_of_charts(kind: dict[str, Any]) -> int:
    if kind["type"] == "number":
        return 1
    return 1 + 2 * len(kind["counts"])


def _design_field(kind: dict[str, Any], *, cases: int, arl0: float) -> dict[str, Any]:
    if kind["type"] == "number":
        chart, _ = guarded_normal_cusum(k=HEADER_ALLOWANCE, arl0=arl0, reference_cases=cases, confidence=CONFIDENCE)
        return kind | {"k": chart.k, "threshold": chart.threshold}
    arms = []
    known = sum(kind["counts"].values())
    arms.append(_rise("new", events=cases - known, cases=cases, arl0=arl0))
    for value, count in kind["counts"].items():
        if count / cases <= 1 - RAREST_SHARE:
            arms.append(_rise("more", value=value, events=count, cases=cases, arl0=arl0))
        if count / cases >= RAREST_SHARE:
            arms.append(_fall(value=value, events=count, cases=cases, arl0=arl0))
    return kind | {"arms": arms}


def _rise(change: str, *, events: int, cases: int, arl0: float, value: str = "") -> dict[str, Any]:
    chart, _ = guarded_bernoulli_cusum(
        events=events, trials=cases, odds_ratio=HEADER_ODDS_RATIO, arl0=arl0, confidence=CONFIDENCE
    )
    return {"change": change, "value": value, "events": events} | _values(chart)


def _fall(*, value: str, events: int, cases: int, arl0: float) -> dict[str, Any]:
    """A category that becomes rarer is its absence becoming more frequent."""
    return _rise("fewer", value=value, events=cases - events, cases=cases, arl0=arl0)


def _values(chart: BernoulliCusum) -> dict[str, Any]:
    return {name: getattr(chart, name) for name in BERNOULLI}


def metadata_alarms(design: dict[str, Any], runs: Sequence[RunRow]) -> list[Alarm]:
    after = date.fromisoformat(design["reference"]["to"])
    rows = one_a_study([row for row in runs if row.day > after])
    if not rows:
        return []
    return [alarm for name, field in design["fields"].items() for alarm in _field_alarms(name, field, rows)]


def _field_alarms(name: str, field: dict[str, Any], rows: Sequence[RunRow]) -> Iterator[Alarm]:
    values = [Observed(value=row.headers.get(name, MISSING), day=row.day) for row in rows]
    if field["type"] == "number":
        yield from _number_alarms(name, field, values)
        return
    for arm in field["arms"]:
        yield from _category_alarms(name, field, arm, values)


def _number_alarms(name: str, field: dict[str, Any], values: Sequence[Observed]) -> Iterator[Alarm]:
    known = [each for each in values if not isinstance(each.value, str)]
    scores = normal_scores([float(each.value) for each in known], reference=field["values"])
    chart = NormalCusum(k=field["k"], threshold=field["threshold"], sides=2)
    usual = field["values"][len(field["values"]) // 2]
    for upward in (True, False):
        for stay in chart.excursions(scores, upward=upward):
            seen = sorted(float(each.value) for each in known[stay.began : stay.alarm + 1])
            words = f"{'higher' if upward else 'lower'}: median {seen[len(seen) // 2]:g}, before {usual:g}"
            yield _alarm(name, words=words, stay=stay, values=known, weight=1.0)


def _category_alarms(
    name: str, field: dict[str, Any], arm: dict[str, Any], values: Sequence[Observed]
) -> Iterator[Alarm]:
    known = field["counts"]
    hits = [_is_hit(as_category(each.value), arm=arm, known=known) for each in values]
    chart = BernoulliCusum(**{key: arm[key] for key in BERNOULLI})
    for stay in chart.excursions([float(hit) for hit in hits]):
        inside = slice(stay.began, stay.alarm + 1)
        seen = Counter(as_category(each.value) for each, hit in zip(values[inside], hits[inside], strict=True) if hit)
        words = _category_words(arm, seen=seen.most_common(1)[0][0])
        weight = {"new": 3.0, "more": 2.0, "fewer": 1.5}[arm["change"]]
        yield _alarm(name, words=words, stay=stay, values=values, weight=weight)


def _is_hit(value: str, *, arm: dict[str, Any], known: dict[str, int]) -> bool:
    match arm["change"]:
        case "new":
            return value not in known
        case "more":
            return value == arm["value"]
        case _:
            return value != arm["value"]


def _category_words(arm: dict[str, Any], *, seen: str) -> str:
    match arm["change"]:
        case "new":
            return f"new value {seen}"
        case "more":
            return f"{arm['value']} more often"
        case _:
            return f"{arm['value']} less often"


def _alarm(name: str, *, words: str, stay: Excursion, values: Sequence[Observed], weight: float) -> Alarm:
    return Alarm(
        arm=name,
        began_on=values[stay.began].day,
        alarm_on=values[stay.alarm].day,
        ended_on=None if stay.ended is None else values[stay.peak].day,
        words=words,
        weight=weight,
    )
