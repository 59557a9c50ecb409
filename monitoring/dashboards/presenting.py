"""What the template of the product page is given: finished tables and charts, nothing left to compute."""

from typing import Any

from django.urls import reverse

from monitoring.dashboards.adding_up import TRUTHS, adding_up, counts_table
from monitoring.dashboards.asking import Asked
from monitoring.dashboards.cells import Cell, cell_of
from monitoring.dashboards.figures import Drawn, months_figure
from monitoring.dashboards.metrics import columns_of, headlines_of, label_of, style_of
from monitoring.dashboards.missing import statements
from monitoring.dashboards.product import claims_of_finding, slice_rows, tile_groups, tiles
from monitoring.dashboards.recounting import Answers, answers
from monitoring.dashboards.series import points_of, points_of_quarters, signal_marks
from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.metrics import metrics_of
from monitoring.performance.questions import EstimateSet
from monitoring.performance.references import judged, kind_of
from monitoring.performance.thresholds import changed_thresholds, rates_at
from monitoring.signals.queries import statuses_of

CHARTED = frozenset({"auc", "sensitivity", "specificity", "label_coverage"})
"""What the charts by month show of a finding with yes-or-no calls."""


def product_context(asked: Asked, *, by: str) -> dict[str, Any]:
    """Return everything that the product page shows."""
    found = answers(asked.question, by=("month", "site", by), only={} if by == "month" else {"month": CHARTED})
    least = asked.minimum_count()
    cuts = {name: hide_small_cells(each, minimum_count=least) for name, each in found.cuts.items()}
    metrics = columns_of(asked.finding.kind, [each.metric for each in found.overall.figures])
    names = {each.site_id: each.site.name for each in asked.deployments}
    claims = claims_of_finding(asked)
    statuses = statuses_of([each.pk for each in asked.deployments])
    return {
        "product": asked.product,
        "finding": asked.finding,
        "question": asked.question,
        "findings": list(asked.product.findings.order_by("id")),
        "deployments": [(each, statuses[each.pk]) for each in asked.deployments],
        "minimum_count": least,
        "tiles": tiles(asked, cuts[""]),
        "tile_groups": tile_groups(asked, cuts[""]),
        "claims": claims,
        "claims_of_several": len({row.organisation for row in claims}) > 1,
        "missing": statements(cuts[""].missing),
        "sum": adding_up(asked, found.overall),
        "truths": [words for _, words in TRUTHS],
        "at_thresholds": rates_today(asked, found),
        "counts": counts_table(asked, found.counts),
        "charts": charts(asked, cuts["month"]),
        "columns": [label_of(metric, kind=kind_of(found.overall, metric)) for metric in metrics],
        "site_rows": slice_rows(asked, cuts["site"], metrics=metrics, names=names),
        "by": by.replace("_", " "),
        "by_rows": slice_rows(asked, cuts[by], metrics=metrics) if by else [],
        "cases_href": asked.cases_href(),
        "breadcrumbs": [("Overview", reverse("dashboards:overview")), (asked.product.name, "")],
    }


def rates_today(asked: Asked, found: Answers) -> list[tuple[float, list[Cell]]]:
    """Return the rates at each threshold in force, where one has changed.

    Recipients of aggregates get none: beside the rates at the threshold of then they would tell a small count.
    """
    if found.months is None or found.scope is None or asked.minimum_count() > 1:
        return []
    kind = asked.finding.kind
    return [
        (threshold, [cell_of(judged(each)) for each in rates_at(found.months, threshold, kind=kind)])
        for threshold in changed_thresholds(found.scope, now=asked.now)
    ]


def charts(asked: Asked, months: EstimateSet) -> list[Drawn]:
    """Return the charts by month: the headline metrics, and the area where there is one."""
    least, marks = asked.minimum_count(), signal_marks(asked)
    first, second = headlines_of(asked.finding.kind)
    groups: list[tuple[str, ...]] = [(first, second)] if first == "sensitivity" else [(first,), (second,)]
    if "auc" in metrics_of(asked.finding.kind):
        groups.append(("auc",))
    drawn = []
    for group in groups:
        series = [(metric, points_of(months, metric)) for metric in group]
        by_quarter = bool(least) and group[0] == "sensitivity" and asked.question.as_of is None
        if by_quarter:
            series = points_of_quarters(asked.question, series[0][1], metrics=group, minimum_count=least)
        if any(point.value is not None for _, points in series for point in points):
            names = [label_of(metric, kind=kind_of(months, metric)) for metric in group]
            title = " and ".join([names[0], *(name.lower() for name in names[1:])])
            unit = style_of(group[0], unit=asked.finding.unit).unit
            drawn.append(
                months_figure(
                    series,
                    marks=marks,
                    unit=unit,
                    step="quarter" if by_quarter else "month",
                    id=f"chart-{group[0]}",
                    title=title,
                )
            )
    return drawn
