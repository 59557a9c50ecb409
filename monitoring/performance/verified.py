"""Answers to questions that ask for verification: the cases, what a plan says of each, and what is left out.

Whatever is not used is counted under its reason, so that used and left out add up to everything logged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from monitoring.labelling.models import LabelPlan
from monitoring.labelling.queries import Key, plan_for_estimate, strata_of, unpacked
from monitoring.performance.gathering import (
    COLUMN_OF,
    asks_for,
    case_rows,
    counted_again,
    needs_facts,
    slice_value,
)
from monitoring.performance.questions import EstimateSet, Figure, Question
from monitoring.performance.samples import STATES
from monitoring.performance.scopes import Scope
from monitoring.performance.verified_rates import METRICS, VerifiedRow, figures, verified_of
from monitoring.statistics.results import NotEstimable

WAYS = ("plan", "begg_greenes", "bounds")
LABELLED_ALREADY = -1
NO_DECISION = "no_decision_to_verify"
NOT_DRAWN, NOT_ANSWERED = "not_drawn_by_the_plan", "drawn_and_not_answered"
OUTSIDE, UNPLANNED, RETRACTED = "outside_the_plan", "labelled_outside_the_plan", "label_no_longer_counts"
NO_PLAN = "no plan of labels in force draws from these deployments alone"
NO_READS = "verification is of a product's decisions, not of a site's reads"


class Row(NamedTuple):
    """One counted case, with what a plan may know it by."""

    value: str
    key: Key
    deployment: str
    acquired_on: date
    person: Any
    decision: str
    truth: str
    standard: str
    score: float | None

    def verified(self, *, stratum: int = 0, chance: float = 1.0) -> VerifiedRow:
        return VerifiedRow(self.person, self.decision, self.truth, self.standard, self.score, stratum, chance)


@dataclass(slots=True)
class Used:
    """The rows of each slice, and why the others are not used."""

    rows: dict[str, list[VerifiedRow]] = field(default_factory=lambda: defaultdict(list))
    excluded: Counter[str] = field(default_factory=Counter)
    words: str = ""


def verified_estimates(question: Question, scope: Scope) -> EstimateSet:
    """Answer a question with its verification; metrics that it cannot change say so."""
    metrics = question.metrics or METRICS
    if scope.site:
        return EstimateSet(question=question, excluded={}, figures=refusals(metrics, NO_READS))
    if question.verification != "plan":
        return answered(question, used_of(question, scope), metrics=metrics)
    plan = plan_of(question, scope)
    if plan is None:
        return EstimateSet(question=question, excluded={}, figures=refusals(metrics, NO_PLAN))
    return answered(question, used_by_plan(question, scope, plan=plan), metrics=metrics)


def refusals(metrics: tuple[str, ...], reason: str) -> tuple[Figure, ...]:
    return tuple(Figure(metric=metric, slice={}, outcome=NotEstimable(reason)) for metric in metrics)


def answered(question: Question, used: Used, *, metrics: tuple[str, ...]) -> EstimateSet:
    slices = sorted(used.rows) or ([""] if not question.by else [])
    found = [
        each
        for value in slices
        for each in figures(
            verified_of(used.rows.get(value, [])),
            metrics,
            verification=question.verification,
            slice={question.by: value} if question.by else {},
            words=used.words,
        )
    ]
    return EstimateSet(
        question=question,
        excluded=dict(used.excluded),
        figures=tuple(found),
        used=sum(row.chance > 0 for rows in used.rows.values() for row in rows),
    )


def plan_of(question: Question, scope: Scope) -> LabelPlan | None:
    return plan_for_estimate(
        product=scope.product,
        finding=scope.finding.key,
        rule=question.truth_rule,
        deployments=list(scope.settings),
        drawn_before=question.as_of,
    )


# --- the cases -------------------------------------------------------------------------------------------------


def rows_of(question: Question, scope: Scope, *, out: Counter[str]) -> Iterator[Row]:
    """Yield the counted cases of a question, and count the others by their reason."""
    if needs_facts(question, scope):
        yield from rows_counted_again(question, scope, out=out)
        return
    cut = COLUMN_OF.get(question.by) or (f"slices__{question.by}" if question.by else "rule")
    rows = case_rows(question, scope).values_list(
        "excluded", cut, "inference_id", "region", "deployment_id", "acquired_on", "person_id", "decision", "truth",
        "truth_reference", "score",
    )  # fmt: skip
    for excluded, value, inference_id, region, *rest in rows.iterator(chunk_size=10_000):
        if excluded:
            out[excluded] += 1
        else:
            yield Row((value or "unknown") if question.by else "", (inference_id, region), *rest)


def rows_counted_again(question: Question, scope: Scope, *, out: Counter[str]) -> Iterator[Row]:
    for case in counted_again(question, scope):
        if not asks_for(case, question):
            continue
        if case.excluded:
            out[case.excluded] += 1
            continue
        yield Row(
            slice_value(case, question.by),
            (case.inference_id, case.region),
            case.deployment_id,
            case.acquired_on,
            case.person_id,
            case.decision,
            case.truth,
            case.truth_reference,
            case.score,
        )


def used_of(question: Question, scope: Scope) -> Used:
    """Return every counted case with a decision, labelled or not."""
    used = Used()
    for row in rows_of(question, scope, out=used.excluded):
        if row.decision in STATES:
            used.rows[row.value].append(row.verified())
        else:
            used.excluded[NO_DECISION] += 1
    return used


# --- by a plan -------------------------------------------------------------------------------------------------


def used_by_plan(question: Question, scope: Scope, *, plan: LabelPlan) -> Used:
    """Return the labels that the plan gave a known chance, with that chance; every other case has its reason."""
    strata, before = strata_of(plan), unpacked(plan)
    rows, used = [], Used()
    for row in rows_of(question, scope, out=used.excluded):
        if reason := why_not(row, plan=plan, strata=strata, before=before):
            used.excluded[reason] += 1
        else:
            rows.append(row)
    chances = chances_of(answers_by_stratum(question, scope, plan=plan, strata=strata), plan=plan)
    for row in rows:
        stratum = LABELLED_ALREADY if row.key in before else strata[row.key]
        chance = 1.0 if stratum == LABELLED_ALREADY else chances[stratum]
        used.rows[row.value].append(row.verified(stratum=stratum, chance=chance))
    add_unheard(used, chances, plan=plan)
    answered, drawn = sum(row.key in strata for row in rows), len(strata)
    used.words = f"; plan {plan.uid[:8]}, {answered} of {drawn} drawn are answered"
    return used


def why_not(row: Row, *, plan: LabelPlan, strata: Mapping[Key, int], before: set[Key]) -> str:
    """Return why a counted case is not used, or nothing."""
    if row.decision not in STATES:
        return NO_DECISION
    if row.deployment not in plan.deployments or not plan.since <= row.acquired_on < plan.until:
        return OUTSIDE
    if row.key in before:
        return "" if row.truth in STATES else RETRACTED
    if row.key in strata:
        return "" if row.truth in STATES else NOT_ANSWERED
    return UNPLANNED if row.truth in STATES else NOT_DRAWN


def answers_by_stratum(question: Question, scope: Scope, *, plan: LabelPlan, strata: Mapping[Key, int]) -> Counter[int]:
    """Return how many drawn cases of the whole plan are answered, whatever part of it the question is about."""
    whole = replace(question, since=plan.since, until=plan.until, version="", by="")
    rows = rows_of(whole, scope, out=Counter())
    return Counter(strata[row.key] for row in rows if row.key in strata and row.truth in STATES)


def chances_of(answered: Counter[int], *, plan: LabelPlan) -> dict[int, float]:
    """Return the chance of a label by stratum: those not answered yet are taken to be like the others of theirs."""
    return {
        number: min(1.0, answered[number] / each["size"]) for number, each in enumerate(plan.strata) if each["size"]
    }


def add_unheard(used: Used, chances: Mapping[int, float], *, plan: LabelPlan) -> None:
    """Let a stratum of which nothing is known yet stand with all its cases: without a chance there are only bounds."""
    for number, chance in chances.items():
        if chance > 0:
            continue
        each = plan.strata[number]
        row = VerifiedRow(f"unheard {number}", decision_of(each), "negative", "", None, number, 0.0)
        for rows in used.rows.values():
            rows.extend(row._replace(person=f"unheard {number} {place}") for place in range(each["size"]))


def decision_of(stratum: Mapping[str, Any]) -> str:
    return "positive" if stratum["flagged"] else "negative"
