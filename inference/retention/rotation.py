"""Rotation of a provider's keys: a new pair begins, links and ciphertexts follow in batches, then the old pair rests.

Writers share a lock that beginning and finishing take alone, so no transaction
makes links under one set of keys while another works with the next. Each batch
commits by itself and starts from what is left, so a crash costs one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from django.db import connection, transaction
from django.db.models import QuerySet

from audit.log.actions import record_act, record_facts
from audit.log.keyfiles import ensure_key, key_path
from audit.log.models import Act
from inference.errors import RotationError
from inference.intake.models import SetAside
from inference.messages.models import InboundMessage
from inference.studies.identities import rotation_lock
from inference.studies.models import Link, VaultValue
from inference.studies.pseudonyms import Keyring, finished_marker, keyring_of, later_key

BATCH = 2_000
LASTING = (
    "uids, operators and marks in the log are named with the first pseudonym key, and digests of rows and messages "
    "are made with the first vault key: both stay"
)


@dataclass(slots=True, kw_only=True)
class Rekeyed:
    """What a rotation brought forward, and what it could not: rows of keys that are not held, or damaged ones."""

    links: int = 0
    values: int = 0
    left: dict[str, int] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return not any(self.left.values())


@transaction.atomic
def begin_rotation(organisation: str, *, actor: str, now: datetime) -> Keyring:
    """Make a new pair of keys; from here on new links and ciphertexts are made with it, and both are read.

    Raises:
        RotationError: one has begun and is not finished.
    """
    take_lock(organisation)
    before = keyring_of(organisation)
    number = len(before.pseudonym_keys) + 1
    if before.is_rotating:
        raise RotationError("A rotation has begun and is not finished: finish it first.")
    ensure_key(key_path(later_key(f"vault-{organisation}", number)))
    ensure_key(key_path(later_key(f"pseudonym-{organisation}", number)))
    after = keyring_of(organisation)
    note_begin(after, organisation=organisation, actor=actor, now=now)
    return after


def take_lock(organisation: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [rotation_lock(organisation)])


def note_begin(keyring: Keyring, *, organisation: str, actor: str, now: datetime) -> None:
    """Log the beginning, once for each pair of keys, also where a crash came between the files and the entry."""
    details = {"pseudonym_key": keyring.key_id, "vault_key": keyring.vault_key_id}
    act = Act(organisation=organisation, subject="keys", details=details, received_at=now)
    record_facts(
        [(act, f"rotation-{keyring.key_id}")],
        scope=f"organisation/{organisation}",
        kind="keys.rotation_begun",
        actor=actor,
    )


def finish_rotation(organisation: str, *, actor: str, now: datetime, batch: int = BATCH) -> Rekeyed:
    """Bring every link and ciphertext to the newest keys; once nothing is left, stop reading the old ones.

    Raises:
        RotationError: none has begun.
    """
    keyring = keyring_of(organisation)
    if not keyring.is_rotating:
        raise RotationError("No rotation has begun.")
    note_begin(keyring, organisation=organisation, actor=actor, now=now)
    done = Rekeyed()
    rekey_links(organisation, keyring=keyring, done=done, batch=batch)
    for name, rows, subject_of in sealed_tables(organisation):
        reseal(rows, name=name, subject_of=subject_of, keyring=keyring, done=done, batch=batch)
    close(organisation, keyring=keyring, done=done, actor=actor, now=now)
    return done


def rekey_links(organisation: str, *, keyring: Keyring, done: Rekeyed, batch: int) -> None:
    old = Link.objects.filter(organisation=organisation).exclude(key_id=keyring.key_id)
    held = old.filter(key_id__in=keyring.key_ids)
    done.left["links"] = old.exclude(key_id__in=keyring.key_ids).count()
    while some := bring_links_forward(held, keyring=keyring, batch=batch):
        done.links += some


@transaction.atomic
def bring_links_forward(held: QuerySet[Link], *, keyring: Keyring, batch: int) -> int:
    links = list(held.select_for_update(skip_locked=True).order_by("id")[:batch])
    for link in links:
        link.pseudonym = keyring.brought_forward(link.pseudonym, made_with=link.key_id)
        link.key_id = keyring.key_id
    Link.objects.bulk_update(links, ["pseudonym", "key_id"])
    return len(links)


Sealed = tuple[str, QuerySet[Any], Callable[[Any], str]]


def sealed_tables(organisation: str) -> Iterator[Sealed]:
    """Yield the tables of ciphertexts: name, the organisation's rows, and what each is sealed to."""
    of_site = {"site__organisation": organisation}
    yield "vault", VaultValue.objects.filter(organisation=organisation), lambda row: f"{row.name}/{row.subject}"
    yield "quarantine", SetAside.objects.filter(**of_site), lambda row: f"set-aside/{row.digest}"
    yield "messages", InboundMessage.objects.filter(**of_site), lambda row: f"message/{row.digest}"


def reseal(
    rows: QuerySet[Any], *, name: str, subject_of: Callable[[Any], str], keyring: Keyring, done: Rekeyed, batch: int
) -> None:
    old = rows.exclude(key_id=keyring.vault_key_id).exclude(ciphertext=b"")
    after, done.left[name] = 0, 0
    while True:
        with transaction.atomic():
            some = list(old.filter(pk__gt=after).select_for_update(of=("self",)).order_by("pk")[:batch])
            opened = [row for row in some if brought_under(row, subject=subject_of(row), keyring=keyring)]
            rows.model.objects.bulk_update(opened, ["ciphertext", "key_id"])
        if not some:
            return
        after = some[-1].pk
        done.values += len(opened)
        done.left[name] += len(some) - len(opened)


def brought_under(row: Any, *, subject: str, keyring: Keyring) -> bool:
    """Seal a row under the newest key; return whether any key opened it."""
    try:
        plain = keyring.open(bytes(row.ciphertext), subject=subject)
    except InvalidTag:
        return False
    row.ciphertext, row.key_id = keyring.seal(plain, subject=subject), keyring.vault_key_id
    return True


@transaction.atomic
def close(organisation: str, *, keyring: Keyring, done: Rekeyed, actor: str, now: datetime) -> None:
    """Stop looking up under the old keys, unless links that came meanwhile need them; the log says what is left."""
    take_lock(organisation)
    waiting = Link.objects.filter(organisation=organisation, key_id__in=keyring.key_ids[:-1]).count()
    done.left["links"] += waiting
    details = {
        "pseudonym_key": keyring.key_id,
        "vault_key": keyring.vault_key_id,
        "links": done.links,
        "ciphertexts": done.values,
        "left": {name: count for name, count in done.left.items() if count},
        "lasting": LASTING,
    }
    kind = "keys.rotation_continued" if waiting else "keys.rotation_finished"
    record_act(kind, organisation=organisation, subject="keys", actor=actor, at=now, details=details)
    if not waiting:
        write_marker(organisation, finished=len(keyring.pseudonym_keys) - 1)


def write_marker(organisation: str, *, finished: int) -> None:
    path = key_path(finished_marker(organisation))
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(str(finished))
    draft.chmod(0o600)
    draft.replace(path)
