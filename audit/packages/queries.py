"""What the database knows of a log's keys, witnesses and time stamps, as a package tells it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from audit.log.keyhistory import COMPROMISED, ROTATED, rotations_of
from audit.log.models import Act, Checkpoint, LogKey
from audit.log.rebuilding import Rebuilder
from audit.log.stored import placed_entries
from audit.packages.errors import NothingSignedError
from audit.packages.history import History
from audit.proofs.notes import PublicKey
from audit.witnesses.models import Cosignature
from audit.witnesses.queries import newest_cosignatures, newest_time_stamp, note_with_cosignatures


def history_of(organisation: str, *, until: int) -> History:
    """Return what is to be told of a log at a size.

    Raises:
        NothingSignedError: the log has no key.
    """
    rows = LogKey.objects.filter(organisation=organisation).order_by("id")
    keys = [PublicKey(name=row.origin, key=bytes(row.public_key)) for row in rows]
    if not keys:
        raise NothingSignedError(organisation)
    seen = [each for each in newest_cosignatures(organisation) if each.size <= until]
    return History(
        keys=keys,
        notes=notes_between(keys, organisation=organisation),
        witnesses=sorted({each.key for each in seen}),
        cosigned=cosigned_notes(seen, organisation=organisation),
        stamped=stamped_note(organisation, until=until),
        positions=positions_of_keys(organisation, until=until),
    )


def notes_between(keys: Sequence[PublicKey], *, organisation: str) -> list[str]:
    """Return the note that introduced each key after the first."""
    by_new = {each.new: each.note for each in rotations_of(organisation, using=LogKey.objects.db)}
    return [by_new.get(key.key, "") for key in keys[1:]]


def cosigned_notes(seen: Sequence[Cosignature], *, organisation: str) -> dict[int, str]:
    checkpoints = Checkpoint.objects.filter(organisation=organisation, size__in={each.size for each in seen})
    return {each.size: note_with_cosignatures(each) for each in checkpoints.order_by("size")}


def stamped_note(organisation: str, *, until: int) -> dict[int, tuple[str, bytes]]:
    stamp = newest_time_stamp(organisation)
    if stamp is None or stamp.size > until:
        return {}
    checkpoint = Checkpoint.objects.get(organisation=organisation, size=stamp.size)
    return {stamp.size: (checkpoint.note, bytes(stamp.token))}


def positions_of_keys(organisation: str, *, until: int) -> list[int]:
    acts = Act.objects.filter(entry__organisation=organisation, entry__kind__in=(ROTATED, COMPROMISED))
    placed = acts.filter(entry__position__lt=until).order_by("entry__position")
    return [position for position in placed.values_list("entry__position", flat=True) if position is not None]


def payloads_at(organisation: str, positions: Sequence[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield what the facts of these entries say, for those whose payload did not fit into their entry."""
    rebuilder = Rebuilder(using=DEFAULT_DB_ALIAS)
    for position in positions:
        entries = placed_entries(organisation, first=position, last=position + 1, using=DEFAULT_DB_ALIAS)
        for fact in rebuilder.facts_of(entries).values():
            yield position, fact.payload
