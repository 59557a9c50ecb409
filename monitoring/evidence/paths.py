"""The paths of the charts: every point of every monitor that keeps a statistic, from its frozen design."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from inference.registry.models import Deployment
from inference.results.models import Inference
from monitoring.evidence.scopes import Scope as PackageScope
from monitoring.evidence.watched import monitors_in
from monitoring.signals import claim_watch, performance_watch, score_watch
from monitoring.signals.feeding import feed_of
from monitoring.signals.watching import Feed, Scope, cases_in, scopes_of

MOST_RUNS = 50_000
Path = list[tuple[date, float]]


def chart_points(scope: PackageScope, *, by: datetime) -> Iterator[dict[str, Any]]:
    """Yield the points up to a moment, in order; deployments with too many runs to hold in memory are left out."""
    designs = {each.key: each.design for each in monitors_in(scope, by=by)}
    for deployment in scope.deployments:
        if not is_left_out(deployment):
            yield from points_of(feed_of(deployment, now=by), designs=designs, by=by)


def is_left_out(deployment: Deployment) -> bool:
    """Return whether a deployment has more runs than its monitors' paths are computed again for."""
    runs = Inference.objects.filter(deployment=deployment).values("pk")
    return runs.order_by().count() > MOST_RUNS


def left_out(scope: PackageScope) -> list[str]:
    return [each.pk for each in scope.deployments if is_left_out(each)]


def points_of(feed: Feed, *, designs: Mapping[str, Any], by: datetime) -> Iterator[dict[str, Any]]:
    for scope in sorted(scopes_of(feed), key=lambda each: each.key(feed)):
        key = scope.key(feed)
        for chart, threshold, path in charts_of(scope, feed, design=designs[key]) if key in designs else ():
            for number, (day, value) in enumerate(path, start=1):
                if day <= by.date():
                    yield {
                        "monitor": key,
                        "chart": chart,
                        "number": number,
                        "on": day.isoformat(),
                        "value": float(value),
                        "threshold": threshold,
                    }


def charts_of(scope: Scope, feed: Feed, *, design: Any) -> Iterator[tuple[str, float | None, Path]]:
    """Yield each chart of a monitor with its threshold; what counts single events has none."""
    if scope.kind == "score":
        values, run = score_watch.run_scores(design, cases_in(scope, feed))
        days = [day for _, day in values]
        yield "higher", design["threshold"], list(zip(days, run.upper_path, strict=True))
        yield "lower", design["threshold"], list(zip(days, run.lower_path, strict=True))
    elif scope.kind == "performance":
        for arm, frozen in sorted(design["arms"].items()):
            chart = performance_watch.chart_of(frozen)
            watched = performance_watch.watched(design, cases_in(scope, feed), arm=arm)
            path = chart.run([value for value, _, _ in watched]).path
            yield arm, chart.threshold, [(each[2].date(), value) for each, value in zip(watched, path, strict=True)]
    elif scope.kind == "claim" and scope.claim is not None and scope.era is not None:
        yield "claim", design["arl0"], claim_watch.detector_path(design, scope.claim, version=scope.era.version)
