"""What a figure was held against: the truth, or what others said of the same images. Pure.

Labels of a labeller that reads reports, and reports signed with the product in view, tell of agreement; a figure
held against them keeps its name and value, says so, and is never called accuracy.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from monitoring.cases.references import IN_VIEW, standard_of
from monitoring.performance.questions import AGREEMENT, OBSERVED, PARTLY, EstimateSet, Figure

LABELLER = "report_labeller"
AGREEING_KEYS = {"accuracy": "same_category", "exact_match": "all_labels_alike"}


def judged(figure: Figure) -> Figure:
    """Return the figure with its reference by standard alone, and the kind that these references make it."""
    if figure.kind != OBSERVED:
        return figure
    agreeing = sum(number for name, number in figure.reference.items() if is_agreement(name))
    if not agreeing:
        return figure
    reference: Counter[str] = Counter()
    for name, number in figure.reference.items():
        reference[standard_of(name)] += number
    kind = AGREEMENT if agreeing == sum(reference.values()) else PARTLY
    return replace(figure, reference=dict(reference), kind=kind, agreeing=agreeing)


def is_agreement(reference: str) -> bool:
    return reference == LABELLER or reference.endswith(IN_VIEW)


def kind_of(answer: EstimateSet, metric: str) -> str:
    """Return the first kind that is not observed among an answer's figures of a metric."""
    return next((each.kind for each in answer.figures if each.metric == metric and each.kind != OBSERVED), OBSERVED)


def key_of(figure: Figure) -> str:
    """Return a metric's key for people; what was not held against the truth alone is not called accuracy."""
    return AGREEING_KEYS.get(figure.metric, figure.metric) if figure.kind != OBSERVED else figure.metric
