"""A request of erasure as a record that two people sign."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from audit.errors import SigningRefusedError
from audit.signatures.content import Signable, signable
from audit.signatures.models import Signature
from inference.errors import ErasureError
from inference.retention.actions import after_signature
from inference.retention.models import Erasure
from inference.retention.queries import get_erasure_for, subject_of

MEANINGS = ("approval",)


def signable_erasure(user: Any, uid: str) -> Signable:
    """Return a request as this person may sign it; raises 404 for one that is not theirs to see."""
    found = get_erasure_for(user, uid, now=timezone.now())
    return Signable(
        subject=subject_of(found),
        title="Erasure of one person",
        organisation=found.organisation_id,
        content=content_of(found),
        meanings=MEANINGS if found.state == Erasure.State.REQUESTED else (),
        href=reverse("retention:page"),
        then=lambda signature: carry_on(found, signature=signature),
    )


def carry_on(erasure: Erasure, *, signature: Signature) -> None:
    try:
        after_signature(erasure, signature=signature, now=timezone.now())
    except ErasureError as problem:
        raise SigningRefusedError(str(problem)) from problem


def content_of(erasure: Erasure) -> dict[str, Any]:
    return {
        "request": str(erasure.uid),
        "organisation": erasure.organisation_id,
        "study": str(erasure.study_id),
        "persons": list(erasure.persons),
        "basis": erasure.get_basis_display(),
        "reason": erasure.reason,
        "requested_by": erasure.requested_by,
        "requested_at": erasure.requested_at.isoformat(timespec="seconds"),
        "what_happens": "Their salts, links, vault values, stored images, messages and quarantined rows are deleted. "
        "Facts and the log stay; nobody can tell any more whose they are. It is done with the second signature.",
    }


def register() -> None:
    signable("erasure", signable_erasure)
