"""Closing rows without storing them: prepared as one record that lists their digests, done when it is signed."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from audit.access.decisions import NotVisibleError
from audit.access.models import User
from audit.errors import SigningRefusedError
from audit.log.actions import record_act
from audit.signatures.content import Signable, signable
from audit.signatures.models import Signature
from inference.connectors.models import Discard
from inference.connectors.queries import set_aside_within
from inference.intake.models import SetAside

MOST_ROWS = 2_000  # all of them are shown to the signer
MEANINGS = ("responsibility",)
CHANGED = "Somebody has closed some of these rows since. Prepare the discard again."
REASONS = (
    ("sent_by_mistake", "sent by mistake"),
    ("corrected_and_sent_again", "corrected and sent again"),
    ("stored_row_is_right", "the row that is stored is the right one"),
    ("test_data", "test data"),
    ("belongs_elsewhere", "belongs to another system"),
)


def prepare_discard(rows: QuerySet[SetAside], *, reason: str, by: User, now: datetime) -> Discard | None:
    """Return the record to sign, of the oldest waiting rows of one site and kind; None where none waits."""
    waiting = rows.filter(state=SetAside.State.WAITING).select_related(None).order_by("pk")
    found = list(waiting.values_list("pk", "digest", "site_id", "kind")[:MOST_ROWS])
    if not found:
        return None
    return Discard.objects.create(
        uid=uuid4().hex,
        site_id=found[0][2],
        kind=found[0][3],
        reason=reason,
        rows=[pk for pk, *_ in found],
        digests=[digest for _, digest, *_ in found],
        prepared_at=now,
        prepared_by=by.actor,
    )


def signable_discard(user: Any, uid: str) -> Signable:
    """Return a discard as this person may sign it; raises 404 for one that is not theirs to see."""
    found = Discard.objects.select_related("site").filter(uid=uid[:32]).first()
    if found is None or not reaches(user, found):
        raise NotVisibleError
    rows = len(found.rows)
    return Signable(
        subject=f"quarantine-discard/{found.uid}",
        title=f"Discard of {rows} set-aside row{'' if rows == 1 else 's'} of {found.site.name}",
        organisation=found.site.organisation_id,
        content=content_of(found),
        meanings=() if found.carried_out_at else MEANINGS,
        href=reverse("connectors:quarantine"),
        then=lambda signature: carry_out(found, signature=signature, now=timezone.now()),
    )


def reaches(user: Any, discard: Discard) -> bool:
    """Return whether every row is within this person's reach."""
    within = set_aside_within(user, "replay_quarantine", now=timezone.now())
    return within.filter(pk__in=discard.rows).count() == len(discard.rows)


def content_of(discard: Discard) -> dict[str, Any]:
    return {
        "discard": discard.uid,
        "site": discard.site_id,
        "kind": discard.kind,
        "reason": dict(REASONS)[discard.reason],
        "prepared_by": discard.prepared_by,
        "prepared_at": discard.prepared_at.isoformat(timespec="seconds"),
        "rows": len(discard.rows),
        "keyed_digests_of_the_rows": list(discard.digests),
    }


@transaction.atomic
def carry_out(discard: Discard, *, signature: Signature, now: datetime) -> None:
    """Close the rows, all or none, in the transaction of the signature. Their contents stay, encrypted.

    Raises:
        SigningRefusedError: some do not wait any more.
    """
    actor = f"user:{signature.username}"
    waiting = SetAside.objects.filter(pk__in=discard.rows, state=SetAside.State.WAITING)
    closed = waiting.update(state=SetAside.State.DISCARDED, closed_at=now, closed_by=actor)
    done = Discard.objects.filter(pk=discard.pk, carried_out_at=None).update(carried_out_at=now)
    if closed != len(discard.rows) or not done:
        raise SigningRefusedError(CHANGED)
    record_act(
        "rows.discarded",
        organisation=discard.site.organisation_id,
        subject=f"quarantine-discard/{discard.uid}",
        actor=actor,
        at=now,
        details={
            "site": discard.site_id,
            "kind": discard.kind,
            "reason": discard.reason,
            "rows": closed,
            "content_sha256": signature.content_sha256,
        },
    )


def register() -> None:
    signable("quarantine-discard", signable_discard)
