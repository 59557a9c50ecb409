"""Switches claims on and off. Each switch is a row that stays and an entry of the log; a design never changes."""

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from django.db import connection, transaction

from audit.log.actions import record_act
from inference.registry.models import Claim, Deployment
from monitoring.claims.designs import (
    ALARM_YEARS,
    AS_THEY_COME,
    DRAWN,
    LARGEST_WEIGHT,
    PERIOD_DAYS,
    Design,
    not_ready,
    terms_of,
)
from monitoring.claims.models import ClaimSwitch
from monitoring.claims.queries import patients_per_day
from monitoring.errors import ClaimSwitchError

LOCK = 0x434C_4149  # one switch at a time: "CLAI"


@transaction.atomic
def switch_on(
    *,
    claim: Claim,
    organisation: str,
    by: str,
    reason: str,
    now: datetime,
    period_days: int = PERIOD_DAYS,
    alarm_years: int = ALARM_YEARS,
    from_launch: bool = False,
    labels: str = AS_THEY_COME,
    ceiling: float = LARGEST_WEIGHT,
) -> ClaimSwitch:
    """Hold a product to a claim in an organisation, from now on or from its launch there.

    Raises:
        ClaimSwitchError: something is missing, or it is on already.
    """
    if missing := not_ready(claim):
        raise ClaimSwitchError(f"This claim cannot be switched on. It lacks {'; '.join(missing)}.")
    _refuse_repeating(claim, organisation=organisation, is_on=True)
    design = Design(
        terms=terms_of(claim),
        period_days=period_days,
        alarm_years=alarm_years,
        counts_from=None if from_launch else now,
        labels=labels,
        ceiling=ceiling if labels == DRAWN else 1.0,
        patients_per_day=patients_per_day(claim, deployments=deployments_of(claim, organisation=organisation), now=now),
    )
    return _switch(claim, organisation=organisation, is_on=True, by=by, reason=reason, now=now, design=design.as_json())


@transaction.atomic
def switch_off(*, claim: Claim, organisation: str, by: str, reason: str, now: datetime) -> ClaimSwitch:
    """Stop holding a product to a claim; its evidence so far can be counted again under the same design.

    Raises:
        ClaimSwitchError: it is not on.
    """
    _refuse_repeating(claim, organisation=organisation, is_on=False)
    return _switch(claim, organisation=organisation, is_on=False, by=by, reason=reason, now=now, design={})


def deployments_of(claim: Claim, *, organisation: str) -> Collection[str]:
    found = Deployment.objects.filter(product_id=claim.product_id, site__organisation_id=organisation)
    return list(found.order_by("key").values_list("key", flat=True))


def _refuse_repeating(claim: Claim, *, organisation: str, is_on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    latest = ClaimSwitch.objects.filter(claim=claim, organisation=organisation).order_by("-pk").first()
    if (latest is not None and latest.is_on) == is_on:
        raise ClaimSwitchError(f"This claim is {'on' if is_on else 'off'} already; reload the page to see since when.")


def _switch(
    claim: Claim, *, organisation: str, is_on: bool, by: str, reason: str, now: datetime, design: dict[str, object]
) -> ClaimSwitch:
    made = ClaimSwitch.objects.create(
        uid=uuid4().hex,
        claim=claim,
        organisation=organisation,
        product_id=claim.product_id,
        is_on=is_on,
        at=now,
        by=by,
        reason=reason,
        design=design,
    )
    record_act(
        "claim.switched_on" if is_on else "claim.switched_off",
        organisation=organisation,
        subject=f"claim/{claim.product_id}/{claim.pk}",
        actor=by,
        at=now,
        details={"switch": made.uid, "reason": reason, "design": design, "source": claim.source},
    )
    return made
