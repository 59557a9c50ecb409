"""Who signed what, and what is still missing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import QuerySet

from audit.signatures.content import PARTS, Signable
from audit.signatures.models import Attempt, SealedKey, Signature, SigningKey

MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=30)


def signatures_of(subject: str) -> QuerySet[Signature]:
    """Return the signatures on a record, whatever version, oldest first."""
    return Signature.objects.filter(subject=subject).order_by("id")


def valid_signatures(record: Signable) -> list[Signature]:
    """Return the signatures on exactly this version."""
    return [each for each in signatures_of(record.subject) if each.content_sha256 == record.digest]


def next_part(record: Signable) -> str:
    """Return which of author, reviewer and approver comes next; empty when there is no order, or it is complete."""
    signed = {each.part for each in valid_signatures(record)}
    return next((part for part in PARTS if part not in signed), "") if record.in_order else ""


def is_complete(record: Signable) -> bool:
    """Return whether everybody who has to has signed this version."""
    signed = valid_signatures(record)
    return bool(signed) and (not record.in_order or {each.part for each in signed} >= set(PARTS))


def key_of(username: str) -> SealedKey | None:
    return SealedKey.objects.select_related("key").filter(username=username).first()


def last_key(username: str) -> SigningKey | None:
    return SigningKey.objects.filter(username=username).order_by("-id").first()


def recent_failures(username: str, *, now: datetime) -> int:
    return Attempt.objects.filter(username=username, at__gt=now - LOCKED_FOR).count()


def is_locked(username: str, *, now: datetime) -> bool:
    return recent_failures(username, now=now) >= MOST_FAILURES


def public_keys(fingerprints: Sequence[str]) -> dict[str, bytes]:
    """Return the recorded public keys by fingerprint."""
    keys = (bytes(each) for each in SigningKey.objects.values_list("public_key", flat=True))
    return {name: key for key in keys if (name := sha256(key).hexdigest()) in set(fingerprints)}
