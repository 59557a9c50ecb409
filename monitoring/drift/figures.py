"""Scores by month as a Plotly spec: the middle of them, and where eight of ten lie."""

from collections.abc import Sequence
from typing import Any


def months_figure(months: Sequence[tuple[str, Sequence[float]]]) -> dict[str, Any]:
    """Draw the 10 %, 50 % and 90 % quantiles of each month's scores."""
    at = [f"{month}-15" for month, _ in months]
    low, middle, high = ([quantiles[place] for _, quantiles in months] for place in range(3))
    edge = {"color": "var(--line-strong)", "width": 1}
    data = [
        {"type": "scatter", "mode": "lines", "name": "90 %", "x": at, "y": high, "line": edge},
        {
            "type": "scatter",
            "mode": "lines",
            "name": "10 %",
            "x": at,
            "y": low,
            "line": edge,
            "fill": "tonexty",
            "fillcolor": "rgba(29,91,184,0.12)",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "median",
            "x": at,
            "y": middle,
            "line": {"color": "var(--series-1)"},
        },
    ]
    return {"data": data, "layout": {"height": 300, "yaxis": {"title": {"text": "Score"}}}}
