"""What the template of the page is given: finished words, tables and pictures, nothing left to compute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from audit.templatetags.display import count, p_value
from monitoring.performance.questions import OBSERVED
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.subgroups.asking import Asked
from monitoring.subgroups.comparing import Difference
from monitoring.subgroups.figures import Drawn, forest
from monitoring.subgroups.gathering import Found
from monitoring.subgroups.groups import Compared, Group, GroupRow
from monitoring.subgroups.panels import development_words, gap_words, peers_words, spread_words
from monitoring.subgroups.scales import Scale, scale_of
from monitoring.subgroups.tiles import tiles
from monitoring.subgroups.wording import (
    estimated,
    in_order,
    label_of,
    name_of,
    ranged,
    signed,
    signed_range,
    words_of,
    written,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One group as the table shows it; `sort` holds the numbers that columns are sorted by."""

    labels: tuple[str, ...]
    state: str
    verdict: str
    reason: str = ""
    cases: str = ""
    positives: str = ""
    value: str = ""
    range: str = ""
    method: str = ""
    shrunken: str = ""
    shrunken_range: str = ""
    difference: str = ""
    difference_range: str = ""
    p_value: str = ""
    sort: Mapping[str, float] | None = None


def line_of(row: GroupRow, *, labels: tuple[str, ...], metric: str) -> Line:
    outcome = row.group.outcome
    if isinstance(outcome, NotEstimable):
        return Line(labels=labels, state=row.state, verdict=row.verdict.value, reason=outcome.reason)
    value, range_ = estimated(outcome, metric=metric)
    shrunken, shrunken_range = estimated(row.shrunken, metric=metric)
    gap = row.difference if isinstance(row.difference, Difference) else None
    return Line(
        labels=labels,
        state=row.state,
        verdict=row.verdict.value,
        cases=count(outcome.cases),
        positives=count(row.group.positives) if counts_positives(metric) else "–",
        value=value,
        range=range_,
        method=outcome.method,
        shrunken=shrunken,
        shrunken_range=shrunken_range,
        difference=signed(gap.value, metric=metric) if gap else "",
        difference_range=signed_range(gap.interval, metric=metric) if gap else "",
        p_value=p_value(gap.adjusted) if gap else "",
        sort={
            "cases": outcome.cases,
            "value": outcome.value,
            "shrunken": row.shrunken.value if isinstance(row.shrunken, Estimate) else -1.0,
            "difference": gap.value if gap else 0.0,
        },
    )


def counts_positives(metric: str) -> bool:
    """Return whether cases with the finding say something about a metric; of a bias or an error they do not."""
    return metric == "auc" or scale_of(metric) is Scale.SHARE


def page_context(asked: Asked, found: Found) -> dict[str, Any]:
    """Return everything that the page shows."""
    return {
        "product": asked.product,
        "finding": asked.finding,
        "findings": list(asked.product.findings.order_by("id")),
        "metric": label_of(asked.metric),
        "minimum_count": asked.minimum_count,
        "kept_back": [words_of(name) for name in asked.dimensions.kept_back],
        "partly_kept": partly_kept(asked),
        "tiles": tiles(found, metric=asked.metric, names=asked.site_names),
        "breadcrumbs": [
            ("Overview", reverse("dashboards:overview")),
            (asked.product.name, reverse("dashboards:product", args=[asked.product.pk])),
            ("Subgroups", ""),
        ],
        **groups_context(asked, found),
        **panels_context(asked, found),
    }


def groups_context(asked: Asked, found: Found) -> dict[str, Any]:
    """Return the groups of the dimension and, where a second was asked for, of the pairs."""
    ordered = sorted(found.compared.rows, key=lambda row: in_order(row.group.value))
    labelled = [(name_of(row.group.value, dimension=asked.by, site_names=asked.site_names), row) for row in ordered]
    return {
        "dimension": words_of(asked.by),
        "second": words_of(asked.second) if asked.second else "",
        "is_agreement": any(row.group.kind != OBSERVED for row in ordered),
        "forest": forest_of(labelled, metric=asked.metric, compared=found.compared, dimension=words_of(asked.by)),
        "lines": [line_of(row, labels=(label,), metric=asked.metric) for label, row in labelled],
        "family": found.compared.family,
        "mean": mean_words(found.compared, metric=asked.metric),
        "pairs": pair_lines(asked, found),
        "pairs_reason": found.pairs.reason if isinstance(found.pairs, NotEstimable) else "",
        "pairs_family": found.pairs_compared.family if found.pairs_compared else 0,
    }


def panels_context(asked: Asked, found: Found) -> dict[str, Any]:
    names, metric = asked.site_names, asked.metric
    return {
        "spread": spread_words(found.spread, metric=metric),
        "peers": peers_words(found.peers, metric=metric, names=names),
        "others_out": found.others_out,
        "development": development_words(found.development, metric=metric, names=names),
        "gaps": [gap_words(each, names=names) for each in found.fairness.gaps],
        "gap_family": found.fairness.family,
    }


def partly_kept(asked: Asked) -> list[tuple[str, int, int]]:
    """Return the sensitive dimensions that only some sites allow: at how many, of how many."""
    every = len({each.site_id for each in asked.deployments})
    return [(words_of(name), len(some), every) for name, some in asked.dimensions.sites_of.items() if len(some) < every]


def forest_of(
    labelled: Sequence[tuple[str, GroupRow]], *, metric: str, compared: Compared, dimension: str
) -> Drawn | None:
    if not any(isinstance(row.group.outcome, Estimate) for _, row in labelled):
        return None
    return forest(labelled, metric=metric, mean=compared.mean, dimension=dimension)


def mean_words(compared: Compared, *, metric: str) -> str:
    if isinstance(compared.mean, NotEstimable):
        return ""
    return f"{written(compared.mean.value, metric=metric)} ({ranged(compared.mean.interval, metric=metric)})"


def pair_lines(asked: Asked, found: Found) -> list[Line]:
    if found.pairs_compared is None:
        return []
    lines = []
    for row in sorted(found.pairs_compared.rows, key=lambda row: [in_order(part) for part in parts_of(row.group)]):
        first, second = parts_of(row.group)
        labels = (
            name_of(first, dimension=asked.by, site_names=asked.site_names),
            name_of(second, dimension=asked.second, site_names=asked.site_names),
        )
        lines.append(line_of(row, labels=labels, metric=asked.metric))
    return lines


def parts_of(group: Group) -> tuple[str, str]:
    first, _, second = group.value.partition("\x1f")
    return first, second
