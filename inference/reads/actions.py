"""A reader's opinion on a case: a read and the answer to the AI, as an outside system would have sent them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.access.models import User
from inference.errors import InferenceError
from inference.intake.actions import accept
from inference.intake.kinds import Kind, RawRow, Receipt, Source
from inference.intake.records import uid_pseudonym
from inference.reads.case import Target
from inference.reads.kind import READ, RESPONSE
from inference.studies.models import Study
from inference.studies.pseudonyms import keyring_of

ORIGIN = "page:case"


class ReadRefusedError(InferenceError):
    """Intake did not take a read that a page had checked; the message gives its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the reader decided on one target. Exactly one of the three is given."""

    target: Target
    decision: str = ""
    category: str = ""
    measurement: float | None = None

    @property
    def agrees(self) -> bool:
        said = self.target
        if self.measurement is not None:
            return self.measurement == said.measurement
        if self.category:
            return self.category == said.category
        return self.decision == said.decision

    @property
    def response(self) -> str:
        """The answer to the AI, in the contract's words."""
        if self.agrees:
            return "agree"
        if self.measurement is not None:
            return "measurement_differs"
        if self.category:
            return "grade_differs"
        if self.decision in ("positive", "negative") and self.target.decision in ("positive", "negative"):
            return f"reject_ai_{self.target.decision}"
        return "undecided"


def reader_key(user: User) -> str:
    """Return the site's own key for a person who reads here."""
    return user.username


@transaction.atomic
def record_opinions(
    *, study: Study, opinions: Sequence[Opinion], stage: str, reason: str, by: User, now: datetime
) -> Sequence[Receipt]:
    """Store a read and an answer for each opinion; an earlier one of this reader is amended, not replaced.

    Raises:
        ReadRefusedError: intake refuses one of them; nothing is stored.
    """
    source = Source(site_key=study.site_id, actor=by.actor, origin=ORIGIN, by_log_names=True)
    reader = reader_key(by)
    reads = [read_row(each, study=study, stage=stage, reader=reader, now=now) for each in opinions]
    receipts = sent(reads, kind=READ, source=source, now=now)
    named = [read_name(receipt, study=study) for receipt in receipts]
    answers = [
        response_row(each, study=study, read_uid=name, reason=reason, reader=reader, now=now)
        for each, name in zip(opinions, named, strict=True)
    ]
    return [*receipts, *sent(answers, kind=RESPONSE, source=source, now=now)]


def read_row(opinion: Opinion, *, study: Study, stage: str, reader: str, now: datetime) -> dict[str, Any]:
    target = opinion.target
    row = {
        "study_uid": str(study.pk),
        "finding": target.concept,
        "region": target.region,
        "reader": reader,
        "stage": target.own.stage if target.own else stage,
        "ai_exposure": "concurrent",
        "decision": opinion.decision,
        "category": opinion.category,
        "measurement": opinion.measurement,
        "unit": target.unit if opinion.measurement is not None else "",
        "amends": target.own.entry.uid if target.own else "",
        "read_at": now.isoformat(),
    }
    return {name: value for name, value in row.items() if value not in ("", None)}


def response_row(
    opinion: Opinion, *, study: Study, read_uid: str, reason: str, reader: str, now: datetime
) -> dict[str, Any]:
    target = opinion.target
    row = {
        "study_uid": str(study.pk),
        "deployment": target.run.deployment_id,
        "inference_uid": target.run.entry.uid,
        "read_uid": read_uid,
        "finding": target.finding,
        "region": target.region,
        "reader": reader,
        "response": opinion.response,
        "reason": "" if opinion.agrees else reason,
        "amends": target.own_response.entry.uid if target.own_response else "",
        "at": now.isoformat(),
    }
    return {name: value for name, value in row.items() if value not in ("", None)}


def sent(rows: Sequence[dict[str, Any]], *, kind: Kind, source: Source, now: datetime) -> list[Receipt]:
    raw = [RawRow(number=number, value=row) for number, row in enumerate(rows, start=1)]
    receipts = accept(rows=raw, kind=kind, source=source, now=now)
    for receipt in receipts:
        if not receipt.is_in:
            raise ReadRefusedError(f"The {kind.name} was not stored: {receipt.reason}")
    return receipts


def read_name(receipt: Receipt, *, study: Study) -> str:
    """Return how the log names a read that was just stored."""
    keyring = keyring_of(study.site.organisation_id)
    return uid_pseudonym(str(receipt.uid), kind="read", scope=f"site/{study.site_id}", keyring=keyring)
