"""How far a run is, and how well its scores agree with the logged ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Avg, Count, F, Max, Q, QuerySet, StdDev
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Abs

from audit.access.decisions import NotVisibleError, Visitor
from inference.registry.visibility import visible_deployments
from inference.rescoring.leasing import MOST_ATTEMPTS, abandoned
from inference.rescoring.models import Rescore, RescoreItem, RescoreRun

State = RescoreItem.State
LIMIT = 1.96  # limits of agreement hold 95 % of normal differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many items there are, and what became of them."""

    items: int
    done: int
    failed: int
    waiting: int
    workers: int
    took: timedelta | None

    @property
    def closed(self) -> int:
        return self.done + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How the scores of one group compare with the logged ones. Differences are new minus logged.

    `limits` are Bland and Altman's; None where fewer than two were compared.
    `flipped` counts decisions that would fall on the other side of the threshold logged.
    """

    label: str
    compared: int
    agreeing: int
    largest: float | None
    mean: float | None
    limits: tuple[float, float] | None
    flipped: int

    @property
    def share(self) -> float | None:
        return self.agreeing / self.compared if self.compared else None


def runs_for(user: Visitor, *, now: datetime) -> QuerySet[RescoreRun]:
    """Return the runs on deployments that the user sees, the newest first, with their counts."""
    seen = visible_deployments(user, "see_rescoring", now=now).order_by()
    runs = RescoreRun.objects.filter(deployment__in=seen.values("pk")).select_related("deployment__site")
    return runs.annotate(
        item_count=Count("items"),
        done_count=Count("items", filter=Q(items__state=State.DONE)),
        failed_count=Count("items", filter=Q(items__state=State.FAILED)),
    ).order_by("-requested_at", "-pk")


def get_run_for(user: Visitor, run_id: int, *, now: datetime) -> RescoreRun:
    found = runs_for(user, now=now).filter(pk=run_id).first()
    if found is None:
        raise NotVisibleError
    return found


def waiting_items(*, run_id: int) -> int:
    return RescoreItem.objects.filter(run_id=run_id, state=State.WAITING).count()


def runs_that_need_workers(*, now: datetime) -> Sequence[int]:
    """Return the runs with abandoned items and nobody at work on them, or with leases that ran out."""
    open_items = RescoreItem.objects.filter(run__finished_at=None, state__in=(State.WAITING, State.LEASED))
    live = open_items.filter(state=State.LEASED, leased_until__gte=now).values("run_id")
    expired = Q(state=State.LEASED, leased_until__lt=now) | Q(attempts__gte=MOST_ATTEMPTS)
    needing = abandoned(open_items, now=now).filter(expired | ~Q(run_id__in=live))
    closed = RescoreRun.objects.filter(finished_at=None).exclude(pk__in=open_items.values("run_id"))
    runs = set(needing.values_list("run_id", flat=True)) | set(closed.values_list("pk", flat=True))
    return sorted(runs)


def progress_of(run: RescoreRun, *, now: datetime) -> Progress:
    counted = run.items.aggregate(
        items=Count("pk"),
        done=Count("pk", filter=Q(state=State.DONE)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        waiting=Count("pk", filter=Q(state=State.WAITING)),
        workers=Count("worker", filter=Q(state=State.LEASED, leased_until__gte=now), distinct=True),
    )
    return Progress(**counted, took=run.finished_at - run.requested_at if run.finished_at else None)


def failures_of(run: RescoreRun) -> Sequence[tuple[str, int]]:
    """Return the reasons why items could not be scored, the most frequent first."""
    failed = run.items.filter(state=State.FAILED).values_list("reason").annotate(count=Count("pk"))
    return list(failed.order_by("-count", "reason"))


def agreement_of(run: RescoreRun) -> Agreement:
    """Return the agreement over the whole run."""
    compared = run.rescores.filter(logged_score__isnull=False)
    return agreement(
        "all", compared.annotate(difference=DIFFERENCE).aggregate(**SUMS), flipped=sum(flips(run).values())
    )


def agreement_by_scanner(run: RescoreRun) -> Sequence[Agreement]:
    """Return the agreement by the scanner that the studies name: a fault of one machine's images stands out."""
    scanner = KeyTextTransform("scanner.key", "inference__study__described")
    rows = (
        run.rescores.filter(logged_score__isnull=False)
        .annotate(scanner=scanner, difference=DIFFERENCE)
        .values("scanner")
        .annotate(**SUMS)
        .order_by("scanner")
    )
    flipped = flips(run)
    return [agreement(row["scanner"] or "not named", dict(row), flipped=flipped.get(row["scanner"], 0)) for row in rows]


DIFFERENCE = F("score") - F("logged_score")
SUMS: dict[str, Any] = {
    "compared": Count("pk"),
    "agreeing": Count("pk", filter=Q(agrees=True)),
    "largest": Max(Abs(F("difference"))),
    "mean": Avg("difference"),
    "spread": StdDev("difference", sample=True),
}


def agreement(label: str, row: dict[str, Any], *, flipped: int) -> Agreement:
    mean, spread = row["mean"], row["spread"]
    return Agreement(
        label=label,
        compared=row["compared"],
        agreeing=row["agreeing"],
        largest=row["largest"],
        mean=mean,
        limits=None if spread is None else (mean - LIMIT * spread, mean + LIMIT * spread),
        flipped=flipped,
    )


FLIPS = """
    SELECT s.described->>'scanner.key', count(*)
    FROM inference_rescore AS r
    JOIN inference_prediction AS p
      ON p.inference_id = r.inference_id AND p.finding = r.finding AND p.region = r.region
    JOIN inference_inference AS i ON i.id = r.inference_id
    LEFT JOIN inference_study AS s ON s.id = i.study_id
    WHERE r.run_id = %s AND p.threshold IS NOT NULL AND (r.score >= p.threshold) <> (p.score >= p.threshold)
    GROUP BY 1
"""


def flips(run: RescoreRun) -> dict[str | None, int]:
    """Return by scanner how many scores lie on the other side of their threshold."""
    with connection.cursor() as cursor:
        cursor.execute(FLIPS, [run.pk])
        return dict(cursor.fetchall())


def largest_differences(run: RescoreRun, *, limit: int, withheld: Collection[UUID] = ()) -> Sequence[Rescore]:
    """Return the rescores that lie furthest from what was logged, without those of studies that are not shared."""
    compared = run.rescores.filter(logged_score__isnull=False).exclude(inference__study_id__in=withheld)
    compared = compared.select_related("inference__study__site")
    return list(compared.annotate(gap=Abs(DIFFERENCE)).order_by("-gap", "pk")[:limit])
