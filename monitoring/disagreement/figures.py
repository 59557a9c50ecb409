"""The funnel of override rates as a Plotly spec: each group against all of them at its size."""

from collections.abc import Sequence
from typing import Any

from scipy import stats

from monitoring.disagreement.cells import FUNNEL_LEVEL, Override
from monitoring.statistics.results import Estimate

STEPS = 60


def funnel_figure(groups: Sequence[Override], *, noun: str) -> dict[str, Any]:
    """Draw override rates by number of cases within binomial limits of the pooled rate."""
    largest = max((each.cases for each in groups), default=1)
    pooled = sum(each.overrides for each in groups) / max(sum(each.cases for each in groups), 1)
    sizes = sorted({max(1, round(largest * 1.1 * step / STEPS)) for step in range(1, STEPS + 1)})
    tail = (1 - FUNNEL_LEVEL) / 2
    low, high = (
        [float(q) / n for q, n in zip(stats.binom.ppf(p, sizes, pooled), sizes, strict=True)] for p in (tail, 1 - tail)
    )
    shown = [each for each in groups if isinstance(each.rate, Estimate)]
    limit = {"color": "var(--line-strong)", "dash": "dash"}
    data = [
        {"type": "scatter", "mode": "lines", "name": "99.8 % limits", "x": sizes, "y": high, "line": limit},
        {"type": "scatter", "mode": "lines", "name": "", "showlegend": False, "x": sizes, "y": low, "line": limit},
        {
            "type": "scatter",
            "mode": "lines",
            "name": "all together",
            "x": [0, sizes[-1]],
            "y": [pooled, pooled],
            "line": {"color": "var(--muted)"},
        },
        {
            "type": "scatter",
            "mode": "markers+text",
            "name": noun,
            "x": [each.cases for each in shown],
            "y": [each.overrides / each.cases for each in shown],
            "text": [each.group for each in shown],
            "textposition": "top center",
            "marker": {"size": 10, "color": ["var(--act)" if each.is_outside else "var(--series-1)" for each in shown]},
        },
    ]
    layout = {
        "height": 320,
        "xaxis": {"title": {"text": "Cases read"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "Override rate"}, "tickformat": ".0%", "rangemode": "tozero"},
    }
    return {"data": data, "layout": layout}
