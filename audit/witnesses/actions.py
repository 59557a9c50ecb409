"""Registers witnesses and the logs we witness, and keeps what a witness wrote after holding it to its key."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from django.db import transaction

from audit.errors import WitnessError
from audit.log.actions import OPERATOR, record_act, record_fact
from audit.log.models import Checkpoint
from audit.log.stated import verify_fast
from audit.proofs import notes
from audit.proofs.cosignatures import cosignatures_on, parse_witness_key
from audit.witnesses.models import Cosignature, Witness, WitnessedLog
from audit.witnesses.queries import COSIGNED


@transaction.atomic
def register_witness(*, key: str, way: str, place: str, by: str, now: datetime) -> Witness:
    """Register who shall cosign our checkpoints.

    Raises:
        WitnessError: the key is none of a witness, or the way needs a place.
    """
    try:
        name = parse_witness_key(key).name
    except notes.NoteError as error:
        raise WitnessError(str(error)) from error
    if way == Witness.Way.ADDRESS and not place.startswith(("http://", "https://")):
        raise WitnessError("The address of a witness begins with http:// or https://.")
    if way == Witness.Way.FOLDER and not place:
        raise WitnessError("A witness by files needs a folder.")
    changed = {"key": key.strip(), "way": way, "place": place, "ended_at": None, "failures": 0, "ask_after": None}
    witness, _ = Witness.objects.update_or_create(name=name, defaults=changed)
    details = {"key": witness.key, "way": way, "place": place}
    record_act("witness.registered", organisation=OPERATOR, subject=name, actor=by, at=now, details=details)
    return witness


@transaction.atomic
def register_log(*, keys: Sequence[str], by: str, now: datetime) -> WitnessedLog:
    """Register a log that we cosign, with the keys that may sign it; all have its origin as their name.

    Raises:
        WitnessError: a key is none, or the keys are of two logs.
    """
    try:
        names = {notes.parse_public_key(key).name for key in keys}
    except notes.NoteError as error:
        raise WitnessError(str(error)) from error
    if len(names) != 1:
        raise WitnessError("All keys of a log have its origin as their name.")
    origin = names.pop()
    known, _ = WitnessedLog.objects.update_or_create(origin=origin, defaults={"keys": list(keys), "ended_at": None})
    details = {"keys": list(keys)}
    record_act("witness.log_registered", organisation=OPERATOR, subject=origin, actor=by, at=now, details=details)
    return known


def keep_cosignatures(checkpoint: Checkpoint, *, witness: Witness, lines: str, now: datetime) -> Cosignature:
    """Keep what a witness wrote under a checkpoint.

    Raises:
        WitnessError: it is not the witness's cosignature of this checkpoint.
    """
    key = parse_witness_key(witness.key)
    try:
        note = notes.parse_note((checkpoint.note + lines).encode())
        found = cosignatures_on(note, witnesses=[key], verify=verify_fast)
    except notes.NoteError as error:
        raise WitnessError(f"{witness.name} answered with no cosignature: {error}.") from error
    if not found:
        raise WitnessError(f"{witness.name} answered without its own cosignature.")
    own = next(each for each in lines.splitlines(keepends=True) if is_of(each, key_id=key.key_id, name=key.name))
    kept = Cosignature(
        organisation=checkpoint.organisation,
        witness=witness.name,
        key=witness.key,
        size=checkpoint.size,
        root=bytes(checkpoint.root).hex(),
        line=own,
        cosigned_at=datetime.fromtimestamp(found[0].seconds, tz=UTC),
    )
    uid = sha256(f"{witness.key} {checkpoint.size}".encode()).hexdigest()
    scope = f"organisation/{checkpoint.organisation}"
    return record_fact(kept, scope=scope, kind=COSIGNED, uid=uid, actor=f"witness {witness.name}"[:200], at=now)


def is_of(line: str, *, key_id: bytes, name: str) -> bool:
    parsed = notes.parse_signature(line.rstrip("\n"))
    return (parsed.name, parsed.key_id) == (name, key_id)
