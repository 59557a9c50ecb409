"""Takes a message in: kept, read, its rows sent through the one way in, all in one transaction.

The same message again is answered as before and changes nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from inference.connectors.hl7_messages import Message, UnreadableMessageError, parse_message
from inference.connectors.hl7_rows import IncompleteMessageError, reports_in, rows_of
from inference.connectors.kinds import KINDS
from inference.connectors.models import InboundMessage
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Receipt, Source
from inference.registry.models import Site
from inference.studies.pseudonyms import Keyring, keyring_of

State = InboundMessage.State
KIND_ORDER = ("events", "corrections", "reads", "truth", "responses")
NO_RULE = "no rule of the site says what the report means"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a message: its state, the reason if it was not simply taken, and its receipts."""

    state: str
    reason: str = ""
    receipts: Sequence[Receipt] = ()
    is_duplicate: bool = False

    @property
    def problems(self) -> list[Receipt]:
        return [each for each in self.receipts if not each.is_in]


@transaction.atomic
def receive_hl7(data: bytes, *, site: Site, origin: str, now: datetime) -> Taken:
    """Take an HL7 message in, whatever it holds."""
    keyring = keyring_of(site.organisation_id)
    digest = hmac.new(keyring.vault_key, data, sha256).hexdigest()
    known = InboundMessage.objects.filter(site=site, digest=digest).first()
    if known is not None:
        return Taken(state=known.state, reason=known.reason, is_duplicate=True)
    try:
        message = parse_message(data)
        taken = take(message, site=site, origin=origin, now=now)
        kind = message.kind
    except (UnreadableMessageError, IncompleteMessageError) as problem:
        taken, kind = Taken(state=State.REFUSED, reason=str(problem)), "HL7"
    keep(data, taken=taken, kind=kind, site=site, origin=origin, digest=digest, keyring=keyring, now=now)
    return taken


def take(message: Message, *, site: Site, origin: str, now: datetime) -> Taken:
    receipts = send(rows_of(message), site=site, origin=origin, now=now)
    waits = bool(reports_in(message))
    return Taken(state=State.WAITING if waits else State.TAKEN, reason=NO_RULE if waits else "", receipts=receipts)


def send(rows: Sequence[tuple[str, dict[str, Any]]], *, site: Site, origin: str, now: datetime) -> list[Receipt]:
    """Send rows of several kinds through the one way in."""
    source = Source(site_key=site.pk, actor=origin, origin=origin, refuses_foreign=False)
    receipts: list[Receipt] = []
    for plural in KIND_ORDER:
        some = [row for kind, row in rows if kind == plural]
        numbered = [RawRow(number=number, value=row) for number, row in enumerate(some, start=1)]
        if numbered:
            receipts += accept(rows=numbered, kind=KINDS[plural], source=source, now=now)
    return receipts


def keep(
    data: bytes, *, taken: Taken, kind: str, site: Site, origin: str, digest: str, keyring: Keyring, now: datetime
) -> InboundMessage:
    return InboundMessage.objects.create(
        site=site,
        origin=origin,
        kind=kind[:48],
        digest=digest,
        key_id=keyring.vault_key_id,
        ciphertext=keyring.seal(data, subject=f"message/{digest}"),
        received_at=now,
        state=taken.state,
        reason=taken.reason[:300],
        rows=len(taken.receipts) - len(taken.problems),
    )


def content_of(message: InboundMessage) -> bytes:
    """Return a message as it came."""
    keyring = keyring_of(message.site.organisation_id)
    return keyring.open(bytes(message.ciphertext), subject=f"message/{message.digest}")
