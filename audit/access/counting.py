"""Failures, counted by the minute: the log is told of the first few each, and of the rest as one number.

So nobody floods the log, and nobody fails unseen. What a stranger typed is
never kept; a name is counted under its keyed hash, for a day.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils.crypto import salted_hmac

from audit.access.models import Failure
from audit.log.actions import record_act

TOLD_EACH = 5  # a minute, of one subject
KEPT = timedelta(days=1)


@transaction.atomic
def note_failure(
    kind: str, *, organisation: str, subject: str, actor: str, now: datetime, details: Mapping[str, Any] | None = None
) -> None:
    """Count a failure, and tell the log of it where it is one of the minute's first."""
    row = counted(kind, organisation=organisation, subject=subject, now=now)
    if row.count <= TOLD_EACH:
        Failure.objects.filter(pk=row.pk).update(told=F("told") + 1)
        record_act(kind, organisation=organisation, subject=subject, actor=actor, at=now, details=details)


@transaction.atomic
def counted(kind: str, *, organisation: str, subject: str, now: datetime) -> Failure:
    minute = now.replace(second=0, microsecond=0)
    row, _ = Failure.objects.get_or_create(organisation=organisation, subject=subject, kind=kind, minute=minute)
    Failure.objects.filter(pk=row.pk).update(count=F("count") + 1)
    row.refresh_from_db()
    return row


def failures_since(since: datetime, *, kind: str, subject: str) -> int:
    found = Failure.objects.filter(kind=kind, subject=subject, minute__gte=since)
    return found.aggregate(all=Sum("count"))["all"] or 0


@transaction.atomic
def tell_the_rest(*, now: datetime) -> int:
    """Log how many failures the minutes that are over held beyond those told each, and forget old minutes."""
    this_minute = now.replace(second=0, microsecond=0)
    waiting = Failure.objects.select_for_update(skip_locked=True).exclude(subject__startswith=KEYED)
    rows = list(waiting.filter(minute__lt=this_minute, count__gt=F("told")).order_by("id"))
    for row in rows:
        record_act(
            row.kind,
            organisation=row.organisation,
            subject=row.subject,
            actor="system",
            at=now,
            details={"failures": row.count - row.told, "minute": row.minute.isoformat()},
        )
        Failure.objects.filter(pk=row.pk).update(told=row.count)
    Failure.objects.filter(minute__lt=now - KEPT).delete()
    return len(rows)


KEYED = "keyed/"


def keyed(text: str) -> str:
    """Return what a typed name is counted under: nobody can read the name from it without the installation's key."""
    return KEYED + salted_hmac("radvigil typed names", text, algorithm="sha256").hexdigest()[:32]
