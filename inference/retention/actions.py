"""Asking for an erasure, holding one back, and doing it once two people have signed. Each is an act."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from audit.access.models import User
from audit.log.actions import record_act
from audit.signatures.models import Signature
from audit.signatures.queries import signatures_of
from inference.corrections.persons import merged_with, person_of
from inference.errors import ErasureError
from inference.intake.models import SetAside
from inference.messages.models import InboundMessage, MadeLabel, ModelAnswer
from inference.retention.models import Erasure, Hold
from inference.retention.naming import Names, names_of
from inference.retention.queries import SIGNERS, holds_on, studies_of, subject_of
from inference.studies.models import Link, Person, StoredImage, Study, VaultValue
from inference.studies.pixel_files import remove_file
from inference.studies.pseudonyms import Keyring, keyring_of

HELD = "A legal hold keeps this patient's data: {reason}. Lift it first."
DONE = "The person was erased already, or the request was withdrawn."


@transaction.atomic
def request_erasure(*, study: Study, basis: str, reason: str, by: User, now: datetime) -> Erasure:
    """Ask for the erasure of a study's patient, under every name merged with theirs.

    Raises:
        ErasureError: a legal hold keeps them.
    """
    persons = sorted(str(each) for each in merged_with(person_of(study)))
    refuse_held(persons)
    organisation = study.site.organisation_id
    erasure = Erasure.objects.create(
        organisation_id=organisation,
        study_id=study.pk,
        persons=persons,
        basis=basis,
        reason=reason,
        requested_at=now,
        requested_by=by.actor,
    )
    record(erasure, act="erasure.requested", actor=by.actor, now=now, basis=basis, persons=persons)
    return erasure


def refuse_held(persons: Collection[str]) -> None:
    hold = holds_on(persons).first()
    if hold is not None:
        raise ErasureError(HELD.format(reason=hold.reason))


@transaction.atomic
def withdraw_erasure(erasure: Erasure, *, by: User, now: datetime) -> None:
    """Take a request back that was not carried out.

    Raises:
        ErasureError: it is closed.
    """
    settle(erasure, state=Erasure.State.WITHDRAWN, actor=by.actor, now=now)
    record(erasure, act="erasure.withdrawn", actor=by.actor, now=now)


@transaction.atomic
def set_hold(*, study: Study, reason: str, by: User, now: datetime) -> Hold:
    """Keep everything of a study's patient until the hold is lifted."""
    organisation = study.site.organisation_id
    hold = Hold.objects.create(
        organisation_id=organisation,
        person_id=person_of(study),
        study_id=study.pk,
        reason=reason,
        set_at=now,
        set_by=by.actor,
    )
    note_hold(hold, act="hold.set", by=by, now=now)
    return hold


@transaction.atomic
def lift_hold(hold: Hold, *, by: User, now: datetime) -> None:
    """End a hold.

    Raises:
        ErasureError: it was lifted already.
    """
    if not Hold.objects.filter(pk=hold.pk, lifted_at=None).update(lifted_at=now, lifted_by=by.actor):
        raise ErasureError("The hold was lifted already.")
    note_hold(hold, act="hold.lifted", by=by, now=now)


def note_hold(hold: Hold, *, act: str, by: User, now: datetime) -> None:
    record_act(
        act,
        organisation=hold.organisation_id,
        subject=f"hold/{hold.pk}",
        actor=by.actor,
        at=now,
        details={"person": str(hold.person_id), "study": str(hold.study_id), "reason": hold.reason},
    )


@transaction.atomic
def after_signature(erasure: Erasure, *, signature: Signature, now: datetime) -> None:
    """Carry the request out once two different people have signed this version of it; a hold refuses the signature.

    Raises:
        ErasureError: a legal hold keeps the person, or the request is closed.
    """
    if erasure.state != Erasure.State.REQUESTED:
        raise ErasureError(DONE)
    refuse_held(erasure.persons)
    signed = signatures_of(subject_of(erasure)).filter(content_sha256=signature.content_sha256)
    people = set(signed.values_list("username", flat=True)) | {signature.username}
    if len(people) >= SIGNERS:
        erase(erasure, signers=sorted(people), actor=f"user:{signature.username}", now=now)


@transaction.atomic
def erase(erasure: Erasure, *, signers: Sequence[str], actor: str, now: datetime) -> None:
    """Delete whatever leads back to the persons. Facts, entries and proofs stay as they are."""
    settle(erasure, state=Erasure.State.EXECUTED, actor=actor, now=now)
    organisation, persons = erasure.organisation_id, [str(each) for each in erasure.persons]
    studies = [str(each) for each in studies_of([UUID(each) for each in persons])]
    keyring = keyring_of(organisation)
    names = names_of(organisation, persons=persons, studies=studies, keyring=keyring)
    counts = {
        "quarantined_rows": empty_rows(organisation, names=names, keyring=keyring, now=now),
        "messages": empty_messages(organisation, names=names, keyring=keyring, now=now),
        "images": drop_images(studies),
        "links": Link.objects.filter(Q(person_id__in=persons) | Q(target__in=studies)).delete()[0],
        "vault_values": VaultValue.objects.filter(Q(person_id__in=persons) | Q(subject__in=studies)).delete()[0],
        "salts": Person.objects.filter(pk__in=persons).delete()[0],
    }
    Erasure.objects.filter(pk=erasure.pk).update(counts=counts)
    record(erasure, act="identity.erased", actor=actor, now=now, persons=persons, signers=list(signers), counts=counts)


def empty_rows(organisation: str, *, names: Names, keyring: Keyring, now: datetime) -> int:
    """Empty the quarantined rows that name them: that a row was set aside stays, what it said goes."""
    rows = SetAside.objects.filter(site__organisation=organisation).exclude(ciphertext=b"")
    found = [row.pk for row in rows.iterator() if is_named(row, f"set-aside/{row.digest}", names, keyring)]
    for pk in found:
        SetAside.objects.filter(pk=pk).update(ciphertext=b"", key_id="", digest=f"erased-{uuid4().hex}")
    waiting = SetAside.objects.filter(pk__in=found, state=SetAside.State.WAITING)
    waiting.update(state=SetAside.State.DISCARDED, closed_at=now, closed_by="erasure")
    return len(found)


def empty_messages(organisation: str, *, names: Names, keyring: Keyring, now: datetime) -> int:
    rows = InboundMessage.objects.filter(site__organisation=organisation).exclude(ciphertext=b"")
    found = [row.pk for row in rows.iterator() if is_named(row, f"message/{row.digest}", names, keyring)]
    MadeLabel.objects.filter(message__in=found).delete()
    ModelAnswer.objects.filter(message__in=found).update(ciphertext=b"")
    for pk in found:
        InboundMessage.objects.filter(pk=pk).update(ciphertext=b"", key_id="", digest=f"erased-{uuid4().hex}")
    waiting = InboundMessage.objects.filter(pk__in=found, state=InboundMessage.State.WAITING)
    waiting.update(state=InboundMessage.State.DISMISSED, closed_at=now, closed_by="erasure")
    return len(found)


def is_named(row: Any, subject: str, names: Names, keyring: Keyring) -> bool:
    try:
        plain = keyring.open(bytes(row.ciphertext), subject=subject)
    except InvalidTag:
        return False
    return names.are_in(plain.decode("utf-8", "replace"))


def drop_images(studies: Sequence[str]) -> int:
    """Remove the stored files of the studies, then their rows: after a crash in between it is done again."""
    images = StoredImage.objects.filter(study_id__in=studies)
    for path in images.values_list("path", flat=True):
        remove_file(Path(settings.RADVIGIL_PIXELS), path)
    return images.delete()[0]


def settle(erasure: Erasure, *, state: str, actor: str, now: datetime) -> None:
    waiting = Erasure.objects.filter(pk=erasure.pk, state=Erasure.State.REQUESTED)
    if not waiting.update(state=state, closed_at=now, closed_by=actor[:200]):
        raise ErasureError(DONE)


def record(erasure: Erasure, *, act: str, actor: str, now: datetime, **details: Any) -> None:
    record_act(
        act,
        organisation=erasure.organisation_id,
        subject=subject_of(erasure),
        actor=actor,
        at=now,
        details={"study": str(erasure.study_id), **details},
    )
