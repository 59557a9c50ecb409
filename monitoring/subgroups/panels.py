"""The panels beside the table of groups, in finished words: sites, peers, development, gaps between people."""

from collections.abc import Mapping
from typing import Any

from audit.templatetags.display import count, number, p_value, percent
from monitoring.statistics.results import NotEstimable
from monitoring.subgroups.comparing import Difference
from monitoring.subgroups.development import Development, Outside
from monitoring.subgroups.fairness import Gap, NoGap
from monitoring.subgroups.figures import funnel_figure
from monitoring.subgroups.peers import PeerRow, Peers
from monitoring.subgroups.population import Shift
from monitoring.subgroups.spreading import Spread
from monitoring.subgroups.wording import (
    estimated,
    in_order,
    label_of,
    name_of,
    p_words,
    ranged,
    signed,
    signed_range,
    words_of,
    written,
)


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
        "p_value": p_value(found.q.p_value),
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
    return f"{signed(gap.value, metric=metric)} ({ends}), {p_value(gap.p_value)}"


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
        "p_value": p_value(gap.difference.adjusted),
        "pairs": gap.pairs,
    }
