"""How much of a shift of scores comes from who was examined, and how much from what the device says of them.

The shift of the mean is prevalence × difference between classes, plus the shift within each class. Only a
shift within a class can be a fault; it needs truth, and the answer says when there is not enough.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np

from monitoring.signals.score_watch import reference_scores, scored
from monitoring.signals.streams import CaseRow
from monitoring.statistics.intervals import two_sided_quantile
from monitoring.statistics.standardising import normal_scores

LEAST_A_CLASS = 8
NOTABLE_SHIFT = 0.3  # of a standard deviation of the reference's scores

PREVALENCE, WITHIN, BOTH, UNKNOWN = "prevalence", "within_class", "both", "unknown"

VERDICTS = {
    PREVALENCE: "Prevalence explains it: scores of the same truth have not visibly moved.",
    WITHIN: "Scores of the same truth have moved: look for a fault of device, scanner or image.",
    BOTH: "Prevalence and the scores of the same truth have both moved: look for a fault.",
    UNKNOWN: "Not known yet: too few studies since then have a truth.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The shift of one class, in standard deviations of the reference's scores, with its interval."""

    shift: float
    low: float
    high: float
    before: int
    after: int

    @property
    def is_notable(self) -> bool:
        """Certainly there, and large enough to matter."""
        return (self.low > 0 or self.high < 0) and abs(self.shift) >= NOTABLE_SHIFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A shift in two parts (of the labelled cases), each class's own shift, and the verdict in words."""

    verdict: str
    words: str
    labelled_before: int
    labelled_after: int
    prevalence_before: float | None
    prevalence_after: float | None
    part_of_prevalence: float | None
    part_within: float | None
    classes: dict[str, Moved]

    def as_values(self) -> dict[str, Any]:
        return asdict(self)


def explain(
    reference: Sequence[CaseRow], since: Sequence[CaseRow], *, scores: Sequence[float], level: float = 0.99
) -> Explanation:
    """Return what explains the scores of `since` against the reference's; `scores` is the frozen reference."""
    before, after = _by_class(reference, scores=scores), _by_class(since, scores=scores)
    sizes = [len(values) for side in (before, after) for values in side.values()]
    if min(sizes) < LEAST_A_CLASS:
        return _unknown(before, after)
    classes = {name: _moved(before[name], after[name], level=level) for name in before}
    share = {side: _prevalence(values) for side, values in (("before", before), ("after", after))}
    means = {name: (before[name].mean() + after[name].mean()) / 2 for name in before}
    average = (share["before"] + share["after"]) / 2
    within = average * classes["positive"].shift + (1 - average) * classes["negative"].shift
    moved = (share["after"] - share["before"]) * float(means["positive"] - means["negative"])
    verdict = _verdict(classes, moved=moved, within=within)
    return Explanation(
        verdict=verdict,
        words=VERDICTS[verdict],
        labelled_before=sum(sizes[:2]),
        labelled_after=sum(sizes[2:]),
        prevalence_before=share["before"],
        prevalence_after=share["after"],
        part_of_prevalence=moved,
        part_within=within,
        classes=classes,
    )


def _by_class(rows: Sequence[CaseRow], *, scores: Sequence[float]) -> dict[str, np.ndarray]:
    labelled = [row for row in scored(rows) if row.is_labelled]
    values = normal_scores(reference_scores(labelled), reference=scores) if labelled else np.array([])
    truths = np.array([row.truth for row in labelled])
    return {name: values[truths == name] for name in ("positive", "negative")}


def _prevalence(values: dict[str, np.ndarray]) -> float:
    return len(values["positive"]) / (len(values["positive"]) + len(values["negative"]))


def _moved(before: np.ndarray, after: np.ndarray, *, level: float) -> Moved:
    shift = float(after.mean() - before.mean())
    error = sqrt(before.var(ddof=1) / len(before) + after.var(ddof=1) / len(after))
    half = two_sided_quantile(level, df=min(len(before), len(after)) - 1) * error
    return Moved(shift=shift, low=shift - half, high=shift + half, before=len(before), after=len(after))


def _verdict(classes: dict[str, Moved], *, moved: float, within: float) -> str:
    if not any(each.is_notable for each in classes.values()):
        return PREVALENCE if abs(moved) > abs(within) else UNKNOWN
    return BOTH if abs(moved) > abs(within) else WITHIN


def _unknown(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> Explanation:
    return Explanation(
        verdict=UNKNOWN,
        words=VERDICTS[UNKNOWN],
        labelled_before=sum(len(values) for values in before.values()),
        labelled_after=sum(len(values) for values in after.values()),
        prevalence_before=None,
        prevalence_after=None,
        part_of_prevalence=None,
        part_within=None,
        classes={},
    )
