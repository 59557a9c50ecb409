"""Quarantined rows and messages are kept for so many days: then what they said goes, and that they came stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet

from audit.log.actions import record_act
from inference.intake.models import SetAside
from inference.messages.models import InboundMessage, ModelAnswer
from inference.registry.models import Site

BATCH = 2_000
ACTOR = "system:expiry"


def expire(*, days: int, now: datetime, batch: int = BATCH) -> int:
    """Delete the ciphertexts of rows and messages older than `days`; return how many. Each batch commits by itself."""
    before, total = now - timedelta(days=days), 0
    while some := expire_rows(before=before, batch=batch, now=now) + expire_messages(
        before=before, batch=batch, now=now
    ):
        total += some
    return total


@transaction.atomic
def expire_rows(*, before: datetime, batch: int, now: datetime) -> int:
    old = SetAside.objects.filter(received_at__lt=before).exclude(ciphertext=b"")
    found = list(old.select_for_update(skip_locked=True).order_by("id").values_list("pk", flat=True)[:batch])
    rows = SetAside.objects.filter(pk__in=found)
    rows.filter(state=SetAside.State.WAITING).update(state=SetAside.State.DISCARDED, closed_at=now, closed_by=ACTOR)
    rows.update(ciphertext=b"", key_id="")
    note(rows, kind="rows.expired", before=before, now=now)
    return len(found)


@transaction.atomic
def expire_messages(*, before: datetime, batch: int, now: datetime) -> int:
    old = InboundMessage.objects.filter(received_at__lt=before).exclude(ciphertext=b"")
    found = list(old.select_for_update(skip_locked=True).order_by("id").values_list("pk", flat=True)[:batch])
    rows = InboundMessage.objects.filter(pk__in=found)
    rows.filter(state=InboundMessage.State.WAITING).update(
        state=InboundMessage.State.DISMISSED, closed_at=now, closed_by=ACTOR
    )
    rows.update(ciphertext=b"", key_id="")
    ModelAnswer.objects.filter(message__in=found).update(ciphertext=b"")
    note(rows, kind="messages.expired", before=before, now=now)
    return len(found)


def note(rows: QuerySet[Any], *, kind: str, before: datetime, now: datetime) -> None:
    """Log how many of each site went, in its provider's log."""
    counts = rows.order_by().values("site").annotate(count=Count("id"))
    organisations = dict(Site.objects.values_list("key", "organisation_id"))
    for line in counts:
        record_act(
            kind,
            organisation=organisations[line["site"]],
            subject=f"site/{line['site']}",
            actor=ACTOR,
            at=now,
            details={"count": line["count"], "older_than": before.isoformat()},
        )
