"""One figure as a page shows it: finished words, small cells hidden, with the way to its counts and cases. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from audit.access.scopes import Hidden, hide_small
from audit.templatetags.display import count, number, number_range, percent, percent_range
from monitoring.dashboards.metrics import MEANINGS, label_of, style_of
from monitoring.performance.questions import Figure
from monitoring.statistics.results import Estimate, NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure in words. `reason` is said instead of a value; then the rest is empty."""

    metric: str
    label: str
    meaning: str = ""
    value: str = ""
    range: str = ""
    level: int = 95
    cases: str = ""
    cases_number: int = 0
    positives: str = ""
    method: str = ""
    bounds: str = ""
    reference: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    href: str = ""
    counts_href: str = ""
    unit: str = ""


def cell_of(figure: Figure, *, minimum_count: int = 0, unit: str = "", href: str = "", counts_href: str = "") -> Cell:
    """Return a figure in words, or why there is none: not estimable, or too small to be shown to this user.

    The figure has been through `fit_to_show` with the others of its slice.
    """
    outcome = shown(figure, minimum_count=minimum_count)
    label, meaning = label_of(figure.metric), MEANINGS.get(figure.metric, "")
    if not isinstance(outcome, Estimate):
        return Cell(metric=figure.metric, label=label, meaning=meaning, reason=outcome.reason, href=href)
    style = style_of(figure.metric, unit=unit)
    written, ranged = (percent, percent_range) if style.is_share else (number, number_range)
    bounds = f"{number_range(figure.bounds, 4)}" if figure.bounds and figure.bounds[0] < figure.bounds[1] else ""
    return Cell(
        metric=figure.metric,
        label=label,
        meaning=meaning,
        value=written(outcome.value, style.decimals),
        range=ranged(outcome.interval, style.decimals),
        level=round(100 * outcome.interval.level),
        cases=count(outcome.cases),
        cases_number=outcome.cases,
        positives=count(hide_small(figure.positives, minimum_count=minimum_count)),
        method=outcome.method,
        bounds=bounds,
        reference=references(figure.reference, minimum_count=minimum_count),
        href=href,
        counts_href=counts_href,
        unit=style.unit,
    )


def references(reference: Mapping[str, int], *, minimum_count: int) -> tuple[tuple[str, str], ...]:
    ordered = sorted(reference.items(), key=lambda each: -each[1])
    return tuple(
        (name.replace("_", " "), count(hide_small(number, minimum_count=minimum_count))) for name, number in ordered
    )


def shown(figure: Figure, *, minimum_count: int) -> Estimate | NotEstimable | Hidden:
    """Return the outcome, or Hidden where its cases, or a part of them that it tells, are too few to show."""
    outcome = figure.outcome
    if not isinstance(outcome, Estimate):
        return outcome
    for number_ in told_by(figure, outcome):
        hidden = hide_small(number_, minimum_count=minimum_count)
        if isinstance(hidden, Hidden):
            return hidden
    return outcome


def told_by(figure: Figure, outcome: Estimate) -> tuple[int, ...]:
    """Return every count that a figure gives away: its cases, those with the finding, its successes and failures."""
    told = (outcome.cases, figure.positives, outcome.cases - figure.positives)
    if not style_of(figure.metric).is_share:
        return told
    hits = round(outcome.value * outcome.cases)
    return (*told, hits, outcome.cases - hits)


TELL_EACH_OTHER = ("sensitivity", "specificity", "ppv", "npv")


def fit_to_show(figures: Mapping[str, Figure], *, minimum_count: int) -> dict[str, Figure]:
    """Return the figures of one slice; where one of the four rates is too small, the others would tell it."""
    four = [figures[name] for name in TELL_EACH_OTHER if name in figures]
    outcomes = [shown(each, minimum_count=minimum_count) for each in four]
    small = next((each for each in outcomes if isinstance(each, Hidden)), None)
    if small is None:
        return dict(figures)
    return {
        name: replace(each, outcome=NotEstimable(small.reason))
        if name in TELL_EACH_OTHER and isinstance(each.outcome, Estimate)
        else each
        for name, each in figures.items()
    }
