"""Charts of the product page as Plotly specs, each with the same numbers as a table. Pure.

Colours are the style sheet's variables; the browser draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.templatetags.display import count, number, number_range, percent, percent_range
from monitoring.dashboards.metrics import label_of, style_of
from monitoring.dashboards.series import Mark, Point

SERIES = ("var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)")
MOST_NAMED = 4
ACT, WATCH = "var(--act)", "var(--watch)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture with its words and its numbers, as `_figure.html` takes it."""

    id: str
    title: str
    description: str
    spec: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def months_figure(
    series: Sequence[tuple[str, Sequence[Point]]], *, marks: Sequence[Mark], unit: str, step: str, id: str, title: str
) -> Drawn:
    """Draw metrics month by month with their intervals, and where signals began."""
    is_share = all(style_of(metric).is_share for metric, _ in series)
    traces = [
        trace(metric, points, colour=SERIES[place % len(SERIES)], place=place)
        for place, (metric, points) in enumerate(series)
    ]
    yaxis: dict[str, Any] = {"tickformat": ".0%", "range": [0, 1.02]} if is_share else {"title": {"text": unit}}
    layout = {
        "height": 320,
        "xaxis": {"type": "date", "tickformat": "%b %Y", "hoverformat": "%B %Y"},
        "yaxis": yaxis,
        "shapes": [line_of(mark) for mark in marks],
        "showlegend": len(series) > 1,
        "legend": {"orientation": "h", "y": 1.12, "x": 0},
        "margin": {"t": 28, "r": 12, "b": 36, "l": 52},
    }
    is_immature = any(point.is_immature for _, points in series for point in points)
    hollow = " Hollow: fewer labels are there than a figure needs to stand." if is_immature else ""
    return Drawn(
        id=id,
        title=title,
        description=f"By {step} of acquisition, with 95 % intervals.{hollow}" + in_words(marks),
        spec={"data": traces, "layout": layout},
        columns=(step.capitalize(), "Metric", "Value", "95 % interval", "Cases"),
        rows=tuple(row_of(metric, point, unit=unit) for metric, points in series for point in points),
    )


def trace(metric: str, points: Sequence[Point], *, colour: str, place: int) -> dict[str, Any]:
    known = [point for point in points if point.value is not None]
    values = [point.value or 0.0 for point in known]
    style = style_of(metric)
    name = label_of(metric, kind=next((point.kind for point in points if point.kind != "observed"), "observed"))
    form = "%{y:.1%}" if style.is_share else "%{y:.3g}"
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [point.month.isoformat() for point in known],
        "y": values,
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [(point.high or 0.0) - value for point, value in zip(known, values, strict=True)],
            "arrayminus": [value - (point.low or 0.0) for point, value in zip(known, values, strict=True)],
            "thickness": 1.2,
            "width": 3,
            "color": colour,
        },
        "line": {"color": colour, "width": 2, "dash": ("solid", "dot", "dash", "dashdot")[place % 4]},
        "marker": {"color": colour, "size": 7, "symbol": [symbol_of(point, place=place) for point in known]},
        "customdata": [point.cases for point in known],
        "hovertemplate": f"{name} {form}, n = %{{customdata}}<extra></extra>",
    }


def symbol_of(point: Point, *, place: int) -> str:
    """Return the shape of a point; hollow where labels of its month are still to come."""
    shape = ("circle", "diamond", "square", "x")[place % 4]
    return f"{shape}-open" if point.is_immature else shape


def line_of(mark: Mark) -> dict[str, Any]:
    colour = ACT if mark.is_act else WATCH
    day = mark.day.isoformat()
    return {
        "type": "line",
        "yref": "paper",
        "x0": day,
        "x1": day,
        "y0": 0,
        "y1": 1,
        "line": {"color": colour, "width": 1.5, "dash": "dash"},
    }


def in_words(marks: Sequence[Mark]) -> str:
    if not marks:
        return ""
    said = [f"{mark.words} {mark.day.isoformat()}" for mark in marks[-MOST_NAMED:]]
    more = f" and {len(marks) - MOST_NAMED} before" if len(marks) > MOST_NAMED else ""
    return f" Dashed lines: signals that began ({'; '.join(said)}{more})."


def row_of(metric: str, point: Point, *, unit: str) -> tuple[str, ...]:
    month = f"{point.month:%Y-%m}"
    if point.value is None:
        return (month, label_of(metric, kind=point.kind), point.reason, "", "")
    style = style_of(metric, unit=unit)
    value = percent(point.value) if style.is_share else number(point.value, style.decimals)
    ends = (point.low, point.high)
    interval = percent_range(ends) if style.is_share else number_range(ends, style.decimals)
    month += " (immature)" if point.is_immature else ""
    return (month, label_of(metric, kind=point.kind), value, interval, count(point.cases))
