"""The figures before and since a change, with counts and intervals: what a signal's page shows.

Plain values only (JSON), so that they can be frozen with the signal.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from monitoring.signals.streams import CaseRow
from monitoring.statistics.distances import kolmogorov_smirnov, population_stability_index, stability_null, wasserstein
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import Estimate, NotEstimable

ACT, WATCH = "act", "watch"
BINS = 10
WRONG_OF = {"sensitivity": "positive", "specificity": "negative"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A signal's fault in words, how bad it is, and the figures."""

    title: str
    summary: str
    status: str
    evidence: dict[str, Any]


def share(successes: int, trials: int) -> dict[str, Any]:
    """Return a share with Wilson's interval, or why there is none."""
    match wilson(successes, trials):
        case Estimate() as found:
            return {
                "value": found.value,
                "low": found.interval.low,
                "high": found.interval.high,
                "successes": successes,
                "cases": found.cases,
            }
        case NotEstimable(reason=reason):
            return {"reason": reason, "successes": successes, "cases": trials}


def right_shares(rows: Iterable[CaseRow]) -> dict[str, dict[str, Any]]:
    """Return sensitivity and specificity of the labelled rows."""
    labelled = [row for row in rows if row.is_labelled]
    return {
        metric: share(
            sum(row.truth == truth and not row.is_wrong for row in labelled),
            sum(row.truth == truth for row in labelled),
        )
        for metric, truth in WRONG_OF.items()
    }


def case_mix(rows: Sequence[CaseRow]) -> dict[str, dict[str, Any]]:
    """Return prevalence, flag rate and label coverage of counted rows."""
    labelled = [row for row in rows if row.truth in ("positive", "negative")]
    called = [row for row in rows if row.decision in ("positive", "negative")]
    return {
        "prevalence": share(sum(row.truth == "positive" for row in labelled), len(labelled)),
        "flag_rate": share(sum(row.decision == "positive" for row in called), len(called)),
        "label_coverage": share(len(labelled), len(rows)),
    }


def by_scanner(before: Sequence[CaseRow], since: Sequence[CaseRow], *, metric: str) -> list[dict[str, Any]]:
    """Return a metric per scanner before and since, so that a fault of one room shows."""
    rooms = sorted({row.scanner for row in (*before, *since)})
    rows = []
    for room in rooms:
        sides = [right_shares([row for row in side if row.scanner == room])[metric] for side in (before, since)]
        rows.append({"scanner": room or "not named", "before": sides[0], "since": sides[1]})
    return rows


def by_month(rows: Sequence[CaseRow], *, metric: str) -> list[dict[str, Any]]:
    """Return a metric per month of acquisition."""
    months: dict[str, list[CaseRow]] = defaultdict(list)
    for row in rows:
        months[f"{row.day:%Y-%m}"].append(row)
    return [{"month": month} | right_shares(months[month])[metric] for month in sorted(months)]


def score_distances(reference: Sequence[float], current: Sequence[float]) -> dict[str, Any]:
    """Return how far two samples of scores lie apart, each distance with what it is when nothing changed."""
    if not len(reference) or not len(current):
        return {"reason": "no scores on one side"}
    edges = frozen_edges(reference)
    counts = [
        np.bincount(np.searchsorted(edges, side, side="right"), minlength=len(edges) + 1)
        for side in (reference, current)
    ]
    null = stability_null(bins=max(len(edges) + 1, 2), reference_cases=len(reference), current_cases=len(current))
    index, ks = population_stability_index(*counts), kolmogorov_smirnov(reference, current)
    assert not isinstance(index, NotEstimable) and not isinstance(ks, NotEstimable)
    return {
        "ks": ks.statistic,
        "ks_p": ks.p_value,
        "psi": index,
        "psi_expected": null.expected,
        "psi_limit": null.limit,
        "wasserstein": wasserstein(reference, current),
        "mean_before": float(np.mean(reference)),
        "mean_since": float(np.mean(current)),
        "cases_before": len(reference),
        "cases_since": len(current),
    }


def frozen_edges(reference: Sequence[float], *, bins: int = BINS) -> list[float]:
    """Return the inner edges of bins that hold equal shares of the reference."""
    return np.unique(np.quantile(np.asarray(reference, dtype=float), np.linspace(0, 1, bins + 1)[1:-1])).tolist()


def histogram(scores: Sequence[float], *, edges: Sequence[float]) -> list[float]:
    """Return the share of scores in each of the given bins."""
    if not len(scores):
        return [0.0] * (len(edges) - 1)
    return (np.histogram(scores, bins=list(edges))[0] / len(scores)).tolist()


def even_edges(*samples: Sequence[float], bins: int = 20) -> list[float]:
    """Return evenly spaced edges over all samples; scores within [0, 1] share the same edges everywhere."""
    values = [value for sample in samples for value in sample]
    low, high = (0.0, 1.0) if not values or (min(values) >= 0 and max(values) <= 1) else (min(values), max(values))
    return np.linspace(low, high if high > low else low + 1, bins + 1).tolist()


def weekly(points: Iterable[tuple[date, float]]) -> list[dict[str, Any]]:
    """Return the highest value of each week: enough to draw a chart of years, alarms included."""
    highest: dict[date, tuple[date, float]] = {}
    for day, value in points:
        week = day - timedelta(days=day.weekday())
        if week not in highest or value > highest[week][1]:
            highest[week] = (day, value)
    return [
        {"on": day.isoformat(), "value": round(value, 4)} for day, value in (highest[week] for week in sorted(highest))
    ]


def shares_of(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common(12))
