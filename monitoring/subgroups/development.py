"""Today's cases of one version against its development population, and how the product does on those unlike it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from inference.registry.models import Version
from inference.registry.populations import Population, population_of
from monitoring.performance.questions import EstimateSet
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.subgroups.answering import MOST_ROWS, ONLY_RATES, TOO_MANY, Answers
from monitoring.subgroups.asking import Asked
from monitoring.subgroups.comparing import Difference, share_difference
from monitoring.subgroups.groups import LEAST_CASES, Group
from monitoring.subgroups.hiding import hidden_reason, is_small, values_to_hide
from monitoring.subgroups.population import OTHER, Shift, shift_of
from monitoring.subgroups.queries import AMONG, Tally, by_belonging, tallies
from monitoring.subgroups.scales import share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Cases unlike anything that the version was developed on, and how the product does on them."""

    share: Estimate | NotEstimable
    outside: Estimate | NotEstimable
    inside: Estimate | NotEstimable
    difference: Difference | NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """One version's development population against its cases in the window."""

    version: str
    size: int | None
    shifts: tuple[Shift, ...]
    away: Outside | NotEstimable
    reason: str = ""


def development_of(asked: Asked, answers: Answers) -> Development:
    version, population = developed_on(asked)
    if version is None:
        return empty_development("", "no version of the product is registered")
    if not population:
        return empty_development(version.version, "its registry line gives no shares by dimension")
    told = {name: shares for name, shares in population.shares.items() if name in asked.dimensions.names}
    if not told:
        return empty_development(version.version, "its shares are of dimensions that cases are not cut by here")
    answers.ask(told, version=version.version)
    shifts = tuple(
        shift_in(name, answers.by(name, version=version.version), asked=asked, developed=shares, size=population.size)
        for name, shares in told.items()
    )
    return Development(
        version=version.version,
        size=population.size,
        shifts=shifts,
        away=away_from(told, asked=asked, answers=answers, version=version.version),
    )


def empty_development(version: str, reason: str) -> Development:
    return Development(version=version, size=None, shifts=(), away=NotEstimable(reason), reason=reason)


def developed_on(asked: Asked) -> tuple[Version | None, Population]:
    """Return the version asked for, else the latest that says its shares, else the latest."""
    wanted = [each for each in asked.versions if asked.question.version in ("", each.version)]
    populations = [(each, population_of(each.development_population)) for each in reversed(wanted)]
    return next((each for each in populations if each[1]), populations[0] if populations else (None, Population()))


def shift_in(name: str, found: EstimateSet, *, asked: Asked, developed: Mapping[str, float], size: int | None) -> Shift:
    out = values_to_hide(found, minimum_count=asked.minimum_count)
    counts = {
        value: figures["label_coverage"].outcome.cases  # type: ignore[union-attr]
        for value, figures in found.by_slice().items()
        if isinstance(figures["label_coverage"].outcome, Estimate)
    }
    shift = shift_of(name, together(counts, out=out), developed=dict(together(developed, out=out)), size=size)
    return replace(shift, is_coarse=True, outside=hidden_reason(asked.minimum_count)) if out else shift


def together(numbers: Mapping[str, float], *, out: set[str]) -> dict[str, int]:
    """Return numbers with the values that are hidden added up under one name."""
    kept = {value: number for value, number in numbers.items() if value not in out}
    rest = [number for value, number in numbers.items() if value in out]
    return kept | ({OTHER: kept.get(OTHER, 0) + sum(rest)} if rest else {})  # type: ignore[return-value]


def away_from(
    told: Mapping[str, Mapping[str, float]], *, asked: Asked, answers: Answers, version: str
) -> Outside | NotEstimable:
    """Return the cases outside in any dimension: their share of all, and the metric on them and on the others."""
    if answers.cases() > MOST_ROWS:
        return NotEstimable(TOO_MANY)
    # Where shares leave something to others, any value may be among these.
    known = {
        name: [v for v, s in shares.items() if s > 0] for name, shares in told.items() if sum(shares.values()) > 0.99
    }
    if not known:
        return NotEstimable("the shares leave room for others, so nobody is known to be outside")
    question = replace(asked.question, version=version)
    cells = tallies(question, cuts=[by_belonging(known)], metric="label_coverage")
    number = {cell[0]: tally.cases for cell, tally in cells.items()}
    belonging = Tally({(1, 1): number.get("outside", 0), (0, 1): number.get("inside", 0)})
    share = belonging.share() if belonging.cases else NotEstimable("no case in this window")
    if asked.metric not in AMONG:
        reason = NotEstimable(ONLY_RATES)
        return Outside(share=small(share, asked=asked), outside=reason, inside=reason, difference=reason)
    of_metric = tallies(question, cuts=[by_belonging(known)], metric=asked.metric)
    ends = [of_metric[(name,)].share() if (name,) in of_metric else NONE for name in ("outside", "inside")]
    return kept_back(share, *ends, asked=asked)


NONE = NotEstimable("no case counts here")


def small(outcome: Estimate | NotEstimable, *, asked: Asked) -> Estimate | NotEstimable:
    is_told = is_small(Group(value="", outcome=outcome), metric=asked.metric, minimum_count=asked.minimum_count)
    return hidden_reason(asked.minimum_count) if is_told and asked.minimum_count > 1 else outcome


def kept_back(
    share: Estimate | NotEstimable, outside: Estimate | NotEstimable, inside: Estimate | NotEstimable, *, asked: Asked
) -> Outside:
    """Return the two sides as this user may see them: a small one hides both, for the whole stands elsewhere."""
    share = small(share, asked=asked)
    pair = [small(each, asked=asked) for each in (outside, inside)]
    if asked.minimum_count > 1 and any(isinstance(each, NotEstimable) for each in (share, *pair)):
        pair = [hidden_reason(asked.minimum_count)] * 2
    first, second = pair
    if isinstance(first, NotEstimable) or isinstance(second, NotEstimable):
        return Outside(share=share, outside=first, inside=second, difference=NotEstimable("nothing to compare"))
    if min(first.cases, second.cases) < LEAST_CASES:
        few = NotEstimable(f"fewer than {LEAST_CASES} cases on one side: too few to judge")
        return Outside(share=share, outside=first, inside=second, difference=few)
    difference = share_difference(share_of(first), share_of(second))
    return Outside(share=share, outside=first, inside=second, difference=difference)
