"""Estimates for the command and the pages: one question, one answer, wherever the numbers come from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from monitoring.performance.completing import complete, with_needed
from monitoring.performance.delays import maturity
from monitoring.performance.gathering import gather
from monitoring.performance.metrics import Setting, figure, metrics_of
from monitoring.performance.questions import EstimateSet, Figure, Question
from monitoring.performance.readers import READER
from monitoring.performance.rolled import Answer, CaseSource, SumSource, can_roll, named, rolled_cuts, rolled_figures
from monitoring.performance.samples import sample_of
from monitoring.performance.scopes import Scope, scope_of
from monitoring.performance.streaming import Streamed, can_stream, streamed, streamed_figures
from monitoring.performance.verified import verified_estimates
from monitoring.statistics.results import NotEstimable

Read = Streamed | CaseSource | SumSource
"""What a question was read from: rows, or months of sums."""

NO_SCORE_IN_READS = "because a read has a decision and no score"


def estimates(question: Question) -> EstimateSet:
    """Answer a question, from sums where they can, else from the cases.

    Raises:
        UnknownScopeError: it names something that is not registered.
    """
    scope = scope_of(question)
    if question.verification:
        plain = estimates(replace(question, verification="", metrics=("label_coverage",)))
        return replace(verified_estimates(question, scope), missing=plain.missing)
    asked = question.metrics or metrics_asked(scope)
    metrics = with_needed(asked, scope=scope)
    if can_roll(question, scope):
        figures, excluded = rolled_figures(question, scope, metrics=metrics)
    elif can_stream(question, scope):
        cases = streamed(question, scope, by=[question.by])
        figures, excluded = streamed_figures(cases, scope, by=question.by, metrics=metrics), dict(cases.excluded)
    else:
        figures, excluded = exact_figures(question, scope, metrics=metrics)
    answer = EstimateSet(question=question, excluded=excluded, figures=tuple(figures))
    return complete(answer, scope=scope, metrics=asked)


def estimates_by(
    question: Question,
    *,
    by: Iterable[str],
    scope: Scope | None = None,
    source: Read | None = None,
    only: Mapping[str, Collection[str]] | None = None,
) -> dict[str, EstimateSet]:
    """Answer one question cut by several dimensions ("" for none); sums, or rows, are read once for all.

    `scope` and `source` are the question's, where the caller has them already; `only` names the metrics that are
    wanted of a dimension, where sums answer it and these are not all.
    """
    scope = scope or scope_of(question)
    asked = question.metrics or metrics_asked(scope)
    dimensions = list(dict.fromkeys(by))
    cuts = cuts_of(question, scope, metrics=with_needed(asked, scope=scope), by=dimensions, source=source, only=only)
    known = maturity(question, scope) if cuts else None
    answers = {
        each: complete(
            EstimateSet(question=replace(question, by=each), excluded=excluded, figures=tuple(figures)),
            scope=scope,
            metrics=asked,
            known=known,
        )
        for each, (figures, excluded) in cuts.items()
    }
    return {each: answers.get(each) or estimates(replace(question, by=each)) for each in dimensions}


def cuts_of(
    question: Question,
    scope: Scope,
    *,
    metrics: Sequence[str],
    by: Sequence[str],
    source: Read | None,
    only: Mapping[str, Collection[str]] | None = None,
) -> dict[str, Answer]:
    """Return the answers by those dimensions that one reading can give: of sums, or of rows where these are asked."""
    rolled = [each for each in by if can_roll(replace(question, by=each), scope)]
    if rolled:
        months = None if isinstance(source, Streamed) else source
        return rolled_cuts(question, scope, metrics=metrics, by=rolled, source=months, only=only)
    if not can_stream(question, scope):
        return {}
    cases = source if isinstance(source, Streamed) else streamed(question, scope, by=by)
    return {each: (streamed_figures(cases, scope, by=each, metrics=metrics), dict(cases.excluded)) for each in by}


def metrics_asked(scope: Scope) -> tuple[str, ...]:
    finding = scope.finding
    return metrics_of(finding.kind, classes=finding.classes, unit=finding.unit)


def exact_figures(question: Question, scope: Scope, *, metrics: Iterable[str]) -> tuple[list[Figure], dict[str, int]]:
    gathered = gather(question, scope)
    setting = Setting(kind=scope.finding.kind, classes=scope.finding.classes)
    samples = gathered.samples()
    if not samples and not question.by:
        samples = {"": sample_of([])}
    figures = [
        figure(metric, sample, setting=setting, slice=named(question.by, value))
        for value, sample in samples.items()
        for metric in metrics
    ]
    return [of_reads(each, scope=scope, who=question.who) for each in figures], dict(gathered.excluded)


def of_reads(each: Figure, *, scope: Scope, who: str) -> Figure:
    is_read = bool(scope.site) or who == READER
    return replace(each, outcome=NotEstimable(NO_SCORE_IN_READS)) if is_read and each.metric == "auc" else each
