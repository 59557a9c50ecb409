"""One prediction of a run: the threshold in force, the decision it makes, and what contradicts the registry."""

from collections.abc import Mapping
from typing import Any

from inference.intake import flags
from inference.intake.completing import judge_classes, judge_region, measured
from inference.intake.kinds import Row
from inference.registry.queries import ConfigurationSettings, DeploymentSettings, FindingSettings

AS_SENT = ("category", "class_scores", "marks", "mask", "score")
TEXTS = ("region", "priority")


def complete_prediction(
    part: Mapping[str, Any], *, settings: DeploymentSettings, configuration: ConfigurationSettings | None, row: Row
) -> dict[str, Any]:
    """Return the columns of a prediction from its record; what is filled in stands in `defaulted`."""
    finding = settings.findings.get(part["finding"])
    columns: dict[str, Any] = {"finding": part["finding"], "defaulted": []}
    columns |= {name: part.get(name) for name in AS_SENT} | {name: part.get(name, "") for name in TEXTS}
    columns |= measured(part, registered_unit=finding.unit if finding else "", row=row)
    if part.get("measurement") is not None and "unit" not in part:
        columns["defaulted"].append("unit")
    take_threshold(part, columns=columns, configuration=configuration, row=row)
    take_decision(part, columns=columns, row=row)
    judge_prediction(columns, finding=finding, settings=settings, row=row)
    return columns


def take_threshold(
    part: Mapping[str, Any], *, columns: dict[str, Any], configuration: ConfigurationSettings | None, row: Row
) -> None:
    in_force = configuration.thresholds.get(part["finding"]) if configuration else None
    columns["threshold"] = part.get("threshold", in_force)
    if "threshold" not in part and in_force is not None:
        columns["defaulted"].append("threshold")
    if "threshold" in part and in_force is not None and part["threshold"] != in_force:
        row.flag(flags.THRESHOLD_NOT_IN_FORCE)


def take_decision(part: Mapping[str, Any], *, columns: dict[str, Any], row: Row) -> None:
    """Take the decision as sent, else as score and threshold make it; flag one that contradicts them."""
    score, threshold = columns["score"], columns["threshold"]
    implied = "" if score is None or threshold is None else "positive" if score >= threshold else "negative"
    columns["decision"] = part.get("decision", implied)
    if "decision" not in part and implied:
        columns["defaulted"].append("decision")
    if implied and columns["decision"] in {"positive", "negative"} and columns["decision"] != implied:
        row.flag(flags.DECISION_CONTRADICTS_THRESHOLD)


def judge_prediction(
    columns: Mapping[str, Any], *, finding: FindingSettings | None, settings: DeploymentSettings, row: Row
) -> None:
    if finding is None:
        row.flag(flags.UNREGISTERED_FINDING)
    elif columns["score"] is not None and not score_fits(columns["score"], finding=finding):
        row.flag(flags.SCORE_OUT_OF_RANGE)
    judge_region(columns["region"], regions=settings.regions, row=row)
    judge_classes(columns["category"], classes=finding.classes if finding else (), row=row)


def score_fits(score: float, *, finding: FindingSettings) -> bool:
    lowest, highest = finding.range or ((0.0, 1.0) if finding.scale == "probability" else (float("-inf"), float("inf")))
    return lowest <= score <= highest
