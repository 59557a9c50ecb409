"""What a product's scores promise where labels are still missing, beside what labels say where they have come.

The cases of a month are held against a calibration learnt from the labelled cases before it; the labels of the
month before say whether that calibration still holds. Estimated, not observed: no claim is judged by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from monitoring.performance.delays import maturity
from monitoring.performance.gathering import case_rows
from monitoring.performance.maturity import Maturity, next_month
from monitoring.performance.questions import Question
from monitoring.performance.scopes import Scope, scope_of
from monitoring.statistics import proportions
from monitoring.statistics.label_free import confidence_based_performance
from monitoring.statistics.results import Estimate, NotEstimable

SHOWN = ("sensitivity", "specificity", "ppv")
LARGEST = 3_000
DRAWS = 60
MATURE_MONTHS = 3
REFERENCE_DAYS = 365
NO_DECISIONS = "the finding has no score with a threshold"
PAST = "it is made for what is known today"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One metric of one month: estimated without labels, and as observed so far. `is_mature` says which to believe."""

    month: date
    metric: str
    estimated: Estimate | NotEstimable
    observed: Estimate | NotEstimable
    is_mature: bool
    cases: int

    @property
    def agrees(self) -> bool | None:
        """Return whether the observed figure lies in the estimated interval; None where one of them is missing."""
        if not (self.is_mature and isinstance(self.estimated, Estimate) and isinstance(self.observed, Estimate)):
            return None
        return self.observed.value in self.estimated.interval


def promises(question: Question) -> list[Promise] | NotEstimable:
    """Return the estimates of every immature month, and of the last mature ones to compare, newest first."""
    scope = scope_of(question)
    if question.as_of is not None:
        return NotEstimable(PAST)
    if scope.finding.scale not in ("probability", "raw"):
        return NotEstimable(NO_DECISIONS)
    found = maturity(replace(question, since=None, until=None), scope)
    if isinstance(found.share, NotEstimable):
        return NotEstimable(found.share.reason)
    months = wanted_months(found)
    return [each for month in months for each in of_month(question, scope, month, found=found)]


def wanted_months(found: Maturity) -> list[date]:
    late = set(found.immature)
    mature = [month for month in found.by_month if month not in late]
    return sorted({*late, *mature[-MATURE_MONTHS:]}, reverse=True)


def of_month(question: Question, scope: Scope, month: date, *, found: Maturity) -> list[Promise]:
    today = cases_between(question, scope, since=month, until=next_month(month))
    mature = [each for each in found.by_month if each < month and each not in found.immature]
    if not today.size or not mature:
        return []
    recent = cases_between(question, scope, since=mature[-1], until=next_month(mature[-1])).labelled
    since = mature[-1] - timedelta(days=REFERENCE_DAYS)
    reference = cases_between(question, scope, since=since, until=mature[-1], newest=True).labelled
    estimated = estimated_of(reference, recent, today)
    return [
        Promise(
            month=month,
            metric=metric,
            estimated=estimated[metric] if isinstance(estimated, Mapping) else estimated,
            observed=observed(metric, today),
            is_mature=month not in found.immature,
            cases=today.size,
        )
        for metric in SHOWN
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """Counted cases with a score and a decision; `truth` is 1, 0 or −1 for not known."""

    scores: np.ndarray
    flagged: np.ndarray
    truth: np.ndarray
    threshold: float

    @property
    def size(self) -> int:
        return int(self.scores.size)

    @property
    def labelled(self) -> Scored:
        known = self.truth >= 0
        return replace(self, scores=self.scores[known], flagged=self.flagged[known], truth=self.truth[known])


def cases_between(
    question: Question, scope: Scope, *, until: date, since: date | None = None, newest: bool = False
) -> Scored:
    """Return the newest cases of these days, no more than the estimate needs; one a patient is not asked for."""
    rows = case_rows(replace(question, since=since, until=until), scope).filter(
        excluded="", score__isnull=False, decision__in=("positive", "negative")
    )
    if newest:
        rows = rows.filter(truth__in=("positive", "negative"))
    values: list[Any] = list(
        rows.order_by("-acquired_on", "-id").values_list("score", "decision", "truth", "threshold")[:LARGEST]
    )
    return scored(values)


def scored(values: Sequence[tuple[float, str, str, float | None]]) -> Scored:
    thresholds = Counter(threshold for *_, threshold in values if threshold is not None)
    states = {"positive": 1, "negative": 0}
    return Scored(
        scores=np.array([score for score, *_ in values], dtype=np.float64),
        flagged=np.array([decision == "positive" for _, decision, *_ in values], dtype=np.bool_),
        truth=np.array([states.get(truth, -1) for _, _, truth, _ in values], dtype=np.int8),
        threshold=thresholds.most_common(1)[0][0] if thresholds else float("nan"),
    )


def estimated_of(
    reference: Scored, recent: Scored, today: Scored
) -> Mapping[str, Estimate | NotEstimable] | NotEstimable:
    if np.isnan(today.threshold):
        return NotEstimable(NO_DECISIONS)
    found = confidence_based_performance(
        reference.scores,
        reference.truth == 1,
        today.scores,
        threshold=today.threshold,
        recent_scores=recent.scores,
        recent_labels=recent.truth == 1,
        draws=DRAWS,
    )
    return found if isinstance(found, NotEstimable) else found.as_mapping()


def observed(metric: str, cases: Scored) -> Estimate | NotEstimable:
    """Return the metric of the cases that have a label by now."""
    among = {
        "sensitivity": cases.truth == 1,
        "specificity": cases.truth == 0,
        "ppv": cases.flagged & (cases.truth >= 0),
    }
    right = {"sensitivity": cases.flagged, "specificity": ~cases.flagged, "ppv": cases.truth == 1}
    chosen = among[metric]
    return proportions.wilson(int((chosen & right[metric]).sum()), int(chosen.sum()))
