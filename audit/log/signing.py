"""The keys that sign checkpoints: one Ed25519 key per log, rotated with an overlap in which both sign."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from audit.errors import KeyStoreError
from audit.log.actions import record_act
from audit.log.keyhistory import COMPROMISED, ROTATED, compromised_keys, rotations_of
from audit.log.keystores import open_key
from audit.log.models import Act, LogKey, Tree, plain
from audit.proofs.notes import PublicKey
from audit.proofs.rotations import introduce


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs for one log under its origin."""

    origin: str
    public_key: bytes
    sign: Callable[[bytes], bytes]

    @property
    def key(self) -> PublicKey:
        return PublicKey(name=self.origin, key=self.public_key)


def using() -> str:
    """Return the connection of the log's own role."""
    return str(settings.SEQUENCER_DATABASE)


def log_origin(organisation: str) -> str:
    """Return the origin line of an organisation's log: installation, then organisation."""
    return f"{settings.RADVIGIL_INSTALLATION}/log/{organisation}"


def key_name(organisation: str, *, number: int) -> str:
    """Return under which name a log's first, second … key lies in its store."""
    return f"log-{organisation}" if number == 1 else f"log-{organisation}.{number}"


def recorded_keys(organisation: str) -> list[LogKey]:
    return list(LogKey.objects.using(using()).filter(organisation=organisation).order_by("id"))


def signer_for(organisation: str, *, now: datetime) -> Signer:
    """Return the newest signer of a log; its first key is made and recorded on first use.

    Raises:
        MissingKeyError: the log has a recorded key that is gone.
    """
    recorded = recorded_keys(organisation)
    if recorded:
        return opened(recorded[-1], number=len(recorded))
    key = open_key(key_name(organisation, number=1), may_create=True)
    signer = Signer(origin=log_origin(organisation), public_key=key.public_key, sign=key.sign)
    record_key(signer, organisation=organisation, now=now)
    return signer


def opened(row: LogKey, *, number: int) -> Signer:
    """Return the signer of a recorded key.

    Raises:
        KeyStoreError: under its name lies another key than the one that was recorded.
    """
    name = key_name(row.organisation, number=number)
    key = open_key(name, may_create=False)
    if key.public_key != bytes(row.public_key):
        raise KeyStoreError(f"The key {name} is not the one that the log recorded; restore the one that was.")
    return Signer(origin=row.origin, public_key=key.public_key, sign=key.sign)


def signers_for(organisation: str, *, now: datetime) -> list[Signer]:
    """Return who signs a checkpoint now: the newest key, and the one before while both are to sign."""
    newest = signer_for(organisation, now=now)
    recorded = recorded_keys(organisation)
    if len(recorded) < 2:
        return [newest]
    last = rotations_of(organisation, using=using())[-1:]
    is_over = not last or now >= last[0].overlap_until
    if is_over or bytes(recorded[-2].public_key) in compromised_keys(organisation, using=using()):
        return [newest]
    return [newest, opened(recorded[-2], number=len(recorded) - 1)]


def record_key(signer: Signer, *, organisation: str, now: datetime) -> bool:
    """Record a new key where the log's own role writes, with its act."""
    _, created = LogKey.objects.using(using()).get_or_create(
        public_key=signer.public_key,
        defaults={"organisation": organisation, "origin": signer.origin, "created_at": now},
    )
    if created:
        details = {"public_key": signer.public_key.hex()}
        act(organisation, kind="key.created", subject=signer.origin, details=details, by="system", now=now)
    return created


def act(organisation: str, *, kind: str, subject: str, details: Mapping[str, Any], by: str, now: datetime) -> Act:
    return record_act(
        kind, organisation=organisation, subject=subject, actor=by, at=now, details=details, using=using()
    )


def rotate_key(organisation: str, *, overlap: timedelta, by: str, now: datetime) -> PublicKey:
    """Let a log be signed by a new key, which the old one introduces; until `overlap` is over both sign.

    Raises:
        KeyStoreError: the log has no key yet, or the store gave an old key for the new one.
    """
    with transaction.atomic(using=using()):
        trees = Tree.objects.using(using()).select_for_update()
        tree = trees.filter(organisation=organisation).first()
        recorded = recorded_keys(organisation)
        if tree is None or not recorded:
            raise KeyStoreError(f"The log of {organisation} has no key yet; it is made with the first entry.")
        old = opened(recorded[-1], number=len(recorded))
        made = open_key(key_name(organisation, number=len(recorded) + 1), may_create=True)
        new = Signer(origin=old.origin, public_key=made.public_key, sign=made.sign)
        if not record_key(new, organisation=organisation, now=now):
            raise KeyStoreError("The store gave a key that was recorded before; a rotation needs a new one.")
        details = {
            "old": old.public_key.hex(),
            "new": new.public_key.hex(),
            "note": introduce(new.key, old=old.key, size=tree.size, sign=old.sign),
            "overlap_until": plain(now + overlap),
        }
        act(organisation, kind=ROTATED, subject=new.origin, details=details, by=by, now=now)
    return new.key


def mark_compromised(organisation: str, *, fingerprint: str, since: datetime, by: str, now: datetime) -> None:
    """Say that whoever else has a key could sign with it from a moment on: verifiers stop to believe it from there.

    Raises:
        KeyStoreError: it is no key of this log, or it is the newest: rotate first, so that the log can be signed.
    """
    keys = [PublicKey(name=row.origin, key=bytes(row.public_key)) for row in recorded_keys(organisation)]
    found = next((each for each in keys if each.fingerprint == fingerprint), None)
    if found is None:
        raise KeyStoreError(f"The log of {organisation} has no key {fingerprint}.")
    if found == keys[-1]:
        raise KeyStoreError("This key signs the log; rotate it first, with no overlap, then mark it.")
    details = {"public_key": found.key.hex(), "fingerprint": fingerprint, "since": plain(since)}
    act(organisation, kind=COMPROMISED, subject=found.name, details=details, by=by, now=now)
