"""What every answer carries beside its figures: what is missing, and what they were held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from monitoring.performance.delays import maturity
from monitoring.performance.labellers import labellers_of, with_corrections
from monitoring.performance.maturity import Maturity
from monitoring.performance.metrics import metrics_of
from monitoring.performance.missing import NEEDED, missing_of
from monitoring.performance.questions import EstimateSet, Figure, Question
from monitoring.performance.references import LABELLER
from monitoring.performance.scopes import Scope

WITHOUT_TRUTH = ("flag_rate", "label_coverage")


def with_needed(metrics: Iterable[str], *, scope: Scope) -> tuple[str, ...]:
    """Return the metrics asked for, and those that tell what is missing."""
    asked = tuple(metrics)
    return (*asked, *(name for name in metrics_of(scope.finding.kind) if name in NEEDED and name not in asked))


def complete(
    answer: EstimateSet, *, scope: Scope, metrics: Iterable[str], known: Maturity | None = None
) -> EstimateSet:
    """Return an answer with what is missing and what it was held against; figures not asked for are dropped.

    `known` is the maturity of the same question, where it was looked up for another cut of it.
    """
    found, asked, question = known or maturity(answer.question, scope), set(metrics), answer.question
    missing = missing_of(answer.figures, excluded=answer.excluded, maturity=found)
    figures = [with_maturity(each, found, question=question) for each in answer.figures if each.metric in asked]
    if any(LABELLER in each.reference for each in figures) and not scope.site:
        labellers = labellers_of(scope)
        figures = with_corrections(figures, question=question, scope=scope, known=labellers)
        missing = replace(missing, labellers=labellers)
    return replace(answer, figures=tuple(figures), missing=missing)


def with_maturity(figure: Figure, found: Maturity, *, question: Question) -> Figure:
    """Return the figure of a month with the share of its labels that is there."""
    if question.by != "month" or figure.metric in WITHOUT_TRUTH:
        return figure
    by_month = {f"{month:%Y-%m}": share for month, share in found.by_month.items()}
    return replace(figure, maturity=by_month.get(figure.slice.get("month", "")))
