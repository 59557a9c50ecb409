"""What the log itself says of its keys: which introduced which, until when both sign, and which are compromised."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.log.findings import Problem
from audit.log.models import Act, LogKey
from audit.proofs import notes
from audit.proofs.rotations import introduced

ROTATED, COMPROMISED = "key.rotated", "key.compromised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """One key's introduction by the one before, and until when both sign."""

    old: bytes
    new: bytes
    note: str
    overlap_until: datetime


def rotations_of(organisation: str, *, using: str) -> list[Rotation]:
    return [
        Rotation(
            old=bytes.fromhex(act.details["old"]),
            new=bytes.fromhex(act.details["new"]),
            note=act.details["note"],
            overlap_until=datetime.fromisoformat(act.details["overlap_until"]),
        )
        for act in acts_on_keys(organisation, kind=ROTATED, using=using)
    ]


def compromised_keys(organisation: str, *, using: str) -> dict[bytes, datetime]:
    """Return the keys that are not to be believed, each with the moment from which."""
    found: dict[bytes, datetime] = {}
    for act in acts_on_keys(organisation, kind=COMPROMISED, using=using):
        key, since = bytes.fromhex(act.details["public_key"]), datetime.fromisoformat(act.details["since"])
        found[key] = min(since, found.get(key, since))
    return found


def acts_on_keys(organisation: str, *, kind: str, using: str) -> Iterator[Act]:
    scope = f"organisation/{organisation}"
    yield from Act.objects.using(using).filter(entry__scope=scope, entry__kind=kind).order_by("id")


def believed(
    keys: Sequence[notes.PublicKey], *, at: datetime, compromised: dict[bytes, datetime]
) -> list[notes.PublicKey]:
    """Return the keys whose signature counts at a moment."""
    return [each for each in keys if each.key not in compromised or at < compromised[each.key]]


def check_keys(organisation: str, *, using: str) -> Iterator[Problem]:
    """Yield the keys after the first that no earlier key introduced."""
    recorded = list(LogKey.objects.using(using).filter(organisation=organisation).order_by("id"))
    by_new = {each.new: each for each in rotations_of(organisation, using=using)}
    earlier: list[notes.PublicKey] = []
    for row in recorded:
        key = notes.PublicKey(name=row.origin, key=bytes(row.public_key))
        rotation = by_new.get(key.key)
        if earlier and not (rotation and is_introduced(key, rotation=rotation, by=earlier)):
            sentence = (
                f"The key {key.fingerprint} of the log of {organisation} was put in: no earlier key introduces it."
            )
            yield Problem(organisation=organisation, sentence=sentence)
        earlier.append(key)


def is_introduced(key: notes.PublicKey, *, rotation: Rotation, by: Sequence[notes.PublicKey]) -> bool:
    try:
        return introduced(rotation.note.encode(), keys=by) == key
    except notes.NoteError:
        return False
