"""The AI alone and the reader in the loop on the same cases: both figures, their difference and a test, by exposure.

The product's own result stands for the AI alone, the final read for the reader; `ai_exposure` says what the
reader knew. This is observation, no experiment: readers chose when to look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from monitoring.performance.category_metrics import labels_of
from monitoring.performance.gathering import gather
from monitoring.performance.metrics import Setting, figure
from monitoring.performance.questions import Figure, Question
from monitoring.performance.readers import PRODUCT_ON_READ, as_reader
from monitoring.performance.samples import STATES, SampleRow, sample_of
from monitoring.performance.scopes import scope_of
from monitoring.statistics import means
from monitoring.statistics.agreement import mcnemar_clustered
from monitoring.statistics.inputs import FloatArray, IntArray
from monitoring.statistics.paired_decisions import PairedTest
from monitoring.statistics.results import Estimate, NotEstimable

CALLS = ("sensitivity", "specificity")
METRICS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "measurement": ("mean_absolute_error",),
    "ordinal": ("accuracy",),
    "multi_class": ("accuracy",),
    "multi_label": ("exact_match",),
    "time_to_event": (),
}
NO_PAIR = "no case with a truth, a result and a final read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """One metric among reads of one exposure; `difference` is reader minus AI, case by case."""

    exposure: str
    metric: str
    ai: Figure
    reader: Figure
    difference: Estimate | NotEstimable
    test: PairedTest | NotEstimable


def ai_and_reader(question: Question) -> list[Beside]:
    """Return what both did on the same cases, by what the reader knew of the AI.

    Raises:
        UnknownScopeError: the question names something that is not registered.
    """
    scope = scope_of(question)
    finding = scope.finding
    setting = Setting(kind=finding.kind, classes=finding.classes)
    metrics = METRICS_OF_KIND.get(finding.kind, ("accuracy",) if finding.classes else CALLS)
    gathered = gather(replace(question, who=PRODUCT_ON_READ, by="ai_exposure"), scope)
    return [
        beside(rows, metric=metric, exposure=exposure, setting=setting)
        for exposure, rows in sorted(gathered.rows.items())
        for metric in metrics
        if rows
    ]


def beside(rows: Iterable[SampleRow], *, metric: str, exposure: str, setting: Setting) -> Beside:
    """Return one metric of the AI and of the reader on these cases."""
    both = [row for row in rows if IN_BOTH[metric](row)]
    slice = {"ai_exposure": exposure}
    ai = sample_of(both)
    mine, theirs = LOSS[metric], [as_reader(row) for row in both]
    losses = np.array([[mine(row), mine(read)] for row, read in zip(both, theirs, strict=True)], dtype=np.float64)
    return Beside(
        exposure=exposure,
        metric=metric,
        ai=figure(metric, ai, setting=setting, slice=slice),
        reader=figure(metric, sample_of(theirs), setting=setting, slice=slice),
        difference=difference(losses, persons=ai.persons.tolist(), is_share=metric != "mean_absolute_error"),
        test=tested(losses, persons=ai.persons, is_share=metric != "mean_absolute_error"),
    )


def difference(losses: FloatArray, *, persons: list[int], is_share: bool) -> Estimate | NotEstimable:
    """Return reader minus AI: of shares of right answers, or of absolute errors."""
    if not losses.size:
        return NotEstimable(NO_PAIR)
    gaps = losses[:, 0] - losses[:, 1] if is_share else losses[:, 1] - losses[:, 0]
    ends = {"low": -1.0, "high": 1.0} if is_share else {}
    return means.mean(gaps, clusters=persons, **ends)


def tested(losses: FloatArray, *, persons: IntArray, is_share: bool) -> PairedTest | NotEstimable:
    """Return McNemar's test clustered by patient: b counts what the reader alone got right, c the AI alone."""
    if not is_share:
        return NotEstimable("values have no right and wrong; see the difference")
    if not losses.size:
        return NotEstimable(NO_PAIR)
    reader_alone = np.bincount(persons, (losses[:, 0] == 1) & (losses[:, 1] == 0))
    ai_alone = np.bincount(persons, (losses[:, 0] == 0) & (losses[:, 1] == 1))
    return mcnemar_clustered(reader_alone, ai_alone)


# --- which cases a metric is taken over, and how wrong one of them is --------------------------------------------


def called(truth: str) -> Callable[[SampleRow], bool]:
    return lambda row: row.truth == truth and row.decision in STATES and row.reader_decision in STATES


def named(row: SampleRow) -> bool:
    return None not in (row.category, row.reader_category, row.truth_category)


def measured(row: SampleRow) -> bool:
    return None not in (row.measurement, row.reader_measurement, row.truth_measurement)


def wrong_call(row: SampleRow) -> float:
    return float(row.decision != row.truth)


def wrong_category(row: SampleRow) -> float:
    return float(labels_of(row.category) != labels_of(row.truth_category))


def error(row: SampleRow) -> float:
    return abs((row.measurement or 0.0) - (row.truth_measurement or 0.0))


IN_BOTH: Mapping[str, Callable[[SampleRow], bool]] = {
    "sensitivity": called("positive"),
    "specificity": called("negative"),
    "accuracy": named,
    "exact_match": named,
    "mean_absolute_error": measured,
}
LOSS: Mapping[str, Callable[[SampleRow], float]] = {
    "sensitivity": wrong_call,
    "specificity": wrong_call,
    "accuracy": wrong_category,
    "exact_match": wrong_category,
    "mean_absolute_error": error,
}
