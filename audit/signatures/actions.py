"""Signing: the ceremony's rules, in one place. A refused one leaves an act, and misuse a notice at once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.mail import mail_admins
from django.db import IntegrityError, connection, transaction

from audit.errors import SealedKeyError, SigningRefusedError
from audit.log.actions import record_act, record_fact
from audit.proofs.statements import Statement
from audit.signatures.content import PARTS, Signable
from audit.signatures.models import Attempt, SealedKey, Signature, SigningKey
from audit.signatures.queries import MOST_FAILURES, is_locked, key_of, last_key, recent_failures, valid_signatures
from audit.signatures.sealing import seal, unseal

logger = logging.getLogger(__name__)

LOCK = 0x5349_474E  # one signature on a record at a time: "SIGN"
CHANGED = "The record has changed since it was shown to you. Read it again, then sign."
NOT_YOU = "A signature is given by the person who is logged in, and by nobody else."
NOT_RIGHT = "The password is not right."
LOCKED = "Signing is locked after too many failures; an administrator has been told. Try again later."


class Signer(Protocol):
    """A person who can sign, as the access package knows them."""

    username: str
    printed_name: str

    def check_password(self, raw_password: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """What the person gave in the ceremony: the name (asked at the first signing of a session) and the password."""

    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What they mean to sign: the version they were shown, and as what."""

    shown_sha256: str
    meaning: str
    part: str = ""


def sign(
    record: Signable, *, intent: Intent, signer: Signer, given: Components, now: datetime, zone: str = "UTC"
) -> Signature:
    """Sign one version of a record.

    Raises:
        SigningRefusedError: it changed, the order or meaning is not theirs to give, or the components are not right.
    """
    check_components(signer, given=given, organisation=record.organisation, subject=record.subject, now=now)
    if intent.shown_sha256 != record.digest:
        raise SigningRefusedError(CHANGED)
    if intent.meaning not in record.meanings:
        raise SigningRefusedError("This meaning is not yours to give this record.")
    try:
        with transaction.atomic():
            one_at_a_time(record.subject)
            check_order(record, part=intent.part, username=signer.username)
            private, key = key_for(signer, password=given.password, organisation=record.organisation, now=now)
            signed = store(record, intent=intent, signer=signer, private=private, key=key, now=now, zone=zone)
            if record.then:
                record.then(signed)
            return signed
    except IntegrityError as error:
        raise SigningRefusedError("You have signed this version with this meaning already.") from error


def one_at_a_time(subject: str) -> None:
    """Let two people sign one record one after the other, so that each finds who signed before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, subject])


def check_components(signer: Signer, *, given: Components, organisation: str, subject: str, now: datetime) -> None:
    """Let nobody sign but the person themselves; count and report what fails."""
    if is_locked(signer.username, now=now):
        raise SigningRefusedError(LOCKED)
    if given.username != signer.username:
        note_misuse(signer, why="name_of_another", organisation=organisation, subject=subject, now=now)
        raise SigningRefusedError(NOT_YOU)
    if not signer.check_password(given.password):
        note_misuse(signer, why="wrong_password", organisation=organisation, subject=subject, now=now)
        raise SigningRefusedError(NOT_RIGHT)


def note_misuse(signer: Signer, *, why: str, organisation: str, subject: str, now: datetime) -> None:
    """Log a failed ceremony; tell the administrators at once of another's name and of a lock (21 CFR 11.300(d))."""
    Attempt.objects.create(username=signer.username, at=now)
    is_now_locked = recent_failures(signer.username, now=now) >= MOST_FAILURES
    details = {"why": why, "locked": is_now_locked}
    actor = f"user:{signer.username}"
    record_act("signing.failed", organisation=organisation, subject=subject, actor=actor, at=now, details=details)
    if is_now_locked or why == "name_of_another":
        logger.critical("signing may be misused: user=%s why=%s locked=%s", signer.username, why, is_now_locked)
        text = f"{signer.username} failed to sign ({why.replace('_', ' ')}); locked: {is_now_locked}. See the log."
        mail_admins("Signing may be misused", text, fail_silently=True)


def check_order(record: Signable, *, part: str, username: str) -> None:
    """Hold author, reviewer and approver to their order, and to being three people."""
    if part not in (PARTS if record.in_order else ("",)):
        raise SigningRefusedError("This record is signed by " + ("its author first." if record.in_order else "anyone."))
    if not record.in_order:
        return
    signed = {each.part: each.username for each in valid_signatures(record)}
    waiting = next((each for each in PARTS if each not in signed), "")
    if part != waiting:
        raise SigningRefusedError(f"The {waiting} signs next." if waiting else "Everybody has signed this version.")
    if username in signed.values():
        raise SigningRefusedError("Author, reviewer and approver are three people; you have signed already.")


def key_for(signer: Signer, *, password: str, organisation: str, now: datetime) -> tuple[Ed25519PrivateKey, SigningKey]:
    """Return the person's key; made at their first signature, and anew where a reset password left it unreadable."""
    held = key_of(signer.username)
    if held is not None:
        try:
            found = unseal(bytes(held.sealed), password=password, username=signer.username)
            if is_pair(found, held.key, username=signer.username):
                return found, held.key
            logger.critical("the sealed key of %s stands beside the public key of another", signer.username)
        except SealedKeyError:
            pass
        held.delete()
    private, before = Ed25519PrivateKey.generate(), last_key(signer.username)
    public = private.public_key().public_bytes_raw()
    key = SigningKey(
        organisation=organisation,
        username=signer.username,
        printed_name=signer.printed_name,
        public_key=public,
        replaces=fingerprint(bytes(before.public_key)) if before else "",
    )
    record_fact(
        key,
        scope=f"organisation/{organisation}",
        kind="signing_key",
        uid=fingerprint(public),
        actor=f"user:{signer.username}",
        at=now,
    )
    sealed = seal(private, password=password, username=signer.username)
    SealedKey.objects.create(username=signer.username, key=key, sealed=sealed)
    return private, key


def is_pair(private: Ed25519PrivateKey, key: SigningKey, *, username: str) -> bool:
    return key.username == username and private.public_key().public_bytes_raw() == bytes(key.public_key)


def store(
    record: Signable,
    *,
    intent: Intent,
    signer: Signer,
    private: Ed25519PrivateKey,
    key: SigningKey,
    now: datetime,
    zone: str,
) -> Signature:
    statement = Statement(
        subject=record.subject,
        content_sha256=record.digest,
        meaning=intent.meaning,
        part=intent.part,
        username=signer.username,
        printed_name=signer.printed_name,
        signed_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        local_time=f"{now.astimezone(ZoneInfo(zone)).isoformat(timespec='seconds')} {zone}",
        key=fingerprint(bytes(key.public_key)),
    )
    signature = private.sign(statement.message)
    columns = {name: getattr(statement, name) for name in Signature.PAYLOAD if name != "signature"}
    signed = Signature(organisation=record.organisation, content=dict(record.content), signature=signature, **columns)
    uid = sha256(statement.message).hexdigest()
    return record_fact(
        signed,
        scope=f"organisation/{record.organisation}",
        kind="signature",
        uid=uid,
        actor=f"user:{signer.username}",
        at=now,
    )


def reseal(*, username: str, old: str, new: str) -> None:
    """Seal a person's key under their new password; a key that the old one does not open ends with its next use."""
    held = key_of(username)
    if held is None:
        return
    try:
        private = unseal(bytes(held.sealed), password=old, username=username)
    except SealedKeyError:
        return
    sealed = seal(private, password=new, username=username)
    SealedKey.objects.filter(pk=held.pk).update(sealed=sealed)


def fingerprint(public_key: bytes) -> str:
    return sha256(public_key).hexdigest()
