"""How each metric is named, written and linked on pages. The figures themselves come from monitoring.performance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitoring.performance.measures import parsed

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
    "within_one": "Within one grade",
    "exact_match": "All labels right",
    "macro_sensitivity": "Mean sensitivity of labels",
    "macro_specificity": "Mean specificity of labels",
    "concordance": "Concordance correlation",
    "icc": "Intraclass correlation",
    "lesion_sensitivity": "Lesion sensitivity",
    "lesion_sensitivity_at": "Lesion sensitivity at {} false marks",
    "false_marks_per_case": "False marks per case",
    "wafroc": "wAFROC",
    "dice": "Dice, mean",
    "dice_median": "Dice, median",
    "dice_p10": "Dice, lowest tenth",
    "iou": "IoU, mean",
    "hausdorff_95_mm": "Surface distance, 95 %",
    "lesions_lost": "Lesions lost",
    "volume_bias": "Volume bias",
    "volume_lower_limit": "Volume, lower limit",
    "volume_upper_limit": "Volume, upper limit",
    "minutes_to_reader": "Minutes to reader",
    "minutes_to_reader_p90": "Minutes to reader, 90 % within",
    "minutes_to_reader_within": "Seen within {} min",
    "minutes_to_reader_mean": "Minutes to reader, mean",
    "minutes_to_treatment": "Minutes to treatment",
    "minutes_to_treatment_p90": "Minutes to treatment, 90 % within",
    "minutes_to_treatment_within": "Treated within {} min",
    "minutes_to_treatment_mean": "Minutes to treatment, mean",
    "concordance_index": "C-index",
    "days_followed": "Days followed",
    "kept_by_reader": "Kept by the reader",
}
AGREEING: Mapping[str, str] = {"accuracy": "Same category", "exact_match": "All labels alike"}
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
    "within_one": "at most one grade from the truth",
    "exact_match": "exactly the labels of the truth",
    "macro_sensitivity": "unweighted mean over the labels",
    "macro_specificity": "unweighted mean over the labels",
    "concordance": "closeness to the line of equality (Lin)",
    "icc": "share of the spread that lies between cases",
    "lesion_sensitivity": "lesions with a mark at the operating point",
    "lesion_sensitivity_at": "at the lowest threshold with as few false marks per case",
    "false_marks_per_case": "marks without a lesion, at the operating point",
    "wafroc": "chance that a lesion outscores the worst false mark",
    "dice": "overlap of mask and truth, 1 is all",
    "dice_median": "half of the cases overlap more",
    "dice_p10": "nine cases in ten overlap more",
    "iou": "shared part of both masks together",
    "hausdorff_95_mm": "median over cases of the distance that 95 % of the surfaces keep",
    "lesions_lost": "lesions of the truth that no mask touches",
    "volume_bias": "product over truth, geometric mean",
    "volume_lower_limit": "95 % of the ratios lie above",
    "volume_upper_limit": "95 % of the ratios lie below",
    "minutes_to_reader": "median from available to opened",
    "minutes_to_reader_p90": "nine studies in ten are opened earlier",
    "minutes_to_reader_within": "opened within the limit",
    "minutes_to_reader_mean": "from available to opened",
    "minutes_to_treatment": "median from available to the start of treatment",
    "minutes_to_treatment_p90": "nine patients in ten are treated earlier",
    "minutes_to_treatment_within": "treatment begun within the limit",
    "minutes_to_treatment_mean": "from available to the start of treatment",
    "concordance_index": "chance that the earlier event has the higher score",
    "days_followed": "median of those without the event",
    "kept_by_reader": "signed as drafted; agreement, not accuracy",
}
SHARES = frozenset(
    {
        "sensitivity", "specificity", "ppv", "npv", "prevalence", "flag_rate", "label_coverage", "accuracy",
        "within_one", "exact_match", "macro_sensitivity", "macro_specificity", "lesion_sensitivity",
        "lesion_sensitivity_at", "lesions_lost", "volume_bias", "volume_lower_limit", "volume_upper_limit",
        "minutes_to_reader_within", "minutes_to_treatment_within", "kept_by_reader",
    }
)  # fmt: skip
WITHOUT_UNIT = frozenset(
    {
        "auc", "kappa", "concordance", "icc", "wafroc", "dice", "dice_median", "dice_p10", "iou", "concordance_index",
        "false_marks_per_case",
    }
)  # fmt: skip
UNITS: Mapping[str, str] = {
    **dict.fromkeys(
        (f"minutes_to_{end}{summary}" for end in ("reader", "treatment") for summary in ("", "_p90", "_mean")), "min"
    ),
    "hausdorff_95_mm": "mm",
    "days_followed": "d",
}
HEADLINES: Mapping[str, tuple[str, str]] = {
    "measurement": ("bias", "mean_absolute_error"),
    "triage": ("minutes_to_reader", "sensitivity"),
    "ordinal": ("accuracy", "kappa"),
    "multi_class": ("accuracy", "kappa"),
    "multi_label": ("exact_match", "macro_sensitivity"),
    "detection": ("lesion_sensitivity", "false_marks_per_case"),
    "segmentation": ("dice", "volume_bias"),
    "time_to_event": ("concordance_index", "label_coverage"),
}
MOST_COLUMNS = 8
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "detection": (
        "lesion_sensitivity", "false_marks_per_case", "wafroc", "sensitivity", "specificity", "auc", "label_coverage",
    ),
    "segmentation": ("dice", "dice_p10", "lesions_lost", "volume_bias", "sensitivity", "specificity", "label_coverage"),
    "triage": (
        "minutes_to_reader", "minutes_to_reader_p90", "minutes_to_treatment", "sensitivity", "specificity",
        "flag_rate", "label_coverage",
    ),
}  # fmt: skip
GROUPS: Mapping[str, frozenset[str]] = {
    "By lesion": frozenset(
        {"lesion_sensitivity", "false_marks_per_case", "wafroc", "lesion_sensitivity_at", "lesions_lost"}
    ),
    "Masks": frozenset({"dice", "dice_median", "dice_p10", "iou", "hausdorff_95_mm"}),
    "Volumes": frozenset({"volume_bias", "volume_lower_limit", "volume_upper_limit"}),
    "Time to the reader": frozenset({f"minutes_to_reader{summary}" for summary in ("", "_p90", "_within", "_mean")}),
    "Time to treatment": frozenset({f"minutes_to_treatment{summary}" for summary in ("", "_p90", "_within", "_mean")}),
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
    name, _ = parsed(metric)
    if name in SHARES:
        return Style(is_share=True, decimals=1)
    if name in WITHOUT_UNIT:
        return Style(is_share=False, decimals=3)
    return Style(is_share=False, decimals=1, unit=UNITS.get(name, unit))


def headlines_of(kind: str) -> tuple[str, str]:
    return HEADLINES.get(kind, ("sensitivity", "specificity"))


def columns_of(kind: str, metrics: Sequence[str]) -> tuple[str, ...]:
    """Return the metrics that a table of slices has room for."""
    return COLUMNS.get(kind, tuple(metrics[:MOST_COLUMNS]))


def label_of(metric: str, *, kind: str = "observed") -> str:
    """Return the name of a metric; a limit stands in its place, a class behind it.

    What was not held against the truth alone (`kind`) is not called accuracy.
    """
    name, argument = parsed(metric)
    label = AGREEING.get(name, "") if kind != "observed" else ""
    label = label or LABELS.get(name, name.replace("_", " ").capitalize())
    if "{}" in label:
        return label.format(argument).replace(" 1 false marks", " 1 false mark")
    return f"{label}, {argument.replace('_', ' ')}" if argument else label


def meaning_of(metric: str) -> str:
    return MEANINGS.get(parsed(metric)[0], "")
