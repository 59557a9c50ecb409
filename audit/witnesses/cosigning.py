"""Being a witness: C2SP tlog-witness `add-checkpoint`, answered with a cosignature or with the reason against it.

What was cosigned last is remembered in a row that is locked while it is compared and committed before the answer
leaves: two requests at once cannot be given two pasts.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction

from audit.log.actions import OPERATOR, record_act
from audit.log.keyfiles import read_or_create_key
from audit.log.stated import verify_fast
from audit.proofs import notes
from audit.proofs.cosignatures import AddCheckpoint, WitnessKey, cosign, parse_request
from audit.proofs.merkle import verify_consistency
from audit.witnesses.models import WitnessedLog

KEY_NAME = "witness"
SIZE_TYPE = "text/x.tlog.size"
PLAIN = "text/plain; charset=utf-8"
LARGEST_REQUEST = 64 * 1024
REFUSED = "witness.refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the protocol answers: a status, and a body of a type."""

    status: int
    body: str = ""
    content_type: str = PLAIN


def private_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(read_or_create_key(KEY_NAME))


def own_key() -> WitnessKey:
    """Return the key that others register to have us as a witness; made on first use."""
    public = private_key().public_key().public_bytes_raw()
    return WitnessKey(name=f"{settings.RADVIGIL_INSTALLATION}/witness", key=public)


def add_checkpoint(body: bytes, *, now: datetime) -> Answer:
    """Answer one request. Nothing is cosigned that does not extend what was cosigned before."""
    try:
        request = parse_request(body)
        checkpoint = notes.parse_checkpoint(notes.parse_note(request.note).text)
    except notes.NoteError as error:
        return Answer(status=400, body=f"{error}\n")
    with transaction.atomic():
        known = WitnessedLog.objects.select_for_update().filter(origin=checkpoint.origin, ended_at=None).first()
        if known is None:
            return Answer(status=404, body="This log is not registered here.\n")
        if not is_its_own(request, known=known):
            return Answer(status=403, body="None of the keys registered for this log signed the checkpoint.\n")
        answer = refusal(request, checkpoint=checkpoint, known=known)
        if answer is not None:
            keep_evidence(request, checkpoint=checkpoint, known=known, answer=answer, now=now)
            return answer
        remember(request, checkpoint=checkpoint, known=known, now=now)
    # The memory is committed: only now may a cosignature exist.
    return Answer(status=200, body=cosigned(request, now=now))


def is_its_own(request: AddCheckpoint, *, known: WitnessedLog) -> bool:
    keys = [notes.parse_public_key(text) for text in known.keys]
    try:
        notes.open_checkpoint(request.note, keys=keys, verify=verify_fast)
    except notes.NoteError:
        return False
    return True


def refusal(request: AddCheckpoint, *, checkpoint: notes.Checkpoint, known: WitnessedLog) -> Answer | None:
    """Return why a signed checkpoint is not cosigned, in the order and with the statuses of tlog-witness."""
    conflict = partial(Answer, status=409, body=f"{known.size}\n", content_type=SIZE_TYPE)
    if request.old_size > checkpoint.size:
        return Answer(status=400, body="The old size is larger than the checkpoint's.\n")
    if request.old_size != known.size:
        return conflict()
    if known.size and checkpoint.size == known.size and checkpoint.root != bytes(known.root):
        return conflict()
    if request.old_size in (0, checkpoint.size):
        return None if not request.proof else Answer(status=422, body="No proof is needed here, and none may be.\n")
    if verify_consistency(known.size, checkpoint.size, bytes(known.root), checkpoint.root, list(request.proof)):
        return None
    return Answer(status=422, body="The checkpoint does not extend the one that was cosigned before.\n")


def keep_evidence(
    request: AddCheckpoint, *, checkpoint: notes.Checkpoint, known: WitnessedLog, answer: Answer, now: datetime
) -> None:
    """Log two signed roots for one size, and a proof that fails: both are signed by the other log itself.

    A stale old size (409 with a larger or equal checkpoint) is how the protocol finds its place, and no evidence.
    """
    forked = checkpoint.size == known.size and checkpoint.root != bytes(known.root)
    if not (forked or checkpoint.size < known.size or answer.status == 422):
        return
    record_act(
        REFUSED,
        organisation=OPERATOR,
        subject=known.origin,
        actor="witness",
        at=now,
        details={
            "status": answer.status,
            "remembered_size": known.size,
            "remembered_root": bytes(known.root).hex(),
            "shown_size": checkpoint.size,
            "shown_root": checkpoint.root.hex(),
            "note_sha256": sha256(request.note).hexdigest(),
            "note": request.note.decode()[:4_000],
        },
    )


def remember(request: AddCheckpoint, *, checkpoint: notes.Checkpoint, known: WitnessedLog, now: datetime) -> None:
    known.size, known.root, known.cosigned_at = checkpoint.size, checkpoint.root, now
    known.note = request.note.decode()
    known.save(update_fields=["size", "root", "note", "cosigned_at"])


def cosigned(request: AddCheckpoint, *, now: datetime) -> str:
    text = notes.parse_note(request.note).text
    return cosign(text, witness=own_key(), seconds=int(now.timestamp()), sign=private_key().sign)
