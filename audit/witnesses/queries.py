"""What witnesses said of a log, and what they are to be asked next."""

from datetime import datetime

from django.db.models import Q, QuerySet

from audit.log.models import Checkpoint, Entry
from audit.witnesses.models import Cosignature, TimeStamp, Witness

# Entries that asking makes. A log that grew by these alone is not shown to a witness again, or it would never rest.
COSIGNED, STAMPED = "witness.cosigned", "checkpoint.stamped"
OWN_KINDS = (COSIGNED, STAMPED, "log.verified")


def witnesses_to_ask(*, now: datetime) -> QuerySet[Witness]:
    due = Q(ask_after=None) | Q(ask_after__lte=now)
    return Witness.objects.filter(due, ended_at=None, way=Witness.Way.ADDRESS).order_by("id")


def last_cosignature(organisation: str, *, key: str) -> Cosignature | None:
    return Cosignature.objects.filter(organisation=organisation, key=key).order_by("-size").first()


def cosignatures_of(checkpoint: Checkpoint) -> list[Cosignature]:
    found = Cosignature.objects.filter(
        organisation=checkpoint.organisation, size=checkpoint.size, root=bytes(checkpoint.root).hex()
    )
    return list(found.order_by("id"))


def newest_cosignatures(organisation: str) -> list[Cosignature]:
    """Return the newest cosignature of each witness of a log."""
    found = Cosignature.objects.filter(organisation=organisation).order_by("key", "-size").distinct("key")
    return sorted(found, key=lambda each: each.witness)


def newest_time_stamp(organisation: str) -> TimeStamp | None:
    return TimeStamp.objects.filter(organisation=organisation).order_by("-size").first()


def note_with_cosignatures(checkpoint: Checkpoint) -> str:
    """Return the checkpoint's note with a line for each witness below the log's own."""
    return checkpoint.note + "".join(each.line for each in cosignatures_of(checkpoint))


def grew_by_itself(organisation: str, *, since: int, size: int) -> bool:
    """Whether a log grew from one size to another by nothing but what asking witnesses made."""
    grown = Entry.objects.filter(organisation=organisation, position__gte=since, position__lt=size)
    return not grown.exclude(kind__in=OWN_KINDS).exists()
