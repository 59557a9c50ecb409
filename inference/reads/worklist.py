"""Which studies wait for a reader, and which for an arbiter: as questions to the database."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from audit.access.decisions import Visitor
from inference.reads.models import Read, Response
from inference.registry.visibility import visible_deployments, visible_sites
from inference.results.models import Inference, Prediction
from inference.studies.models import Study

FINISHING = ("final", "arbitration", "consensus", "addendum")
DECIDED = ("arbitration", "consensus")
READING = ("first", "second", "third", *FINISHING)
URGENT = ("stat", "urgent", "emergency", "high", "critical", "immediate", "1")
QUEUES = {
    "waiting": "Waiting for a read",
    "disagreement": "Disagreement to arbitrate",
    "mine": "Read by me",
    "all": "All that met a product",
}
DAYS = {"7": 7, "30": 30, "90": 90, "": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the worklist is filtered by; empty means everything."""

    queue: str = "waiting"
    site: str = ""
    product: str = ""
    ai: str = ""
    days: int | None = None
    order: str = "urgent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the worklist."""

    study: Study
    runs: Sequence[Inference]
    readers: Sequence[str]

    @property
    def said(self) -> list[Prediction]:
        """What the last run of each deployment says."""
        last = {run.deployment_id: run for run in self.runs}
        return [part for run in last.values() for part in run.predictions.all()]

    @property
    def is_urgent(self) -> bool:
        return any(part.priority in URGENT for part in self.said)


def worklist(user: Visitor, wanted: Wanted, *, reader: str, now: datetime) -> QuerySet[Study]:
    """Return the studies of one queue, urgent ones first, then the newest."""
    found = met_live_product(user, now=now)
    if wanted.site:
        found = found.filter(site=wanted.site)
    if wanted.product:
        found = found.filter(Exists(live_runs().filter(deployment__product=wanted.product)))
    if wanted.ai:
        found = found.filter(Exists(said(decision=wanted.ai)))
    if wanted.days:
        found = found.filter(acquired_at__gte=now - timedelta(days=wanted.days))
    found = in_queue(found, wanted.queue, reader=reader)
    return ordered(found, wanted.order).select_related("site")


def met_live_product(user: Visitor, *, now: datetime) -> QuerySet[Study]:
    """Return the studies within a reader's reach that a live product has answered."""
    sites = visible_sites(user, "see_worklist", now=now).order_by().values("pk")
    deployments = visible_deployments(user, "see_worklist", now=now).order_by().values("pk")
    return Study.objects.filter(Exists(live_runs().filter(deployment__in=deployments)), site__in=sites)


def live_runs() -> QuerySet[Inference]:
    return Inference.objects.filter(study=OuterRef("pk"), mode="live", purpose="clinical")


def said(**facts: Any) -> QuerySet[Prediction]:
    return Prediction.objects.filter(inference__study=OuterRef("pk"), inference__mode="live", **facts)


def reads(**facts: Any) -> QuerySet[Read]:
    return Read.objects.filter(study=OuterRef("pk"), **facts)


def in_queue(found: QuerySet[Study], queue: str, *, reader: str) -> QuerySet[Study]:
    if queue == "waiting":
        return found.exclude(Exists(reads(stage__in=READING)))
    if queue == "mine":
        return found.filter(Exists(reads(reader=reader)))
    if queue == "disagreement":
        return found.filter(disagreement())
    return found


def disagreement() -> Q:
    """Two readers who differ before anybody finished, or a final reader who rejects the AI, and no arbitration."""
    other = Read.objects.filter(
        study=OuterRef("study"), finding=OuterRef("finding"), region=OuterRef("region"), stage__in=READING
    ).exclude(reader=OuterRef("reader"))
    differing = other.exclude(decision=OuterRef("decision"))
    readers_differ = Exists(reads(stage__in=READING).filter(Exists(differing)))
    rejects = Exists(Response.objects.filter(study=OuterRef("pk"), response__startswith="reject_ai"))
    settled = Exists(reads(stage__in=DECIDED))
    finished = Exists(reads(stage__in=FINISHING))
    return Q(~settled & (rejects | (readers_differ & ~finished)))


def ordered(found: QuerySet[Study], order: str) -> QuerySet[Study]:
    """Newest first; when urgent ones come first: those with an urgent priority, then those the AI calls positive."""
    newest = (F("acquired_at").desc(nulls_last=True), "pk")
    if order != "urgent":
        return found.order_by(*newest)
    urgency = Case(
        When(Exists(said(priority__in=URGENT)), then=Value(0)),
        When(Exists(said(decision="positive")), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return found.annotate(urgency=urgency).order_by("urgency", *newest)


def with_runs(studies: Iterable[Study]) -> list[Row]:
    """Return one line per study of a page: its live runs and who has read it, in three queries."""
    shown = list(studies)
    keys = [study.pk for study in shown]
    runs, readers = defaultdict(list), defaultdict(set)
    live = Inference.objects.filter(study__in=keys, mode="live").order_by("pk")
    for run in live.prefetch_related("predictions").select_related("deployment"):
        runs[run.study_id].append(run)
    for study_id, reader, stage in Read.objects.filter(study__in=keys).values_list("study_id", "reader", "stage"):
        readers[study_id].add(f"{reader} ({stage})")
    return [Row(study=study, runs=runs[study.pk], readers=sorted(readers[study.pk])) for study in shown]


def next_in(found: QuerySet[Study], *, after: UUID) -> UUID | None:
    """Return the study that follows one in a queue, the first where it has left the queue, or None at the end."""
    keys = list(found.values_list("pk", flat=True)[:200])
    if after in keys:
        keys = keys[keys.index(after) + 1 :]
    return keys[0] if keys else None
