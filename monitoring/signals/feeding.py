"""One deployment's rows for its monitors: runs with their headers, cases with the moment their truth was known.

A fixed number of queries a deployment, streamed; only the columns that a monitor needs.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models.functions import Coalesce

from inference.connectors.losses import losses_of
from inference.registry.models import Deployment
from inference.registry.queries import deployment_settings
from inference.registry.vocabulary import DEFAULT_RULE
from inference.results.models import Inference
from monitoring.cases.models import Case
from monitoring.claims.queries import claims_held
from monitoring.claims.wording import claim_words
from monitoring.signals.burst_watch import LossRow
from monitoring.signals.claim_watch import ClaimFeed
from monitoring.signals.streams import CaseRow, RunRow, Setting, eras_of
from monitoring.signals.watching import Feed

HEADER_PARTS = ("acquisition", "scanner")
HEADERS_OF_A_STUDY = ("modality", "body_part")
NOT_A_HEADER = frozenset({"scanner.manufacturer", "scanner.model", "scanner.serial_number"})  # all in scanner.key
CASE_COLUMNS = (
    "study_id", "person_id", "acquired_at", "acquired_on", "version", "finding", "slices__scanner", "excluded", "score",
    "decision", "truth", "truth_known_at",
)  # fmt: skip


def feed_of(deployment: Deployment, *, now: datetime, heard_until: date | None = None) -> Feed:
    """Return everything that the monitors of a deployment look at; silence after `heard_until` means nothing."""
    settings = deployment_settings(deployment)
    zone = ZoneInfo(settings.timezone)
    configurations = [
        Setting(
            starts_at=each.starts_at,
            version=each.version,
            mode=each.mode,
            thresholds=tuple(sorted(each.thresholds.items())),
        )
        for each in settings.configurations
    ]
    return Feed(
        deployment=deployment.pk,
        product=settings.product_key,
        site=settings.site_key,
        site_name=deployment.site.name,
        organisation=settings.organisation_key,
        findings=tuple(key for key, finding in settings.findings.items() if finding.kind == "binary"),
        eras=eras_of(configurations),
        runs=tuple(_runs(deployment.pk, zone=zone)),
        cases=tuple(_cases(deployment.pk)),
        claims=tuple(_claims(deployment, organisation=settings.organisation_key)),
        losses=tuple(_losses(deployment.pk, zone=zone)),
        until=min(now.astimezone(zone).date() - timedelta(days=1), heard_until or date.max),
    )


def _claims(deployment: Deployment, *, organisation: str) -> Iterator[ClaimFeed]:
    held = claims_held(product=deployment.product_id, organisation=organisation, deployment=deployment.pk)
    for each in held:
        yield ClaimFeed(
            key=f"{each.watched.claim.pk}-{each.watched.switch.uid[:8]}",
            words=claim_words(each.watched.design.terms),
            design=each.watched.design,
            evidence=each.evidence,
            switched_at=each.watched.switch.at,
        )


def _losses(deployment: str, *, zone: ZoneInfo) -> Iterator[LossRow]:
    for act in losses_of(deployment):
        said_at = act.received_at
        yield LossRow(
            said_at=said_at,
            since=datetime.fromisoformat(act.details["from"]),
            day=said_at.astimezone(zone).date(),
            lost=act.details["lost"],
            refused=act.details["refused"],
            damaged=act.details["damaged"],
        )


def _runs(deployment: str, *, zone: ZoneInfo) -> Iterator[RunRow]:
    rows = (
        Inference.objects.filter(deployment_id=deployment)
        .annotate(known=Coalesce("known_at", "received_at"))
        .order_by("acquired_at", "pk")
        .values_list(
            "study_id", "person_id", "acquired_at", "known", "version", "flags", "purpose", "described", "status"
        )
    )
    for study, person, acquired_at, known, version, flags, purpose, described, status in rows.iterator(
        chunk_size=5_000
    ):
        yield RunRow(
            study=study,
            person=person,
            acquired_at=acquired_at,
            known_at=known,
            day=acquired_at.astimezone(zone).date(),
            version=version,
            flags=tuple(flags),
            is_clinical=purpose == "clinical",
            status=status,
            headers=headers_of(described),
        )


def headers_of(described: dict[str, Any]) -> dict[str, str | float]:
    """Return what an image says of how it was made, flat: numbers as floats, all else as text."""
    said = {f"{part}.{name}": value for part in HEADER_PARTS for name, value in described.get(part, {}).items()}
    said |= {f"study.{name}": described.get("study", {}).get(name) for name in HEADERS_OF_A_STUDY}
    return {
        name: float(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
        for name, value in said.items()
        if value not in (None, "") and name not in NOT_A_HEADER
    }


def _cases(deployment: str) -> Iterator[CaseRow]:
    counted = Case.objects.filter(deployment_id=deployment, rule=DEFAULT_RULE)
    for row in counted.order_by("acquired_at", "pk").values_list(*CASE_COLUMNS).iterator(chunk_size=5_000):
        study, person, acquired_at, day, version, finding, scanner, excluded, score, decision, truth, known_at = row
        yield CaseRow(
            study=study,
            person=person,
            acquired_at=acquired_at,
            day=day,
            version=version,
            finding=finding,
            scanner=scanner or "",
            excluded=excluded,
            score=score,
            decision=decision,
            truth=truth,
            known_at=known_at,
        )
