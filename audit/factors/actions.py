"""Factors are added, used and removed: each once, each an act of the person's organisation's log.

Who may do it, and what a failure leads to, the access package decides; here
a factor is right or it is not.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction

from audit.errors import FactorError
from audit.factors import passkeys, totp
from audit.factors.codes import code_digest, new_codes
from audit.factors.models import Factor, FactorKind, RecoveryCode
from audit.factors.queries import factors_of, held
from audit.factors.sealing import seal, unseal
from audit.log.actions import record_act

MOST_FACTORS = 20
NOT_RIGHT = "The code is not right. Codes change every thirty seconds, and each is good once."


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose factors they are, and in whose log it stands."""

    user_id: int
    username: str
    organisation: str

    def log(self, kind: str, *, by: str, now: datetime, **details: object) -> None:
        subject = f"user/{self.username}"
        record_act(kind, organisation=self.organisation, subject=subject, actor=by, at=now, details=details)

    @property
    def actor(self) -> str:
        return f"user:{self.username}"


def begin_app(holder: Holder, *, now: datetime) -> bytes:
    """Return the secret of the app that is being added: the same one until its first code is right."""
    waiting = Factor.objects.filter(user_id=holder.user_id, kind=FactorKind.APP, confirmed_at=None).first()
    if waiting is not None:
        return unseal(bytes(waiting.material), user_id=holder.user_id)
    secret = secrets.token_bytes(totp.SECRET_BYTES)
    material = seal(secret, user_id=holder.user_id)
    Factor.objects.create(user_id=holder.user_id, kind=FactorKind.APP, name="", material=material, created_at=now)
    return secret


@transaction.atomic
def confirm_app(holder: Holder, *, code: str, name: str, now: datetime) -> Factor:
    """Put the app in force with its first right code.

    Raises:
        FactorError
    """
    refuse_too_many(holder)
    waiting = Factor.objects.select_for_update().filter(user_id=holder.user_id, kind="app", confirmed_at=None).first()
    if waiting is None:
        raise FactorError("Begin again: the app is no longer waiting for its first code.")
    secret = unseal(bytes(waiting.material), user_id=holder.user_id)
    step = totp.matching_step(secret, code=digits(code), now=now, last_step=-1)
    if step is None:
        raise FactorError(NOT_RIGHT)
    waiting.name, waiting.counter, waiting.confirmed_at = name or "Authenticator app", step, now
    waiting.save(update_fields=["name", "counter", "confirmed_at"])
    log_factor("factor_added", holder, factor=waiting, by=holder.actor, now=now)
    return waiting


@transaction.atomic
def add_key(holder: Holder, *, said: str, challenge: str, place: passkeys.Place, name: str, now: datetime) -> Factor:
    """Put a passkey or security key in force.

    Raises:
        FactorError
    """
    refuse_too_many(holder)
    made = passkeys.key_made(said, challenge=challenge, place=place)
    try:
        with transaction.atomic():
            factor = Factor.objects.create(
                user_id=holder.user_id,
                kind=FactorKind.KEY,
                name=name or "Security key",
                material=made.public_key,
                credential=made.credential,
                counter=made.counter,
                transports=made.transports,
                created_at=now,
                confirmed_at=now,
            )
    except IntegrityError as error:
        raise FactorError("This key is in use already.") from error
    log_factor("factor_added", holder, factor=factor, by=holder.actor, now=now)
    return factor


def refuse_too_many(holder: Holder) -> None:
    if factors_of(holder.user_id).count() >= MOST_FACTORS:
        raise FactorError(f"Nobody has more than {MOST_FACTORS} factors; remove one first.")


def log_factor(kind: str, holder: Holder, *, factor: Factor, by: str, now: datetime) -> None:
    holder.log(kind, by=by, now=now, factor=factor.pk, factor_kind=factor.kind, sha256=material_digest(factor))


def material_digest(factor: Factor) -> str:
    """Return what the log knows a factor by: another key put in its place past the log is found out."""
    return sha256(bytes(factor.material)).hexdigest()


@transaction.atomic
def rename(holder: Holder, *, factor_id: int, name: str, now: datetime) -> None:
    if not factors_of(holder.user_id).filter(pk=factor_id).update(name=name):
        raise FactorError("There is no such factor; reload the page.")
    holder.log("factor_renamed", by=holder.actor, now=now, factor=factor_id)


@transaction.atomic
def remove(holder: Holder, *, factor_id: int, now: datetime) -> None:
    """Remove one factor. With the last one go the recovery codes: they stand in for a factor."""
    factor = factors_of(holder.user_id).select_for_update().filter(pk=factor_id).first()
    if factor is None:
        raise FactorError("There is no such factor; reload the page.")
    log_factor("factor_removed", holder, factor=factor, by=holder.actor, now=now)
    factor.delete()
    if not factors_of(holder.user_id).exists():
        RecoveryCode.objects.filter(user_id=holder.user_id).delete()


@transaction.atomic
def reset(holder: Holder, *, reason: str, by: str, now: datetime) -> int:
    """Remove all factors of a person who lost them, by somebody else, who says why. Return how many there were.

    Raises:
        FactorError: there are none, or no reason is given.
    """
    if not reason.strip():
        raise FactorError("Say why: the reason goes into the log.")
    gone = list(Factor.objects.filter(user_id=holder.user_id).in_force().values_list("pk", flat=True))
    if not gone:
        raise FactorError("This person has no second factor.")
    Factor.objects.filter(user_id=holder.user_id).delete()
    RecoveryCode.objects.filter(user_id=holder.user_id).delete()
    holder.log("factors_reset", by=by, now=now, factors=gone, reason=reason.strip())
    return len(gone)


@transaction.atomic
def make_codes(holder: Holder, *, now: datetime) -> list[str]:
    """Return new recovery codes, shown this once; the old ones end."""
    RecoveryCode.objects.filter(user_id=holder.user_id).delete()
    made = new_codes()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user_id=holder.user_id, digest=code_digest(each), made_at=now) for each in made
    )
    holder.log("recovery_codes_made", by=holder.actor, now=now, codes=len(made))
    return made


def use_code(*, user_id: int, typed: str, now: datetime) -> str:
    """Return what a typed code is of, `app` or `recovery_code`; empty when it is of nothing. Each is good once."""
    if len(digits(typed)) == totp.DIGITS and use_app(user_id=user_id, code=digits(typed), now=now):
        return FactorKind.APP.value
    unused = RecoveryCode.objects.filter(user_id=user_id, digest=code_digest(typed), used_at=None)
    return "recovery_code" if unused.update(used_at=now) else ""


def use_app(*, user_id: int, code: str, now: datetime) -> bool:
    for factor in factors_of(user_id).apps():
        secret = unseal(bytes(factor.material), user_id=user_id)
        step = totp.matching_step(secret, code=code, now=now, last_step=factor.counter)
        # The row decides between two requests with one code: its counter grows for the first alone.
        if step is not None and Factor.objects.filter(pk=factor.pk, counter__lt=step).update(
            counter=step, last_used_at=now
        ):
            return True
    return False


def use_key(*, user_id: int, said: str, challenge: str, place: passkeys.Place, now: datetime) -> bool:
    """Return whether one of the person's own keys answered the challenge. A copy of a key (its count) does not."""
    try:
        factor = factors_of(user_id).keys().filter(credential=passkeys.named_credential(said)).first()
        if factor is None:
            return False
        count = passkeys.count_answered(said, challenge=challenge, place=place, key=held(factor))
    except FactorError:
        return False
    rows = Factor.objects.filter(pk=factor.pk)
    fresh = rows.filter(counter__lt=count) if count else rows
    return bool(fresh.update(counter=count, last_used_at=now))


def digits(typed: str) -> str:
    return "".join(each for each in typed if not each.isspace())
