"""Several cuts of one question. Counted again from the facts, the studies are read once for all of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from monitoring.cases.facts import CountedCase
from monitoring.performance.completing import complete
from monitoring.performance.gathering import (
    Gathered,
    asks_for,
    counted_again,
    gather,
    needs_facts,
    row_of_case,
    slice_value,
)
from monitoring.performance.metrics import BINARY, Setting, figure
from monitoring.performance.queries import estimates_by, metrics_asked
from monitoring.performance.questions import EstimateSet, Question
from monitoring.performance.rolled import CaseSource, SumSource, can_roll, is_rolled, named, source_of
from monitoring.performance.samples import sample_of
from monitoring.performance.scopes import Scope, scope_of
from monitoring.performance.streaming import can_stream, streamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers to one question, by the dimension it is cut by ("" for none), its counts, and what was read."""

    cuts: Mapping[str, EstimateSet]
    counts: Mapping[tuple[str, str], int]
    months: CaseSource | SumSource | None = None
    scope: Scope | None = None

    @property
    def overall(self) -> EstimateSet:
        return self.cuts[""]


def answers(question: Question, *, by: Iterable[str], only: Mapping[str, Collection[str]] | None = None) -> Answers:
    """Return a question answered overall and by each dimension; `only` names the metrics of one, if not all."""
    scope = scope_of(question)
    dimensions = list(dict.fromkeys(["", *by]))
    if can_roll(replace(question, by=""), scope):
        months = source_of(question, scope, by=[each for each in dimensions if is_rolled(each, scope)])
        cuts = estimates_by(question, by=dimensions, scope=scope, source=months, only=only)
        return Answers(cuts=cuts, counts=in_words(months.states()), months=months, scope=scope)
    if not needs_facts(question, scope) and not can_stream(question, scope):
        cuts = estimates_by(question, by=dimensions, scope=scope)
        return Answers(cuts=cuts, counts=decision_counts(question, scope))
    if can_stream(question, scope):
        found = streamed(question, scope, by=dimensions)
        cuts = estimates_by(question, by=dimensions, scope=scope, source=found)
        return Answers(cuts=cuts, counts=in_words(found.counts()))
    cases = [case for case in counted_again(question, scope) if asks_for(case, question)]
    cuts = {each: recounted(replace(question, by=each), cases, scope=scope) for each in dimensions}
    return Answers(cuts=cuts, counts=counts_of((case.decision, case.truth) for case in cases if not case.excluded))


def recounted(question: Question, cases: Iterable[CountedCase], *, scope: Scope) -> EstimateSet:
    """Return the estimates of cases that were counted already."""
    gathered = Gathered()
    for case in cases:
        if case.excluded:
            gathered.excluded[case.excluded] += 1
        else:
            gathered.rows[slice_value(case, question.by)].append(row_of_case(case))
    samples = gathered.samples()
    if not samples and not question.by:
        samples = {"": sample_of([])}
    setting = Setting(kind=scope.finding.kind, classes=scope.finding.classes)
    figures = tuple(
        figure(metric, sample, setting=setting, slice=named(question.by, value))
        for value, sample in samples.items()
        for metric in metrics_asked(scope)
    )
    answer = EstimateSet(question=question, excluded=dict(gathered.excluded), figures=figures)
    return complete(answer, scope=scope, metrics=metrics_asked(scope))


def decision_counts(question: Question, scope: Scope) -> Mapping[tuple[str, str], int]:
    """Return how many counted cases have each decision and truth."""
    if can_roll(replace(question, metrics=BINARY, exact=False), scope):
        return in_words(source_of(question, scope, by=[]).states())
    rows = gather(question, scope).rows.values()
    return counts_of((row.decision, row.truth) for some in rows for row in some)


def in_words(cells: Mapping[tuple[int, int], int]) -> Mapping[tuple[str, str], int]:
    words = {1: "positive", 0: "negative", -1: ""}
    return {(words[decision], words[truth]): number for (decision, truth), number in cells.items()}


def counts_of(states: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for decision, truth in states:
        counts[clear(decision), clear(truth)] += 1
    return counts


def clear(state: str) -> str:
    """Return the state, or nothing where it is neither of the two: then it counts as not known."""
    return state if state in ("positive", "negative") else ""
