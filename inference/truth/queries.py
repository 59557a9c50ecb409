"""Which studies wait for their truth, what has been settled of a study, and which words fit it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet

from audit.access.decisions import NotVisibleError, Visitor
from inference.registry.models import Concept, Finding, Product
from inference.registry.visibility import visible_deployments, visible_sites
from inference.results.models import Inference, Prediction
from inference.studies.models import Study
from inference.truth.models import Truth

QUEUES = {"waiting": "Awaiting truth", "settled": "Settled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the queue is filtered by; empty means everything."""

    queue: str = "waiting"
    site: str = ""
    product: str = ""
    ai: str = ""
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the queue: a study, which products met it, and the truths it has."""

    study: Study
    products: Sequence[str]
    truths: Sequence[Truth]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One truth of a study; one that a later truth amends stays in sight."""

    truth: Truth
    is_amended: bool


def studies_awaiting_truth(user: Visitor, wanted: Wanted, *, now: datetime) -> QuerySet[Study]:
    """Return the studies of one queue that met a live product; the ones that wait longest come first."""
    live = Inference.objects.filter(study=OuterRef("pk"), mode="live", purpose="clinical")
    seen = visible_deployments(user, "settle_truth", now=now).order_by().values("pk")
    sites = visible_sites(user, "settle_truth", now=now).order_by().values("pk")
    found = Study.objects.filter(Exists(live.filter(deployment__in=seen)), site__in=sites)
    if wanted.site:
        found = found.filter(site=wanted.site)
    if wanted.product:
        found = found.filter(Exists(live.filter(deployment__product=wanted.product)))
    if wanted.ai:
        said = Prediction.objects.filter(inference__study=OuterRef("pk"), decision=wanted.ai)
        found = found.filter(Exists(said))
    if wanted.days:
        found = found.filter(acquired_at__lte=now - timedelta(days=wanted.days))
    has_truth = Exists(Truth.objects.filter(study=OuterRef("pk")))
    if wanted.queue == "settled":
        return found.filter(has_truth).select_related("site").order_by(F("acquired_at").desc(nulls_last=True), "pk")
    return found.exclude(has_truth).select_related("site").order_by(F("acquired_at").asc(nulls_last=True), "pk")


def with_truths(studies: Iterable[Study]) -> list[Row]:
    """Return one line per study of a page, in two queries."""
    shown = list(studies)
    keys = [study.pk for study in shown]
    products, truths = defaultdict(set), defaultdict(list)
    runs = Inference.objects.filter(study__in=keys).values_list("study_id", "deployment__product__name")
    for study_id, product in runs.distinct():
        products[study_id].add(product)
    for truth in current(Truth.objects.filter(study__in=keys).select_related("entry").order_by("pk")):
        truths[truth.study_id].append(truth)
    return [Row(study=study, products=sorted(products[study.pk]), truths=truths[study.pk]) for study in shown]


def current(truths: Iterable[Truth]) -> list[Truth]:
    """Return the truths that no later one amends."""
    every = list(truths)
    gone = {truth.amends for truth in every if truth.amends}
    return [truth for truth in every if truth.entry.uid not in gone]


def truths_of(study: Study) -> list[Shown]:
    """Return every truth of a study, the latest first."""
    every = list(Truth.objects.filter(study=study).select_related("entry").order_by("-received_at", "-pk"))
    gone = {truth.amends for truth in every if truth.amends}
    return [Shown(truth=truth, is_amended=truth.entry.uid in gone) for truth in every]


def truth_to_amend(study: Study, key: str) -> Truth:
    """Return a truth of this study that nothing amends yet; else NotVisibleError."""
    for shown in truths_of(study):
        if str(shown.truth.pk) == key and not shown.is_amended:
            return shown.truth
    raise NotVisibleError


def concepts_for(study: Study) -> Sequence[Concept]:
    """Return the concepts that products which met the study report, or any product at its site where none has."""
    met = Inference.objects.filter(study=study).values("deployment__product")
    reported = Finding.objects.filter(product__in=met).values("concept")
    found = list(Concept.objects.filter(pk__in=reported).order_by("name"))
    if found:
        return found
    at_site = Finding.objects.filter(product__deployments__site=study.site_id).values("concept")
    return list(Concept.objects.filter(pk__in=at_site).order_by("name"))


def regions_for(study: Study) -> Sequence[str]:
    products = Product.objects.filter(deployments__inferences__study_id=study.pk).distinct()
    return sorted({region for regions in products.values_list("regions", flat=True) for region in regions})
