"""What a comparison of marks or masks with the truth found, by which criterion. Pure.

Kept with the case, so that every later figure rests on the same matching: which mark is
which lesion does not depend on who asks. Masks stay where they are; what a core laboratory
measured on them comes as attributes of the truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from inference.registry.settings import FindingSettings
from monitoring.cases.facts import PredictionFact, TruthFact
from monitoring.statistics.detection import Criterion, criterion_named, match_marks
from monitoring.statistics.mark_places import place_of

OVERLAPS = ("dice", "iou", "hausdorff_95_mm", "average_surface_distance_mm", "surface_dice")
LESIONS = ("lesions", "lesions_found")
SENT = "sent"
"""Criterion of overlaps whose sender named none."""

Marks = Sequence[Mapping[str, Any]]


def comparison_of(
    finding: FindingSettings | None,
    said: PredictionFact,
    truth: TruthFact | None,
    *,
    version: str,
    lesions: Sequence[TruthFact] = (),
) -> dict[str, Any] | None:
    """Return what the comparison of one prediction with its truth found, or None where nothing can be compared.

    `lesions` are the truths of single lesions where the truth that counts is one of them.
    """
    if truth is None or finding is None:
        return None
    if finding.kind == "detection":
        marked = lesions_of(lesions or (truth,))
        return matched(said, truth, lesions=marked, criterion=criterion_named(finding.matching))
    return overlaps(truth, version=version) if finding.kind == "segmentation" else None


def lesions_of(truths: Sequence[TruthFact]) -> Marks:
    """Return the lesions that positive truths mark; a truth of one lesion gives all its marks one name."""
    return [
        {**mark, "mark_uid": truth.uid} if truth.level == "lesion" else mark
        for truth in truths
        if truth.state == "positive"
        for mark in truth.marks or ()
    ]


def matched(said: PredictionFact, truth: TruthFact, *, lesions: Marks, criterion: Criterion) -> dict[str, Any] | None:
    """Match marks to lesions. A positive on either side that marks nothing cannot be matched."""
    marks = said.marks or ()
    if truth.state not in ("positive", "negative") or (truth.state == "positive" and not lesions):
        return None
    if said.decision == "positive" and not marks:
        return None
    found = match_marks(usable(marks), usable(lesions), criterion=criterion)
    hits = {lesion: mark for mark, lesion in found.pairs}
    return {
        "criterion": found.criterion,
        "pairs": [[named(marks[mark], mark), lesion] for lesion, mark in sorted(hits.items())],
        "hits": [score_of(marks[mark], said) for _, mark in sorted(hits.items())],
        "lesions": found.lesions,
        "false": [score_of(marks[mark], said) for mark in found.false_marks],
        "repeated": len(found.repeated),
    }


def overlaps(truth: TruthFact, *, version: str) -> dict[str, Any] | None:
    """Return the overlaps that were measured against this truth; those of another version are not of this case."""
    attributes = truth.attributes
    if attributes.get("of_version", version) != version:
        return None
    found = {name: attributes[name] for name in (*OVERLAPS, *LESIONS) if is_number(attributes.get(name))}
    return {"criterion": str(attributes.get("criterion", SENT)), **found} if found else None


def usable(marks: Marks) -> Marks:
    """Return the marks without scores and places that make no sense, so that a match is always possible."""
    scored = [mark if is_number(mark.get("score")) else {**mark, "score": None} for mark in marks]
    return [mark if has_place(mark) else {"score": mark.get("score")} for mark in scored]


def has_place(mark: Mapping[str, Any]) -> bool:
    try:
        return place_of(mark) is not None
    except ValueError:
        return False


def named(mark: Mapping[str, Any], number: int) -> str:
    return str(mark.get("mark_uid") or number)


def score_of(mark: Mapping[str, Any], said: PredictionFact) -> float | None:
    """Return a mark's own score, else that of its prediction; None where there is neither."""
    own = mark.get("score")
    return float(own) if own is not None and is_number(own) else said.score


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
