"""Holds a log to what its witnesses cosigned: the signatures to the keys, the roots to the tree."""

from collections.abc import Iterator

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from audit.log.findings import Problem, Witnessed
from audit.log.models import LogKey
from audit.log.signing import log_origin
from audit.log.stated import verify_fast
from audit.proofs import notes
from audit.proofs.cosignatures import TIME_BYTES, message_of, parse_witness_key
from audit.witnesses.models import Cosignature, TimeStamp
from audit.witnesses.stamping import wrong_with_stamp


def witnessed_by_others(organisation: str, *, using: str = DEFAULT_DB_ALIAS) -> list[Witnessed]:
    """Return every root of a log that a witness cosigned, whether or not the log still has that checkpoint."""
    return [
        Witnessed(checkpoint=seen(each, using=using), source=f"the cosignature of {each.witness}")
        for each in Cosignature.objects.using(using).filter(organisation=organisation).order_by("size", "id")
        if holds(each, using=using)
    ]


def check_cosignatures(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[Problem]:
    """Yield the cosignatures that are not their witness's over the size and root beside them."""
    for each in Cosignature.objects.using(using).order_by("id").iterator():
        if not holds(each, using=using):
            sentence = (
                f"The cosignature of {each.witness} over {each.size} entries of the log of {each.organisation} does "
                "not hold: it, or the root beside it, was changed."
            )
            yield Problem(organisation=each.organisation, sentence=sentence)


def check_time_stamps(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[Problem]:
    """Yield the time stamps that do not hold; without trusted roots nothing can be said of them."""
    if not settings.RADVIGIL_TIME_STAMP_ROOTS:
        return
    for each in TimeStamp.objects.using(using).order_by("id").iterator():
        if wrong := wrong_with_stamp(each):
            yield wrong


def stamped_roots(organisation: str, *, using: str = DEFAULT_DB_ALIAS) -> list[Witnessed]:
    """Return every root of a log that a time stamp server stamped and whose token holds."""
    if not settings.RADVIGIL_TIME_STAMP_ROOTS:
        return []
    found = TimeStamp.objects.using(using).filter(organisation=organisation).order_by("size", "id")
    return [
        Witnessed(
            checkpoint=notes.Checkpoint(origin=log_origin(organisation), size=each.size, root=bytes.fromhex(each.root)),
            source=f"the time stamp of {each.stamped_at.isoformat()}",
        )
        for each in found
        if wrong_with_stamp(each) is None
    ]


def seen(each: Cosignature, *, using: str) -> notes.Checkpoint:
    key = LogKey.objects.using(using).filter(organisation=each.organisation).order_by("id").first()
    origin = key.origin if key else log_origin(each.organisation)
    return notes.Checkpoint(origin=origin, size=each.size, root=bytes.fromhex(each.root))


def holds(each: Cosignature, *, using: str) -> bool:
    try:
        key = parse_witness_key(each.key)
        line = notes.parse_signature(each.line.rstrip("\n"))
        text = seen(each, using=using).text
    except (notes.NoteError, ValueError):
        return False
    seconds = int.from_bytes(line.signature[:TIME_BYTES], "big")
    return (
        (line.name, line.key_id) == (key.name, key.key_id)
        and seconds == int(each.cosigned_at.timestamp())
        and verify_fast(
            public_key=key.key, message=message_of(text, seconds=seconds), signature=line.signature[TIME_BYTES:]
        )
    )
