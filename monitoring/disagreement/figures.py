"""Override rates of readers as a Plotly spec: each with its interval and the limits of chance around what is usual."""

from collections.abc import Sequence
from typing import Any

from monitoring.disagreement.cells import Override
from monitoring.statistics.results import Estimate


def readers_figure(readers: Sequence[Override]) -> dict[str, Any]:
    """Draw one line per reader: rate with its 95 % interval, and the limits that 99.8 % of such readers keep."""
    shown = [(each, each.rate) for each in reversed(readers) if isinstance(each.rate, Estimate)]
    names = [each.group or "not named" for each, _ in shown]
    limits = {
        "mode": "markers",
        "type": "scatter",
        "y": names,
        "marker": {"symbol": "line-ns-open", "size": 14, "color": "var(--line-strong)"},
    }
    rates = {
        "type": "scatter",
        "mode": "markers",
        "name": "override rate",
        "y": names,
        "x": [rate.value for _, rate in shown],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [rate.interval.high - rate.value for _, rate in shown],
            "arrayminus": [rate.value - rate.interval.low for _, rate in shown],
        },
        "marker": {"size": 9, "color": ["var(--act)" if each.is_outside else "var(--series-1)" for each, _ in shown]},
    }
    data = [
        limits | {"name": "limits of chance", "x": [each.low_limit for each, _ in shown]},
        limits | {"name": "", "showlegend": False, "x": [each.high_limit for each, _ in shown]},
        rates,
    ]
    layout = {
        "height": 120 + 26 * len(shown),
        "xaxis": {"title": {"text": "Override rate"}, "tickformat": ".0%", "rangemode": "tozero"},
        "yaxis": {"type": "category"},
    }
    return {"data": data, "layout": layout}
