"""How dimensions, values and metrics of subgroups are written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from audit.templatetags.display import number, number_range, percent, percent_range
from monitoring.performance.measures import parsed
from monitoring.statistics.results import Estimate, Interval, NotEstimable
from monitoring.subgroups.scales import Scale, scale_of

CAPITALS = {
    "auc": "AUC", "ppv": "PPV", "npv": "NPV", "wafroc": "wAFROC", "iou": "IoU", "icc": "Intraclass correlation",
    "concordance": "Concordance correlation", "concordance_index": "C-index",
    "lower_limit": "Lower limit of agreement", "upper_limit": "Upper limit of agreement",
}  # fmt: skip
WITH_UNIT = ("bias", "limit", "error", "minutes", "days", "_mm", "marks")
DIMENSIONS = {"age_band": "age", "view_position": "view", "convolution_kernel": "kernel"}


def words_of(dimension: str) -> str:
    return DIMENSIONS.get(dimension, dimension.replace("_", " "))


def label_of(metric: str) -> str:
    name, argument = parsed(metric)
    if name == "lesion_sensitivity_at":
        return f"Lesion sensitivity at {argument} false mark{'' if argument == '1' else 's'}"
    words = CAPITALS.get(name, name.replace("_", " ").capitalize())
    return f"{words}, {argument.replace('_', ' ')}" if argument else words


def written(value: float, *, metric: str) -> str:
    return percent(value) if scale_of(metric) is Scale.SHARE else number(float(value), decimals_of(metric))


def ranged(interval: Interval | NotEstimable, *, metric: str) -> str:
    if isinstance(interval, NotEstimable):
        return interval.reason
    return percent_range(interval) if scale_of(metric) is Scale.SHARE else number_range(interval, decimals_of(metric))


def signed(value: float, *, metric: str) -> str:
    """Return a difference: points of a share, else the figure, always with its sign."""
    text = f"{100 * value:+.1f}" if scale_of(metric) is Scale.SHARE else f"{value:+.{decimals_of(metric)}f}"
    return text.replace("-", "−")


def signed_range(interval: Interval, *, metric: str) -> str:
    return f"{signed(interval.low, metric=metric)} to {signed(interval.high, metric=metric)}"


def decimals_of(metric: str) -> int:
    """Return how many decimals a figure is written with: few where it has a unit, more where it lies below 1."""
    return 1 if any(part in metric for part in WITH_UNIT) else 3


def estimated(outcome: Estimate | NotEstimable, *, metric: str) -> tuple[str, str]:
    """Return a figure and its interval in words, or the reason and nothing."""
    if isinstance(outcome, NotEstimable):
        return outcome.reason, ""
    return written(outcome.value, metric=metric), ranged(outcome.interval, metric=metric)


def in_order(value: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Return what values are sorted by: numbers in them as numbers, `unknown` last."""
    parts = [part for part in re.split(r"(\d+)", value) if part]
    return value == "unknown", [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def name_of(value: str, *, dimension: str, site_names: Mapping[str, str]) -> str:
    if dimension == "site":
        return site_names.get(value, value)
    return SEXES.get(value, value) if dimension == "sex" else value.replace("_", " ")


SEXES = {"F": "women", "M": "men", "O": "other"}


def p_words(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
