"""Takes a message in: kept, read, its rows sent through the one way in, all in one transaction.

The same message again is answered as before and changes nothing. A report that
no rule understands, or that contradicts itself, waits for a person.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from audit.proofs.canonical import CanonicalError, canonical_json
from inference.connectors.kinds import KINDS
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Receipt, Source
from inference.messages.fhir_reports import report_in, resources_in
from inference.messages.hl7_messages import UnreadableMessageError, parse_message
from inference.messages.hl7_rows import (
    IncompleteMessageError,
    Report,
    reports_in,
    rows_of,
    start_of,
    status_rows,
    with_uids,
)
from inference.messages.labelling import PRELIMINARY, WITHDRAWN, Draft, drafts_of, report_key
from inference.messages.models import InboundMessage, MadeLabel
from inference.messages.report_rules import Labeller, Reading
from inference.messages.rules import rules_in_force
from inference.registry.models import Site
from inference.studies.pseudonyms import Keyring, keyring_of

State = InboundMessage.State
KIND_ORDER = ("events", "corrections", "reads", "truth", "responses")
FHIR = "FHIR "
NO_RULE = "no rule of the site says what the report means"


@dataclass(slots=True, kw_only=True)
class Taken:
    """What became of a message: its state, the reason if it was not simply taken, and its receipts."""

    state: str
    reason: str = ""
    receipts: list[Receipt] = field(default_factory=list)
    is_duplicate: bool = False

    @property
    def problems(self) -> list[Receipt]:
        return [each for each in self.receipts if not each.is_in]

    def wait(self, reason: str) -> None:
        self.state, self.reason = State.WAITING, self.reason or reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A message as it was understood: its kind, the rows it makes by itself, its reports, and how its uids begin."""

    kind: str
    rows: Sequence[tuple[str, dict[str, Any]]]
    reports: Sequence[Report]
    start: str


Read = Callable[[bytes], Content]


def read_hl7(data: bytes) -> Content:
    message = parse_message(data)
    return Content(kind=message.kind, rows=rows_of(message), reports=reports_in(message), start=start_of(message))


def read_fhir(data: bytes) -> Content:
    """Return one resource as it was kept."""
    (resource,) = resources_in(data)
    report, start = report_in(resource), f"fhir/{sha256(data).hexdigest()[:32]}"
    rows = with_uids(status_rows([report]), start=start)
    return Content(kind=f"{FHIR}{resource['resourceType']}", rows=rows, reports=[report], start=start)


def receive_hl7(data: bytes, *, site: Site, origin: str, now: datetime) -> Taken:
    """Take an HL7 message in, whatever it holds."""
    return receive(data, read=read_hl7, site=site, origin=origin, now=now)


def receive_fhir(data: bytes, *, site: Site, origin: str, now: datetime) -> list[tuple[str, Taken]]:
    """Take the reports and observations of a FHIR resource or bundle in, each as a message of its own.

    Raises:
        UnreadableMessageError: it is no FHIR that is read here; nothing was stored.
    """
    resources = resources_in(data)
    try:
        written = [canonical_json(each) for each in resources]
    except CanonicalError as error:
        raise UnreadableMessageError(f"the body cannot be kept as it is: {error}") from error
    return [
        (str(each["resourceType"]), receive(text, read=read_fhir, site=site, origin=origin, now=now))
        for each, text in zip(resources, written, strict=True)
    ]


@transaction.atomic
def receive(data: bytes, *, read: Read, site: Site, origin: str, now: datetime) -> Taken:
    keyring = keyring_of(site.organisation_id)
    digest = hmac.new(keyring.vault_key, data, sha256).hexdigest()
    known = InboundMessage.objects.filter(site=site, digest=digest).first()
    if known is not None:
        return Taken(state=known.state, reason=known.reason, is_duplicate=True)
    try:
        content = read(data)
        taken = Taken(state=State.TAKEN, receipts=send(content.rows, site=site, origin=origin, now=now))
        kept = keep(data, kind=content.kind, site=site, origin=origin, digest=digest, keyring=keyring, now=now)
        interpret(content, kept=kept, taken=taken, labeller=rules_in_force(site), now=now)
    except (UnreadableMessageError, IncompleteMessageError) as problem:
        taken = Taken(state=State.REFUSED, reason=str(problem))
        kept = keep(data, kind=UNREAD[read], site=site, origin=origin, digest=digest, keyring=keyring, now=now)
    note(kept, taken=taken)
    return taken


UNREAD: dict[Read, str] = {read_hl7: "HL7", read_fhir: "FHIR"}


def understood(kept: InboundMessage) -> Content:
    """Return a stored message again as it was understood."""
    return (read_fhir if kept.kind.startswith("FHIR") else read_hl7)(content_of(kept))


def interpret(content: Content, *, kept: InboundMessage, taken: Taken, labeller: Labeller, now: datetime) -> None:
    """Send what a labeller says of the reports in a message; what it leaves open makes the message wait."""
    for number, report in enumerate(content.reports, start=1):
        reading = labeller.read(report)
        if reading.ambiguous:
            taken.wait(f"the report both affirms and denies {', '.join(reading.ambiguous)}")
        elif not reading.labels and report.status not in {*PRELIMINARY, WITHDRAWN}:
            taken.wait(NO_RULE)
        label(
            report, reading, start=f"{content.start}/{number}", kept=kept, taken=taken, now=now, labeller=labeller.name
        )


def label(
    report: Report,
    reading: Reading,
    *,
    start: str,
    kept: InboundMessage,
    taken: Taken,
    now: datetime,
    labeller: str = "",
) -> None:
    """Send what a labeller says of one report; what it said of an earlier version of it is amended."""
    secret = keyring_of(kept.site.organisation_id).pseudonym_key
    key = report_key(report, secret=secret, labeller=labeller)
    earlier = MadeLabel.objects.select_for_update().filter(site=kept.site, report=key)
    known = {(each.kind, each.finding, each.region): each for each in earlier}
    drafts = list(drafts_of(report, reading, known=known, start=start))
    rows = [(draft.plural, dict(draft.row)) for draft in drafts]
    receipts = send(rows, site=kept.site, origin=kept.origin, now=now)
    taken.receipts += receipts
    stored = {each.uid for each in receipts if each.is_in}
    for draft in drafts:
        if draft.uid in stored:
            remember(draft, key=key, kept=kept)


def remember(draft: Draft, *, key: str, kept: InboundMessage) -> None:
    MadeLabel.objects.update_or_create(
        site=kept.site,
        report=key,
        kind=draft.kind,
        finding=draft.finding,
        region=draft.region,
        defaults={"uid": draft.uid, "value": draft.value, "message": kept},
    )


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
    data: bytes, *, kind: str, site: Site, origin: str, digest: str, keyring: Keyring, now: datetime
) -> InboundMessage:
    return InboundMessage.objects.create(
        site=site,
        origin=origin,
        kind=kind[:48],
        digest=digest,
        key_id=keyring.vault_key_id,
        ciphertext=keyring.seal(data, subject=f"message/{digest}"),
        received_at=now,
        state=State.TAKEN,
    )


def note(kept: InboundMessage, *, taken: Taken) -> None:
    kept.state, kept.reason = taken.state, taken.reason[:300]
    kept.rows += len(taken.receipts) - len(taken.problems)
    kept.save(update_fields=["state", "reason", "rows"])


def content_of(message: InboundMessage) -> bytes:
    """Return a message as it came; nothing, once it has expired or its person was erased."""
    if not message.ciphertext:
        return b""
    keyring = keyring_of(message.site.organisation_id)
    return keyring.open(bytes(message.ciphertext), subject=f"message/{message.digest}")
