"""On which scale groups of one metric are compared, and how much each group's figure weighs there. Pure.

Shares are compared as counts with an effective size, areas on the logit, everything else as it is. A figure's
weight comes from its interval, so patients who come again and sampling weights are carried along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log

from scipy.special import expit

from monitoring.performance.hiding import SHARES
from monitoring.performance.measures import parsed
from monitoring.statistics.intervals import two_sided_quantile, wilson_interval
from monitoring.statistics.results import Estimate, Interval

LOWER_IS_BETTER = frozenset(
    {
        "mean_absolute_error", "false_marks_per_case", "hausdorff_95_mm", "lesions_lost", "minutes_to_reader",
        "minutes_to_reader_mean", "minutes_to_reader_p90", "minutes_to_treatment", "minutes_to_treatment_mean",
        "minutes_to_treatment_p90",
    }
)  # fmt: skip
NEITHER_IS_BETTER = frozenset(
    {
        "prevalence", "flag_rate", "label_coverage", "bias", "lower_limit", "upper_limit", "volume_bias",
        "volume_lower_limit", "volume_upper_limit", "days_followed",
    }
)  # fmt: skip
AREAS = frozenset({"auc", "wafroc", "concordance_index"})


class Scale(StrEnum):
    SHARE = "share"
    AREA = "area"
    PLAIN = "plain"


def scale_of(metric: str) -> Scale:
    name = parsed(metric)[0]
    if name in SHARES:
        return Scale.SHARE
    return Scale.AREA if name in AREAS else Scale.PLAIN


def direction_of(metric: str) -> int:
    """Return 1 where more is better, −1 where less is, 0 where neither is."""
    if parsed(metric)[0] in NEITHER_IS_BETTER:
        return 0
    return -1 if parsed(metric)[0] in LOWER_IS_BETTER else 1


@dataclass(frozen=True, slots=True)
class Share:
    """A share of so many cases, worth `size` independent ones."""

    value: float
    cases: int
    size: float

    @property
    def hits(self) -> int:
        return round(self.value * self.cases)

    @property
    def design_effect(self) -> float:
        return self.cases / self.size

    def interval(self, level: float) -> Interval:
        return wilson_interval(self.value, size=self.size, level=level)


def share_of(estimate: Estimate) -> Share:
    """Return a share with its effective size: how many independent cases would give its interval, at most its own."""
    independent = wilson_interval(estimate.value, size=estimate.cases, level=estimate.interval.level)
    inflation = max(1.0, (estimate.interval.width / independent.width) ** 2)
    return Share(estimate.value, estimate.cases, estimate.cases / inflation)


def together(shares: Mapping[str, Share]) -> Share | None:
    """Return the share of all these groups as one."""
    cases = sum(each.cases for each in shares.values())
    if not cases:
        return None
    hits = sum(each.value * each.cases for each in shares.values())
    return Share(min(1.0, hits / cases), cases, sum(each.size for each in shares.values()))


@dataclass(frozen=True, slots=True)
class Effect:
    """A figure on the scale where it is near normal, with its sampling variance there."""

    value: float
    variance: float


def effect_of(estimate: Estimate, *, scale: Scale) -> Effect:
    """Return a figure as an effect. A share gets half a case on either side, so that none of it is infinite."""
    if scale is Scale.SHARE:
        share = share_of(estimate)
        hits, misses = share.value * share.size + 0.5, (1 - share.value) * share.size + 0.5
        return Effect(log(hits / misses), 1 / hits + 1 / misses)
    low, high = estimate.interval.low, estimate.interval.high
    value = estimate.value
    if scale is Scale.AREA:
        value, low, high = (logit_within(each, cases=estimate.cases) for each in (value, low, high))
    error = (high - low) / (2 * two_sided_quantile(estimate.interval.level))
    return Effect(value, error**2)


def logit_within(area: float, *, cases: int) -> float:
    """Return the logit of an area, at most that of one misranked half case."""
    edge = 0.5 / (cases + 1)
    kept = min(max(area, edge), 1 - edge)
    return log(kept / (1 - kept))


def back(value: float, *, scale: Scale) -> float:
    """Return a value of the effects' scale as the metric shows it."""
    return value if scale is Scale.PLAIN else float(expit(value))


def back_interval(interval: Interval, *, scale: Scale) -> Interval:
    return Interval(back(interval.low, scale=scale), back(interval.high, scale=scale), interval.level)
