"""Reads for claims: which are switched on where, and the labelled cases that are their evidence.

Labelled cases are read one by one, everything else is counted by the database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from inference.registry.models import Claim, Configuration, Version
from monitoring.cases.models import Case
from monitoring.claims.designs import Design, design_from, terms_of
from monitoring.claims.evidence import NO_LABEL, Evidence, EvidenceRow, evidence_of
from monitoring.claims.measuring import MINUTES, WITHOUT_TRUTH
from monitoring.claims.models import ClaimSwitch
from monitoring.claims.terms import NUMBERS, Measure, Terms, measure_of
from monitoring.claims.weighing import weights_of
from monitoring.performance.references import is_agreement
from monitoring.statistics.results import NotEstimable

ANOTHER_VERSION = "another_version"
RATE_DAYS = 90
COLUMNS = (
    "person_id", "study_id", "deployment_id", "acquired_at", "acquired_on", "truth_known_at", "truth", "decision",
    "score", "truth_reference", "version", "inference_id", "region",
)  # fmt: skip
READ_COLUMNS = ("read_at", "reader_decision", "ai_exposure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A claim that an organisation holds a product to, with the design in force."""

    claim: Claim
    organisation: str
    switch: ClaimSwitch
    design: Design


def claims_of(product: str, *, finding: str = "") -> QuerySet[Claim]:
    found = Claim.objects.filter(product_id=product).select_related("truth_rule", "product")
    found = found.filter(finding=finding) if finding else found
    return found.order_by("finding", "metric", "market", "id")


def switches_in_force(product: str, *, organisations: Collection[str] | None = None) -> dict[tuple[int, str], Any]:
    """Return the latest switch of each claim and organisation."""
    found = ClaimSwitch.objects.filter(product_id=product)
    if organisations is not None:
        found = found.filter(organisation__in=organisations)
    return {(each.claim_id, each.organisation): each for each in found.select_related("claim").order_by("pk")}


def watched_claims(product: str, *, organisations: Collection[str]) -> list[Watched]:
    """Return the claims that are switched on in these organisations."""
    return [
        Watched(claim=each.claim, organisation=each.organisation, switch=each, design=design_from(each.design))
        for each in switches_in_force(product, organisations=organisations).values()
        if each.is_on
    ]


def versions_in_force(deployments: Collection[str], *, now: datetime) -> dict[str, str]:
    """Return the version that each deployment runs."""
    started = Configuration.objects.filter(deployment_id__in=deployments, starts_at__lte=now).order_by("starts_at")
    return dict(started.values_list("deployment_id", "version__version"))


def versions_of_claim(product: str, *, terms: Terms) -> list[str]:
    """Return the versions that a claim is about: those of its IFU, or all."""
    found = Version.objects.filter(product_id=product).order_by("id")
    if terms.ifu_version:
        found = found.filter(ifu_version=terms.ifu_version)
    return list(found.values_list("version", flat=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The cases of one finding by one rule at some deployments: the labelled ones, and counts of all others."""

    rows: Mapping[str, tuple[EvidenceRow, ...]]
    others: Mapping[str, Counter[str]]
    logged: int

    def evidence(self, design: Design, *, measure: Measure, version: str) -> Evidence:
        """Return the evidence of one version; cases of others are counted as such."""
        rows = self.rows.get(version, ())
        found = evidence_of(rows, terms=design.terms, measure=measure, ceiling=design.ceiling, since=design.counts_from)
        left_out = Counter(found.left_out) + self.others.get(version, Counter())
        known = len(rows) + sum(self.others.get(version, Counter()).values())
        left_out[ANOTHER_VERSION] = self.logged - known
        return replace(found, left_out={name: n for name, n in left_out.items() if n}, logged=self.logged)


def pool_of(product: str, *, design: Design, deployments: Collection[str], versions: Collection[str]) -> Pool:
    """Return the cases that a claim's evidence is taken from, in three queries and those for the weights.

    Only what is labelled in these versions is read case by case; all else is counted where it lies.
    """
    terms, weights = design.terms, weights_of(design, product=product, deployments=deployments)
    logged = Case.objects.filter(
        product_id=product, finding=terms.finding, rule=terms.truth_rule, deployment_id__in=list(deployments)
    )
    if terms.unit in ("region", "breast", "eye"):
        logged = logged.exclude(region="")
    cases, usable = logged.filter(version__in=list(versions)), _usable(terms)
    rows: dict[str, list[EvidenceRow]] = defaultdict(list)
    for version, row in _rows(cases.filter(usable), terms=terms, weights=weights):
        rows[version].append(row)
    others: dict[str, Counter[str]] = defaultdict(Counter)
    for version, excluded, number in cases.exclude(usable).values_list("version", "excluded").annotate(n=Count("pk")):
        others[version][excluded or NO_LABEL] += number
    return Pool(rows={name: tuple(each) for name, each in rows.items()}, others=others, logged=logged.count())


def columns_of(terms: Terms) -> tuple[str, ...]:
    """Return the columns that a claim's evidence needs, and no others: a claim may read many cases."""
    found: tuple[str, ...] = COLUMNS
    if terms.comparator or terms.metric in WITHOUT_TRUTH:
        found += READ_COLUMNS
    if terms.metric == "accuracy":
        found += ("category", "truth_category")
    if terms.metric in MINUTES:
        found += (terms.metric,)
    elif terms.metric in NUMBERS:
        found += ("measurement", "truth_measurement")
    return (*found, "slices") if terms.population else found


def _usable(terms: Terms) -> Q:
    """Return the condition on cases that may become evidence; the others are only counted."""
    if terms.metric in WITHOUT_TRUTH:
        return Q(excluded="")
    return Q(excluded="", truth_known_at__isnull=False)


def _rows(
    cases: QuerySet[Case], *, terms: Terms, weights: Mapping[tuple[int, str], float] | None
) -> Iterator[tuple[str, EvidenceRow]]:
    is_free = terms.metric in WITHOUT_TRUTH
    for each in cases.order_by("pk").values_list(*columns_of(terms), named=True).iterator(chunk_size=5_000):
        yield (
            each.version,
            EvidenceRow(
                person=each.person_id,
                study=each.study_id,
                deployment=each.deployment_id,
                acquired_at=each.acquired_at,
                day=each.acquired_on,
                known_at=_known_at(each, terms=terms),
                truth=each.truth,
                decision=each.decision,
                reader_decision=getattr(each, "reader_decision", ""),
                ai_exposure=getattr(each, "ai_exposure", ""),
                score=each.score,
                is_category_right=_category_right(each) if terms.metric == "accuracy" else None,
                number=_number(each, metric=terms.metric) if terms.metric in NUMBERS else None,
                slices=getattr(each, "slices", {}),
                is_independent=is_free or not is_agreement(each.truth_reference),
                weight=1.0 if weights is None else weights.get((each.inference_id, each.region)),
            ),
        )


def _known_at(each: Any, *, terms: Terms) -> datetime | None:
    """Return when everything that a case's value needs had become known."""
    if terms.metric in WITHOUT_TRUTH:
        return each.read_at or each.acquired_at
    if terms.comparator in ("shadow_reads", "unaided_arm") and each.read_at and each.truth_known_at:
        return max(each.truth_known_at, each.read_at)
    return each.truth_known_at


def _category_right(each: Any) -> bool | None:
    if each.category is None or each.truth_category is None:
        return None
    return bool(each.category == each.truth_category)


def _number(each: Any, *, metric: str) -> float | None:
    if metric in MINUTES:
        return getattr(each, metric)
    if each.measurement is None or each.truth_measurement is None:
        return None
    return abs(each.measurement - each.truth_measurement)


def patients_per_day(claim: Claim, *, deployments: Collection[str], now: datetime) -> dict[str, float]:
    """Return how many patients' values came in a day lately, by deployment; those without a label are not named."""
    terms = terms_of(claim)
    measure = measure_of(terms)
    if isinstance(measure, NotEstimable):
        return {}
    since, versions = now - timedelta(days=RATE_DAYS), versions_of_claim(claim.product_id, terms=terms)
    found = {}
    for deployment in sorted(deployments):
        pool = pool_of(claim.product_id, design=Design(terms=terms), deployments=[deployment], versions=versions)
        rows = [row for group in pool.rows.values() for row in group if row.known_at and row.known_at >= since]
        values = evidence_of(rows, terms=terms, measure=measure).values
        if values:
            found[deployment] = round(len(values) / RATE_DAYS, 3)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A claim that a deployment is held to, with its evidence by version."""

    watched: Watched
    evidence: Mapping[str, Evidence]


def claims_held(*, product: str, organisation: str, deployment: str) -> list[Held]:
    """Return the claims that a deployment is held to; nothing is read where none is switched on."""
    found = []
    for each in watched_claims(product, organisations=[organisation]):
        terms = each.design.terms
        measure = measure_of(terms)
        if isinstance(measure, NotEstimable):
            continue
        versions = versions_of_claim(product, terms=terms)
        pool = pool_of(product, design=each.design, deployments=[deployment], versions=versions)
        evidence = {name: pool.evidence(each.design, measure=measure, version=name) for name in versions}
        found.append(Held(watched=each, evidence=evidence))
    return found
