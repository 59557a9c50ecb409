"""How a deployment's feed stands: what came lately, how late, what is missing, what was flagged.

A fixed number of grouped queries for any number of deployments.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q

from inference.events.models import Event
from inference.registry.vocabulary import DEFAULT_RULE
from inference.results.models import Inference
from monitoring.cases.models import Case
from monitoring.signals.feed_watch import FLAGS
from monitoring.signals.models import Monitor
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import Estimate, NotEstimable

WINDOW_DAYS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """One deployment's feed over the last four weeks. `expected` is what the reference's weekdays would bring."""

    deployment: str
    runs: int
    studies: int
    expected: float | None
    last_acquired_at: datetime | None
    last_received_at: datetime | None
    median_lag_seconds: float | None
    displayed: Estimate | NotEstimable
    with_read: Estimate | NotEstimable
    with_truth: Estimate | NotEstimable
    flags: Mapping[str, int]


def feeds_of(deployments: Iterable[str], *, now: datetime) -> dict[str, FeedState]:
    """Return the state of each feed, by deployment."""
    keys = list(deployments)
    since = now - timedelta(days=WINDOW_DAYS)
    last, runs, lags = _last(keys), _runs(keys, since=since), _lags(keys, since=since)
    cases, displayed, usual = _cases(keys, since=since), _displayed(keys, since=since), _usual(keys)
    flags = _flags(keys, since=since)
    return {
        key: FeedState(
            deployment=key,
            runs=runs.get(key, {}).get("runs", 0),
            studies=runs.get(key, {}).get("studies", 0),
            expected=usual.get(key),
            last_acquired_at=last.get(key, {}).get("acquired"),
            last_received_at=last.get(key, {}).get("received"),
            median_lag_seconds=lags.get(key),
            displayed=_share(displayed.get(key, 0), runs.get(key, {}).get("runs", 0)),
            with_read=_share(cases.get(key, {}).get("with_read", 0), cases.get(key, {}).get("cases", 0)),
            with_truth=_share(cases.get(key, {}).get("with_truth", 0), cases.get(key, {}).get("cases", 0)),
            flags=flags.get(key, Counter()),
        )
        for key in keys
    }


def _share(hits: int, cases: int) -> Estimate | NotEstimable:
    return wilson(min(hits, cases), cases)


def _by_deployment(rows: Iterable[Any]) -> dict[str, dict[str, Any]]:
    return {row["deployment_id"]: row for row in rows}


def _last(keys: list[str]) -> dict[str, dict[str, Any]]:
    rows = Inference.objects.filter(deployment_id__in=keys).values("deployment_id")
    return _by_deployment(rows.annotate(acquired=Max("acquired_at"), received=Max("received_at")))


def _runs(keys: list[str], *, since: datetime) -> dict[str, dict[str, Any]]:
    rows = Inference.objects.filter(deployment_id__in=keys, acquired_at__gte=since).values("deployment_id")
    return _by_deployment(rows.annotate(runs=Count("pk"), studies=Count("study_id", distinct=True)))


def _cases(keys: list[str], *, since: datetime) -> dict[str, dict[str, Any]]:
    rows = Case.objects.filter(deployment_id__in=keys, rule=DEFAULT_RULE, excluded="", acquired_at__gte=since)
    return _by_deployment(
        rows.values("deployment_id").annotate(
            cases=Count("pk"),
            with_read=Count("pk", filter=~Q(reader_decision="")),
            with_truth=Count("pk", filter=~Q(truth="")),
        )
    )


def _displayed(keys: list[str], *, since: datetime) -> dict[str, int]:
    """Return how many runs of the window have a display event."""
    shown = Event.objects.filter(deployment_id__in=keys, kind=Event.Kind.DISPLAYED, at__gte=since)
    rows = shown.values("deployment_id").annotate(runs=Count("inference_uid", distinct=True))
    return {row["deployment_id"]: row["runs"] for row in rows}


LAGS = """
    SELECT deployment_id, percentile_cont(0.5) WITHIN GROUP (
               ORDER BY extract(epoch FROM coalesce(known_at, received_at) - acquired_at))
    FROM inference_inference
    WHERE deployment_id = ANY(%s) AND acquired_at >= %s
    GROUP BY deployment_id
"""


def _lags(keys: list[str], *, since: datetime) -> dict[str, float]:
    """Return the median seconds from acquisition to the moment a run became known."""
    with connection.cursor() as cursor:
        cursor.execute(LAGS, [keys, since])
        return {key: float(seconds) for key, seconds in cursor.fetchall()}


FLAGGED = """
    SELECT deployment_id, flag, count(*)
    FROM inference_inference, unnest(flags) AS flag
    WHERE deployment_id = ANY(%s) AND acquired_at >= %s AND flag = ANY(%s)
    GROUP BY deployment_id, flag
"""


def _flags(keys: list[str], *, since: datetime) -> dict[str, Counter[str]]:
    with connection.cursor() as cursor:
        cursor.execute(FLAGGED, [keys, since, sorted(FLAGS)])
        found: dict[str, Counter[str]] = {}
        for key, flag, runs in cursor.fetchall():
            found.setdefault(key, Counter())[flag] = runs
    return found


def _usual(keys: list[str]) -> dict[str, float]:
    """Return what four weeks brought in the reference of each silence monitor."""
    monitors = Monitor.objects.filter(deployment_id__in=keys, kind=Monitor.Kind.SILENCE)
    return {each.deployment_id: WINDOW_DAYS / 7 * sum(each.design["usual"]) for each in monitors}
