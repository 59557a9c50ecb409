"""A claim in words: what it promises, against what, and for whom. Pure."""

from __future__ import annotations

from audit.templatetags.display import number, percent, percent_range
from monitoring.claims.terms import NUMBERS, Terms

UNITS = {"minutes_to_reader": "min", "minutes_to_treatment": "min"}


def claim_words(terms: Terms) -> str:
    """Return a claim in one line, as a title takes it."""
    promised = "at least" if terms.is_upward else "at most"
    words = f"{subject_words(terms)} {promised} {figure_words(terms.value, terms=terms)}"
    return f"{words} {comparison_words(terms)}".strip()


def subject_words(terms: Terms) -> str:
    """Return what the figure is about: the finding, the metric, the population."""
    name = "AUC" if terms.metric == "auc" else terms.metric.replace("_", " ")
    if terms.summary == "share_within":
        name = f"share of {name} within {terms.limit:g}"
    elif terms.summary == "mean" and not name.startswith("mean"):
        name = f"mean {name}"
    people = ", ".join(f"{key.replace('_', ' ')} {' or '.join(values)}" for key, values in terms.population.items())
    return f"{terms.finding.replace('_', ' ')} {name}{f' in {people}' if people else ''}".strip()


def comparison_words(terms: Terms) -> str:
    """Return what a change is against; empty for a plain figure."""
    if not terms.is_change:
        return ""
    kind = "relative change" if terms.effect == "relative" else "change"
    if not terms.comparator:
        return f"as a {kind}, against what is not said"
    stands = "" if terms.comparator_value is None else f" at {figure_words(terms.comparator_value, terms=terms)}"
    return f"as a {kind} against {terms.comparator.replace('_', ' ')}{stands}"


def is_share(terms: Terms) -> bool:
    """Return whether figures are written in per cent: rates and shares; areas and numbers are not."""
    return terms.metric != "auc" and not (terms.metric in NUMBERS and terms.summary != "share_within")


def figure_words(value: float, *, terms: Terms) -> str:
    """Return a figure of the claim as it is written: per cent for rates, two digits for areas, minutes for times."""
    if is_share(terms):
        return f"{100 * value:.4g} %".replace("-", "−")
    return f"{value:.3g} {UNITS.get(terms.metric, '')}".strip().replace("-", "−")


def range_words(low: float, high: float, *, terms: Terms) -> str:
    """Return both ends of an interval as estimates are written, the unit once."""
    if is_share(terms):
        return percent_range((low, high))
    return f"{estimate_words(low, terms=terms)} to {estimate_words(high, terms=terms)}"


def estimate_words(value: float, *, terms: Terms) -> str:
    """Return an estimate as it is written: one decimal of a per cent, three digits of anything else."""
    if is_share(terms):
        return percent(value)
    return number(value, 3) if terms.metric == "auc" else f"{number(value, 1)} {UNITS.get(terms.metric, '')}".strip()
