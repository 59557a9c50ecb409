"""Small cells hidden for recipients of aggregates: counts from 1 to below the minimum, and what would tell them. Pure.

A figure tells its cases, those with the finding, its successes and its
failures. The rates of one slice tell each other's counts; the slices of one
dimension tell the one that is missing from the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from audit.access.small_cells import cells_to_hide
from monitoring.performance.measures import parsed
from monitoring.performance.missing import hide_missing
from monitoring.performance.questions import EstimateSet, Figure
from monitoring.statistics.results import Estimate, NotEstimable

RATES = frozenset({"sensitivity", "specificity", "ppv", "npv", "prevalence", "accuracy", "within_one", "exact_match"})
SHARES = RATES | {
    "flag_rate", "label_coverage", "kept_by_reader", "lesion_sensitivity", "lesion_sensitivity_at", "lesions_lost",
    "minutes_to_reader_within", "minutes_to_treatment_within",
}  # fmt: skip
COUNTED = frozenset({"false_marks_per_case"})
"""Means of counts: with the number of cases they tell the count."""

Place = tuple[str, str]


def hide_small_cells(answer: EstimateSet, *, minimum_count: int) -> EstimateSet:
    """Return the answer as a recipient with this minimum may see it; a minimum of 0 or 1 hides nothing."""
    if minimum_count <= 1:
        return answer
    reason = NotEstimable(f"fewer than {minimum_count}, hidden by the sharing agreement")
    out = places_to_hide(answer.figures, minimum_count=minimum_count)
    figures = tuple(
        replace(each, outcome=reason, positives=0, bounds=None, reference={}, corrected=None, maturity=None)
        if place_of(each) in out
        else replace(each, reference=large(each.reference, minimum_count=minimum_count))
        for each in answer.figures
    )
    excluded = large(answer.excluded, minimum_count=minimum_count)
    missing = hide_missing(answer.missing, minimum_count=minimum_count)
    hidden = bool(out) or excluded != dict(answer.excluded) or missing is not answer.missing
    return replace(answer, figures=figures, excluded=excluded, missing=missing, hidden=hidden)


def place_of(figure: Figure) -> Place:
    return next(iter(figure.slice.values()), ""), figure.metric


def places_to_hide(figures: Iterable[Figure], *, minimum_count: int) -> set[Place]:
    """Return the slices and metrics to hide: small ones, their slice's other rates, and a partner of a lone one."""
    estimated = {place_of(each): each for each in figures if isinstance(each.outcome, Estimate)}
    out = {place for place, each in estimated.items() if is_small(each, minimum_count=minimum_count)}
    out |= told_by_rates(out, estimated)
    out |= partners(out, estimated)
    return out | told_by_rates(out, estimated)


def is_small(figure: Figure, *, minimum_count: int) -> bool:
    return any(0 < number < minimum_count for number in told_by(figure))


def told_by(figure: Figure) -> tuple[int, ...]:
    """Return every count that a figure gives away."""
    if not isinstance(figure.outcome, Estimate):
        return ()
    cases = figure.outcome.cases
    told = (cases, figure.positives, cases - figure.positives)
    if figure.metric in COUNTED:
        return (*told, round(figure.outcome.value * cases))
    if parsed(figure.metric)[0] not in SHARES:
        return told
    hits = round(figure.outcome.value * cases)
    return (*told, hits, cases - hits)


def told_by_rates(out: Iterable[Place], estimated: Mapping[Place, Figure]) -> set[Place]:
    """Return the rates of a slice that would tell a hidden one of the same slice."""
    slices = {value for value, metric in out if parsed(metric)[0] in RATES}
    return {place for place in estimated if place[0] in slices and parsed(place[1])[0] in RATES}


def partners(out: Iterable[Place], estimated: Mapping[Place, Figure]) -> set[Place]:
    """Return, for each metric of which one slice alone is hidden, the smallest of the others."""
    hidden: dict[str, set[str]] = defaultdict(set)
    for value, metric in out:
        hidden[metric].add(value)
    found = set()
    for metric, values in hidden.items():
        others = [place for place in estimated if place[1] == metric and place[0] not in values]
        if len(values) == 1 and "" not in values and others:
            found.add(min(others, key=lambda place: (cases_of(estimated[place]), place)))
    return found


def cases_of(figure: Figure) -> int:
    return figure.outcome.cases if isinstance(figure.outcome, Estimate) else 0


def large(counts: Mapping[str, int], *, minimum_count: int) -> dict[str, int]:
    """Return the counts that may be shown; what is hidden together is two or more, and no small count either."""
    out = cells_to_hide(counts, totals=(lambda _: "",), minimum_count=minimum_count)
    return {name: number for name, number in counts.items() if name not in out}
