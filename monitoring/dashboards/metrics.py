"""How each metric is named, written and linked on pages. The figures themselves come from monitoring.performance."""

from collections.abc import Mapping
from dataclasses import dataclass

LABELS: Mapping[str, str] = {
    "auc": "AUC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "prevalence": "Prevalence",
    "flag_rate": "Flag rate",
    "label_coverage": "Label coverage",
    "bias": "Bias",
    "lower_limit": "Lower limit of agreement",
    "upper_limit": "Upper limit of agreement",
    "mean_absolute_error": "Mean absolute error",
    "accuracy": "Accuracy",
    "kappa": "Kappa",
    "minutes_to_reader": "Minutes to reader",
}
MEANINGS: Mapping[str, str] = {
    "auc": "chance that a case with the finding scores higher than one without",
    "sensitivity": "flagged among cases with the finding",
    "specificity": "not flagged among cases without the finding",
    "ppv": "with the finding among flagged cases",
    "npv": "without the finding among cases not flagged",
    "prevalence": "with the finding among cases whose truth is known",
    "flag_rate": "flagged among all counted cases",
    "label_coverage": "counted cases whose truth is known",
    "bias": "mean of product minus truth",
    "lower_limit": "95 % of differences lie above",
    "upper_limit": "95 % of differences lie below",
    "mean_absolute_error": "mean distance from the truth",
    "accuracy": "same category as the truth",
    "kappa": "agreement with the truth beyond chance",
    "minutes_to_reader": "median from available to opened",
}
SHARES = frozenset(
    {"sensitivity", "specificity", "ppv", "npv", "prevalence", "flag_rate", "label_coverage", "accuracy"}
)
WITHOUT_UNIT = frozenset({"auc", "kappa"})
HEADLINES: Mapping[str, tuple[str, str]] = {
    "measurement": ("bias", "mean_absolute_error"),
    "triage": ("minutes_to_reader", "sensitivity"),
    "ordinal": ("accuracy", "kappa"),
    "multi_class": ("accuracy", "kappa"),
}
CASES_BEHIND: Mapping[str, Mapping[str, str]] = {
    "auc": {"excluded": "no", "truth": "known"},
    "sensitivity": {"excluded": "no", "truth": "positive"},
    "specificity": {"excluded": "no", "truth": "negative"},
    "ppv": {"excluded": "no", "truth": "known", "decision": "positive"},
    "npv": {"excluded": "no", "truth": "known", "decision": "negative"},
    "prevalence": {"excluded": "no", "truth": "known"},
    "flag_rate": {"excluded": "no"},
    "label_coverage": {"excluded": "no"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How values of a metric are written."""

    is_share: bool
    decimals: int
    unit: str = ""


def style_of(metric: str, *, unit: str = "") -> Style:
    """Return the style of a metric; `unit` is the finding's, for metrics that carry it."""
    if metric in SHARES:
        return Style(is_share=True, decimals=1)
    if metric in WITHOUT_UNIT:
        return Style(is_share=False, decimals=3)
    return Style(is_share=False, decimals=1, unit="min" if metric == "minutes_to_reader" else unit)


def headlines_of(kind: str) -> tuple[str, str]:
    return HEADLINES.get(kind, ("sensitivity", "specificity"))


def label_of(metric: str) -> str:
    return LABELS.get(metric, metric.replace("_", " ").capitalize())
