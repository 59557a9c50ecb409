"""Forest and funnel as Plotly specs, each with the same numbers as a table. Pure.

Colours are the style sheet's variables; the browser draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audit.templatetags.display import count, percent
from monitoring.statistics.results import Estimate, Interval, NotEstimable
from monitoring.subgroups.groups import GroupRow
from monitoring.subgroups.peers import ACTION, WARNING, PeerRow, Peers
from monitoring.subgroups.scales import Scale, scale_of
from monitoring.subgroups.wording import estimated, label_of, ranged, written

COLOURS = {"act": "var(--act)", "watch": "var(--watch)"}
USUAL, QUIET, LINE = "var(--series-1)", "var(--muted)", "var(--line-strong)"
CURVE_POINTS = 60
AROUND: dict[str, Any] = {
    "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    "margin": {"t": 36, "r": 12, "b": 44, "l": 12},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture with its words and its numbers, as `_figure.html` takes it."""

    id: str
    title: str
    description: str
    spec: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def forest(
    rows: Sequence[tuple[str, GroupRow]], *, metric: str, mean: Estimate | NotEstimable, dimension: str
) -> Drawn:
    """Draw each group as measured and drawn towards the mean of all."""
    said = f" Dashed: their mean, {written(mean.value, metric=metric)}." if isinstance(mean, Estimate) else ""
    return Drawn(
        id="forest",
        title=f"{label_of(metric)} by {dimension}",
        description=f"With 95 % intervals; a group with few cases is drawn further towards the mean of all.{said}",
        spec=forest_spec(rows, metric=metric, mean=mean),
        columns=(dimension.capitalize(), "As measured", "95 % interval", "Drawn towards the mean", "95 % interval"),
        rows=tuple(
            (label, *estimated(row.group.outcome, metric=metric), *estimated(row.shrunken, metric=metric))
            for label, row in rows
        ),
    )


def forest_spec(rows: Sequence[tuple[str, GroupRow]], *, metric: str, mean: Estimate | NotEstimable) -> dict[str, Any]:
    shown = [(label, row) for label, row in reversed(rows) if isinstance(row.group.outcome, Estimate)]
    names, raw = [label for label, _ in shown], [row.group.outcome for _, row in shown]
    shrunken = [row.shrunken if isinstance(row.shrunken, Estimate) else None for _, row in shown]
    colours = [COLOURS.get(row.state, USUAL) for _, row in shown]
    form = "%{x:.1%}" if scale_of(metric) is Scale.SHARE else "%{x:.3g}"
    data = [
        points("as measured", names, raw, symbol="circle-open", colour=QUIET, form=form, size=9),
        points("drawn towards the mean", names, shrunken, symbol="diamond", colour=colours, form=form, size=9),
    ]
    layout: dict[str, Any] = {
        "height": max(240, 110 + 44 * len(shown)),
        "xaxis": axis(metric, shown=[*raw, *shrunken]),
        "yaxis": {"type": "category", "automargin": True},
        "scattermode": "group",
        "scattergap": 0.55,
        "shapes": [upright(mean.value)] if isinstance(mean, Estimate) else [],
        **AROUND,
    }
    return {"data": data, "layout": layout}


def points(
    name: str, labels: Sequence[str], outcomes: Sequence[Any], *, symbol: str, colour: Any, form: str, size: int
) -> dict[str, Any]:
    known = [(label, each) for label, each in zip(labels, outcomes, strict=True) if isinstance(each, Estimate)]
    colours = colour if isinstance(colour, str) else [c for c, o in zip(colour, outcomes, strict=True) if o is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "orientation": "h",
        "offsetgroup": name,
        "y": [label for label, _ in known],
        "x": [each.value for _, each in known],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [each.interval.high - each.value for _, each in known],
            "arrayminus": [each.value - each.interval.low for _, each in known],
            "thickness": 1.4,
            "width": 3,
            "color": colour if isinstance(colour, str) else USUAL,
        },
        "marker": {"symbol": symbol, "size": size, "color": colours},
        "customdata": [each.cases for _, each in known],
        "hovertemplate": f"%{{y}}: {form}, n = %{{customdata}}<extra>{name}</extra>",
    }


def axis(metric: str, *, shown: Sequence[Any]) -> dict[str, Any]:
    """Return the axis of a metric, a little wider than its intervals and no wider than what it can be."""
    ends = [each.interval for each in shown if isinstance(each, Estimate)]
    low, high = min(each.low for each in ends), max(each.high for each in ends)
    spare = 0.06 * (high - low)
    reach = [low - spare, high + spare]
    is_share = scale_of(metric) is Scale.SHARE
    if is_share:
        reach = [max(-0.01, reach[0]), min(1.01, reach[1])]
    return {"title": {"text": label_of(metric)}, "range": reach, **({"tickformat": ".0%"} if is_share else {})}


def upright(value: float) -> dict[str, Any]:
    line = {"color": LINE, "width": 1.2, "dash": "dash"}
    return {"type": "line", "yref": "paper", "x0": value, "x1": value, "y0": 0, "y1": 1, "line": line}


def funnel_figure(peers: Peers, *, metric: str, labels: Sequence[str]) -> Drawn:
    """Draw the sites, standardised for their case mix, within limits that narrow with their cases."""
    return Drawn(
        id="funnel",
        title="Each site among its peers",
        description=f"{label_of(metric)} at the case mix of all sites, around {percent(peers.funnel.target)}: "
        f"{peers.funnel.method}, wider the more of all cases a site has itself.",
        spec=funnel_spec(peers, metric=metric, labels=labels),
        columns=("Site", "Cases", "As measured", "Expected of its case mix", "Standardised", "99.8 % limits"),
        rows=tuple(
            peer_words(row, label=label, peers=peers, metric=metric)
            for row, label in zip(peers.rows, labels, strict=True)
        ),
    )


def funnel_spec(peers: Peers, *, metric: str, labels: Sequence[str]) -> dict[str, Any]:
    most = min(1.25 * max(row.cases for row in peers.rows), 0.9 * peers.together)
    least = max(1, min(row.cases for row in peers.rows) // 2)
    sizes = np.unique(np.geomspace(min(least, most), most, CURVE_POINTS).round()).tolist()
    target = peers.funnel.target
    level = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": target, "y1": target}
    data = [
        *limits(peers, sizes, level=WARNING, dash="dot"),
        *limits(peers, sizes, level=ACTION, dash="dash"),
        sites_trace(peers.rows, labels=labels),
    ]
    layout = {
        "height": 380,
        "xaxis": {"title": {"text": "Cases"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": f"{label_of(metric)}, standardised"}, "tickformat": ".0%", "automargin": True},
        "shapes": [level | {"line": {"color": LINE, "width": 1.2}}],
        **AROUND,
    }
    return {"data": data, "layout": layout}


def limits(peers: Peers, sizes: Sequence[float], *, level: float, dash: str) -> list[dict[str, Any]]:
    ends = [peers.limits(size, level=level) for size in sizes]
    line = {"color": QUIET, "width": 1.2, "dash": dash}
    base = {"type": "scatter", "mode": "lines", "x": list(sizes), "line": line, "hoverinfo": "skip"}
    name = f"{100 * level:g} % limits"
    return [
        base | {"y": [low for low, _ in ends], "name": name},
        base | {"y": [high for _, high in ends], "name": name, "showlegend": False},
    ]


def sites_trace(rows: Sequence[PeerRow], *, labels: Sequence[str]) -> dict[str, Any]:
    shown = [(row, label) for row, label in zip(rows, labels, strict=True) if not isinstance(row.place, NotEstimable)]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "sites",
        "showlegend": False,
        "x": [row.cases for row, _ in shown],
        "y": [row.place.value for row, _ in shown],  # type: ignore[union-attr]
        "text": [label for _, label in shown],
        "textposition": "top center",
        "marker": {"size": 10, "color": [COLOURS.get(row.state, USUAL) for row, _ in shown]},
        "hovertemplate": "%{text}: %{y:.1%}, n = %{x}<extra></extra>",
    }


def peer_words(row: PeerRow, *, label: str, peers: Peers, metric: str) -> tuple[str, ...]:
    head = (label, count(row.cases), percent(row.crude), percent(row.expected))
    if isinstance(row.place, NotEstimable):
        return (*head, row.place.reason, "")
    ends = Interval(*peers.limits(row.cases, level=ACTION), ACTION)
    return (*head, percent(row.place.value), ranged(ends, metric=metric))
