"""Figures of a signal as Plotly specs (plain dicts), each with the same numbers as table rows.

Pure functions of the frozen evidence; colours are the style sheet's variables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

LINE, SECOND, ALARM, QUIET = "var(--series-1)", "var(--series-2)", "var(--act)", "var(--line-strong)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with its words and its numbers, as `_figure.html` takes it."""

    id: str
    title: str
    description: str
    spec: dict[str, Any]
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = field(default_factory=tuple)


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def chart_figure(evidence: Mapping[str, Any], *, began_on: date, alarm_on: date) -> Figure | None:
    """Draw the control chart against its threshold, with the change and the alarm."""
    points = evidence.get("chart")
    if not points:
        return None
    traces = [_line(points, name="Statistic", colour=LINE)]
    if evidence.get("lower_chart"):
        traces = [
            _line(points, name="Upward", colour=LINE),
            _line(evidence["lower_chart"], name="Downward", colour=SECOND),
        ]
    limit = evidence["threshold"]
    shapes = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": limit,
            "y1": limit,
            "line": {"color": ALARM, "dash": "dash"},
        },
        _mark(began_on, colour=QUIET),
        _mark(alarm_on, colour=ALARM),
    ]
    notes = [
        _note(began_on, "change"),
        _note(alarm_on, "alarm", level=1),
        {
            "xref": "paper",
            "x": 0,
            "y": limit,
            "text": "threshold",
            "showarrow": False,
            "xanchor": "left",
            "yanchor": "bottom",
        },
    ]
    return Figure(
        id="chart",
        title="Control chart",
        description=f"{evidence['method']}; the design raises {evidence['statement']}.",
        spec={"data": traces, "layout": _layout("Statistic", shapes=shapes, annotations=notes)},
        columns=("Week of", "Statistic"),
        rows=tuple((point["on"], point["value"]) for point in points),
    )


def _line(points: Sequence[Mapping[str, Any]], *, name: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [point["on"] for point in points],
        "y": [point["value"] for point in points],
        "line": {"color": colour, "shape": "hv"},
    }


def _mark(day: date, *, colour: str) -> dict[str, Any]:
    at = day.isoformat()
    return {
        "type": "line",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "x0": at,
        "x1": at,
        "line": {"color": colour, "width": 1},
    }


def _note(day: date, text: str, *, level: int = 0) -> dict[str, Any]:
    return {
        "x": day.isoformat(),
        "yref": "paper",
        "y": 1 - 0.08 * level,
        "text": text,
        "showarrow": False,
        "xanchor": "left",
    }


def _layout(y_title: str, **more: Any) -> dict[str, Any]:
    return {
        "yaxis": {"title": {"text": y_title}, "rangemode": "tozero"},
        "margin": {"t": 24, "r": 12},
        "height": 300,
    } | more


def months_figure(evidence: Mapping[str, Any], *, began_on: date) -> Figure | None:
    """Draw the metric by month of acquisition with Wilson's intervals."""
    months = [each for each in evidence.get("months", []) if "value" in each]
    if not months:
        return None
    middle = [f"{each['month']}-15" for each in months]
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": evidence["metric"],
        "x": middle,
        "y": [each["value"] for each in months],
        "line": {"color": LINE},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [each["high"] - each["value"] for each in months],
            "arrayminus": [each["value"] - each["low"] for each in months],
        },
    }
    layout = _layout(
        str(evidence["metric"]).capitalize(),
        shapes=[_mark(began_on, colour=QUIET)],
        annotations=[_note(began_on, "change")],
    )
    layout["yaxis"] |= {"range": [0, 1.05], "tickformat": ".0%"}
    return Figure(
        id="months",
        title=f"{str(evidence['metric']).capitalize()} by month of acquisition",
        description="Studies whose truth is known; bars are Wilson's 95 % intervals.",
        spec={"data": [trace], "layout": layout},
        columns=("Month", "Value", "From", "To", "Studies"),
        rows=tuple(
            (m["month"], percent(m["value"]), percent(m["low"]), percent(m["high"]), m["cases"]) for m in months
        ),
    )


def histogram_figure(evidence: Mapping[str, Any]) -> Figure | None:
    """Draw the scores of the reference and those since the change."""
    found = evidence.get("histogram")
    if not found:
        return None
    edges = found["edges"]
    middle = [(low + high) / 2 for low, high in pairwise(edges)]
    names = (("before", "Reference", QUIET), ("since", "Since the change", LINE))
    traces = [
        {"type": "bar", "name": label, "x": middle, "y": found[key], "marker": {"color": colour}, "opacity": 0.75}
        for key, label, colour in names
    ]
    layout = _layout("Share of studies") | {"barmode": "group", "xaxis": {"title": {"text": "Score"}}}
    return Figure(
        id="histogram",
        title="Scores before and since",
        description="Share of studies per score bin.",
        spec={"data": traces, "layout": layout},
        columns=("Score from", "to", "Reference", "Since"),
        rows=tuple(
            (f"{low:.2f}", f"{high:.2f}", percent(before), percent(since))
            for low, high, before, since in zip(edges, edges[1:], found["before"], found["since"], strict=False)
        ),
    )


def daily_figure(evidence: Mapping[str, Any]) -> Figure | None:
    """Draw the number of studies of each day beside what the weekday usually brings."""
    daily = evidence.get("daily")
    if not daily:
        return None
    first = date.fromisoformat(daily["first_day"])
    days = [first + timedelta(days=place) for place in range(len(daily["counts"]))]
    usual = [evidence["usual"][day.weekday()] for day in days]
    shown = [day.isoformat() for day in days]
    traces = [
        {"type": "bar", "name": "Studies", "x": shown, "y": daily["counts"], "marker": {"color": LINE}},
        {
            "type": "scatter",
            "mode": "lines",
            "name": "Usual",
            "x": shown,
            "y": usual,
            "line": {"color": SECOND, "shape": "hvh"},
        },
    ]
    return Figure(
        id="daily",
        title="Studies a day",
        description="Bars are what came, the line what this weekday brought in the reference.",
        spec={"data": traces, "layout": _layout("Studies")},
        columns=("Day", "Studies", "Usual"),
        rows=tuple((day, count, f"{mean:.1f}") for day, count, mean in zip(shown, daily["counts"], usual, strict=True)),
    )


def figures_of(evidence: Mapping[str, Any], *, began_on: date, alarm_on: date) -> list[Figure]:
    """Return every figure that this evidence can draw."""
    found = (
        months_figure(evidence, began_on=began_on) if "metric" in evidence else None,
        chart_figure(evidence, began_on=began_on, alarm_on=alarm_on),
        histogram_figure(evidence),
        daily_figure(evidence),
    )
    return [figure for figure in found if figure is not None]
