"""The sequence of a claim over time as a Plotly spec, with the same numbers as a table. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.claims.judging import Look
from monitoring.claims.terms import Terms
from monitoring.claims.wording import estimate_words, figure_words, is_share, range_words

BAND, MEAN, LINE = "var(--accent-soft)", "var(--series-1)", "var(--act)"
COLUMNS = ("Labels until", "Patients", "Average since launch", "95 % interval")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A picture with its words and its numbers, as `_figure.html` takes it."""

    id: str
    title: str
    description: str
    spec: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sequence_figure(looks: Sequence[Look], *, terms: Terms, line: float, level: float) -> Drawn:
    """Draw the average since launch with its interval, and the line it is held against."""
    days = [look.on.isoformat() for look in looks]
    form = ".1%" if is_share(terms) else ".3g"
    data = [
        _edge(days, [look.high for look in looks], name="upper"),
        _edge(days, [look.low for look in looks], name="lower") | {"fill": "tonexty", "fillcolor": BAND},
        {
            "type": "scatter",
            "mode": "lines",
            "name": "average since launch",
            "x": days,
            "y": [look.value for look in looks],
            "line": {"color": MEAN, "width": 2},
            "customdata": [[look.patients, look.low, look.high] for look in looks],
            "hovertemplate": f"%{{y:{form}}} (%{{customdata[1]:{form}}} to %{{customdata[2]:{form}}}), "
            "%{customdata[0]} patients<extra></extra>",
        },
    ]
    return Drawn(
        id="sequence",
        title="Since launch, at every day with labels",
        description=f"The average so far with an interval that holds at all looks at once ({100 * level:.0f} %), "
        f"against the line at {figure_words(line, terms=terms)}: the claimed figure less its margin.",
        spec={"data": data, "layout": _layout(terms, line=line)},
        columns=COLUMNS,
        rows=tuple(look_row(look, terms=terms) for look in looks),
    )


def _edge(days: list[str], values: list[float], *, name: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": days,
        "y": values,
        "line": {"color": MEAN, "width": 0.5},
        "hoverinfo": "skip",
    }


def _layout(terms: Terms, *, line: float) -> dict[str, Any]:
    shape = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": line,
        "y1": line,
        "line": {"color": LINE, "width": 1.5, "dash": "dash"},
    }
    note = {
        "xref": "paper",
        "x": 1,
        "y": line,
        "text": "claim less margin",
        "showarrow": False,
        "xanchor": "right",
        "yanchor": "bottom",
    }
    return {
        "height": 340,
        "xaxis": {"type": "date"},
        "yaxis": {"tickformat": ".0%"} if is_share(terms) else {},
        "shapes": [shape],
        "annotations": [note],
        "showlegend": False,
        "margin": {"t": 24, "r": 12, "b": 36, "l": 52},
    }


def look_row(look: Look, *, terms: Terms) -> tuple[str, ...]:
    value = estimate_words(look.value, terms=terms)
    return (look.on.isoformat(), str(look.patients), value, range_words(look.low, look.high, terms=terms))
