"""What the template of the page is given: finished words, tables and pictures, nothing left to compute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from audit.templatetags.display import count, number, percent
from monitoring.performance.questions import OBSERVED
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.subgroups.asking import Asked
from monitoring.subgroups.comparing import Difference
from monitoring.subgroups.development import Development, Outside
from monitoring.subgroups.fairness import Gap, NoGap
from monitoring.subgroups.figures import Drawn, forest, funnel_figure
from monitoring.subgroups.gathering import Found
from monitoring.subgroups.groups import Compared, Group, GroupRow, Spread
from monitoring.subgroups.peers import PeerRow, Peers
from monitoring.subgroups.population import Shift
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
        positives=count(row.group.positives),
        value=value,
        range=range_,
        method=outcome.method,
        shrunken=shrunken,
        shrunken_range=shrunken_range,
        difference=signed(gap.value, metric=metric) if gap else "",
        difference_range=signed_range(gap.interval, metric=metric) if gap else "",
        p_value=p_words(gap.adjusted) if gap else "",
        sort={
            "cases": outcome.cases,
            "value": outcome.value,
            "shrunken": row.shrunken.value if isinstance(row.shrunken, Estimate) else -1.0,
            "difference": gap.value if gap else 0.0,
        },
    )


def p_words(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}".lstrip("0") if value < 1 else "1"


def page_context(asked: Asked, found: Found) -> dict[str, Any]:
    """Return everything that the page shows."""
    names, metric = asked.site_names, asked.metric
    ordered = sorted(found.compared.rows, key=lambda row: in_order(row.group.value))
    labelled = [(name_of(row.group.value, dimension=asked.by, site_names=names), row) for row in ordered]
    return {
        "product": asked.product,
        "finding": asked.finding,
        "findings": list(asked.product.findings.order_by("id")),
        "metric": label_of(metric),
        "dimension": words_of(asked.by),
        "minimum_count": asked.minimum_count,
        "is_agreement": any(row.group.kind != OBSERVED for row in found.compared.rows),
        "kept_back": [words_of(name) for name in asked.dimensions.kept_back],
        "partly_kept": partly_kept(asked),
        "tiles": tiles(found, metric=metric, names=names),
        "forest": forest_of(labelled, metric=metric, compared=found.compared, dimension=words_of(asked.by)),
        "lines": [line_of(row, labels=(label,), metric=metric) for label, row in labelled],
        "family": found.compared.family,
        "mean": mean_words(found.compared, metric=metric),
        "pairs": pair_lines(asked, found),
        "pairs_reason": found.pairs.reason if isinstance(found.pairs, NotEstimable) else "",
        "pairs_family": found.pairs_compared.family if found.pairs_compared else 0,
        "second": words_of(asked.second) if asked.second else "",
        "spread": spread_words(found.spread, metric=metric),
        "peers": peers_words(found.peers, metric=metric, names=names),
        "others_out": found.others_out,
        "development": development_words(found.development, metric=metric, names=names),
        "gaps": [gap_words(each, names=names) for each in found.fairness.gaps],
        "gap_family": found.fairness.family,
        "breadcrumbs": [
            ("Overview", reverse("dashboards:overview")),
            (asked.product.name, reverse("dashboards:product", args=[asked.product.pk])),
            ("Subgroups", ""),
        ],
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


# --- the panels --------------------------------------------------------------------------------------------------


def spread_words(spread: Spread | NotEstimable, *, metric: str) -> dict[str, Any]:
    if isinstance(spread, NotEstimable):
        return {"reason": spread.reason}
    found = spread.found
    scale = "" if spread.scale.value == "plain" else " (logit)"
    tau2 = found.tau_squared
    return {
        "mean": written(spread.mean.value, metric=metric),
        "mean_range": ranged(spread.mean.interval, metric=metric),
        "tau": f"{number(found.tau, 2)}{scale}",
        "tau_range": f"{number(tau2.interval.low**0.5, 2)} to {number(tau2.interval.high**0.5, 2)}",
        "i_squared": percent(found.i_squared, 0),
        "q": f"{found.q.statistic:.1f}",
        "p_value": p_words(found.q.p_value),
        "next": ranged(spread.next_group, metric=metric),
        "is_next_told": not isinstance(spread.next_group, NotEstimable),
        "sites": found.groups,
        "method": found.method,
        "tau_method": tau2.method,
    }


def peers_words(peers: Peers | NotEstimable, *, metric: str, names: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(peers, NotEstimable):
        return {"reason": peers.reason}
    labels = [names.get(row.site, row.site) for row in peers.rows]
    spread = peers.funnel.dispersion
    return {
        "figure": funnel_figure(peers, metric=metric, labels=labels),
        "rows": [peer_line(row, label=label) for row, label in zip(peers.rows, labels, strict=True)],
        "others": peers.others,
        "strata": " × ".join(words_of(name) for name in peers.strata),
        "spread": spread,
        "phi": number(spread.observed, 2) if spread.observed is not None else "",
    }


def peer_line(row: PeerRow, *, label: str) -> dict[str, Any]:
    told = not isinstance(row.place, NotEstimable)
    return {
        "label": label,
        "cases": count(row.cases),
        "crude": percent(row.crude),
        "expected": percent(row.expected),
        "value": percent(row.place.value) if told else row.place.reason,  # type: ignore[union-attr]
        "p_value": p_words(row.adjusted) if told else "",
        "state": row.state,
        "verdict": row.verdict.capitalize(),
    }


def development_words(development: Development, *, metric: str, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "version": development.version,
        "size": count(development.size) if development.size else "",
        "reason": development.reason,
        "shifts": [shift_words(each, names=names) for each in development.shifts],
        "away": away_words(development.away, metric=metric),
    }


def shift_words(shift: Shift, *, names: Mapping[str, str]) -> dict[str, Any]:
    rows = [
        (
            name_of(row.value, dimension=shift.dimension, site_names=names),
            "not told" if row.developed is None else percent(row.developed),
            *estimated(row.today, metric="prevalence"),
            row.is_outside,
        )
        for row in sorted(shift.rows, key=lambda row: in_order(row.value))
    ]
    return {
        "dimension": words_of(shift.dimension),
        "distance": distance_words(shift),
        "p_value": shift.test.reason if isinstance(shift.test, NotEstimable) else p_words(shift.test.p_value),
        "outside": " ".join(estimated(shift.outside, metric="prevalence")),
        "unknown": count(shift.unknown),
        "cases": count(shift.cases),
        "state": shift.state,
        "verdict": shift.verdict.capitalize(),
        "rows": rows,
    }


def distance_words(shift: Shift) -> str:
    if isinstance(shift.distance, NotEstimable):
        return shift.distance.reason
    return ("at least " if shift.is_coarse else "") + number(shift.distance, 2)


def away_words(away: Outside | NotEstimable, *, metric: str) -> dict[str, Any]:
    if isinstance(away, NotEstimable):
        return {"reason": away.reason}
    return {
        "share": estimated(away.share, metric="prevalence"),
        "outside": estimated(away.outside, metric=metric),
        "inside": estimated(away.inside, metric=metric),
        "difference": difference_words(away.difference, metric=metric),
    }


def difference_words(gap: Difference | NotEstimable, *, metric: str) -> str:
    if isinstance(gap, NotEstimable):
        return gap.reason
    ends = signed_range(gap.interval, metric=metric)
    return f"{signed(gap.value, metric=metric)} ({ends}), p {p_words(gap.p_value)}"


def gap_words(gap: Gap | NoGap, *, names: Mapping[str, str]) -> dict[str, Any]:
    head = {"dimension": words_of(gap.dimension).capitalize(), "metric": label_of(gap.metric)}
    if isinstance(gap, NoGap):
        return head | {"state": "unknown", "verdict": "Cannot be compared", "reason": gap.reason}
    higher, lower = (name_of(each, dimension=gap.dimension, site_names=names) for each in (gap.higher, gap.lower))
    return head | {
        "state": gap.state,
        "verdict": "Gap shown" if gap.is_shown else "No gap shown",
        "groups": f"{lower} below {higher}",
        "difference": signed(gap.difference.value, metric=gap.metric),
        "range": signed_range(gap.difference.interval, metric=gap.metric),
        "p_value": p_words(gap.difference.adjusted),
        "pairs": gap.pairs,
    }
