"""One figure as a page shows it: finished words, small cells hidden, with the way to its counts and cases. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.templatetags.display import count, number, number_range, percent, percent_range
from monitoring.dashboards.metrics import Style, label_of, meaning_of, style_of
from monitoring.performance.questions import OBSERVED, Figure
from monitoring.performance.references import LABELLER
from monitoring.statistics.results import Estimate

HIDDEN = "hidden by the sharing agreement"


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
    agreement: str = ""
    corrected: str = ""

    @property
    def is_hidden(self) -> bool:
        """Return whether there is a figure that this user may not see."""
        return HIDDEN in self.reason


def cell_of(figure: Figure, *, unit: str = "", href: str = "", counts_href: str = "") -> Cell:
    """Return a figure in words, or why there is none. What is too small to show has been taken out before."""
    outcome = figure.outcome
    label, meaning = label_of(figure.metric, kind=figure.kind), meaning_of(figure.metric)
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
        positives=count(figure.positives),
        method=outcome.method,
        bounds=bounds,
        reference=references(figure.reference),
        href=href,
        counts_href=counts_href,
        unit=style.unit,
        agreement=agreement(figure),
        corrected=corrected(figure, style=style),
    )


def agreement(figure: Figure) -> str:
    """Return what to say of a figure that was not held against the truth alone."""
    if figure.kind == OBSERVED:
        return ""
    total = sum(figure.reference.values())
    of_reports = (
        "labels read from reports" if LABELLER in figure.reference else "reports signed with the product in view"
    )
    part = "" if figure.agreeing == total else f" for {count(figure.agreeing)} of {count(total)}"
    return f"Agreement with {of_reports}{part}"


def corrected(figure: Figure, *, style: Style) -> str:
    """Return what the figure would be against the truth, or why that cannot be said."""
    found = figure.corrected
    if found is None:
        return ""
    if not isinstance(found, Estimate):
        return f"Not put right: {found.reason}"
    written, ranged = (percent, percent_range) if style.is_share else (number, number_range)
    value, ends = written(found.value, style.decimals), ranged(found.interval, style.decimals)
    return f"Put right for the labeller's errors: {value} ({ends})"


def references(reference: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    ordered = sorted(reference.items(), key=lambda each: -each[1])
    return tuple((name.replace("_", " "), count(number)) for name, number in ordered)
