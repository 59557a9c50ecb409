"""Opening a case, an image or a vault value: who did it stands in the log."""

from datetime import UTC, datetime
from hashlib import sha256

from django.db import transaction

from audit.access.emergencies import note_seen
from audit.access.models import User
from audit.log.actions import record_act, record_facts
from audit.log.models import Act
from inference.studies.models import Study, VaultValue
from inference.studies.pseudonyms import keyring_of


def note_opening(*, study: Study, what: str, by: User, now: datetime, thing: str = "") -> bool:
    """Log that somebody opened a study's `case` or `image`: once per person, study and hour.

    In an emergency each thing is noted besides: the study, or the one that is named.
    """
    organisation = study.site.organisation_id
    subject = thing or f"study/{study.pk}"
    note_seen(by, f"see_{what}", organisation=organisation, site=study.site_id, subject=subject, now=now)
    hour = now.astimezone(UTC).strftime("%Y-%m-%dT%H")
    act = Act(organisation=organisation, subject=f"study/{study.pk}", details={"hour": hour}, received_at=now)
    uid = sha256(f"{what}/{by.actor}/{study.pk}/{hour}".encode()).hexdigest()
    scope = f"organisation/{organisation}"
    return bool(record_facts([(act, uid)], scope=scope, kind=f"{what}.opened", actor=by.actor))


@transaction.atomic
def open_identifier(*, study: Study, value: VaultValue, reason: str, by: User, now: datetime) -> str:
    """Return one identifier in the clear. The act with its reason is in the log before anybody reads it."""
    record_act(
        "identifier.opened",
        organisation=study.site.organisation_id,
        subject=f"study/{study.pk}",
        actor=by.actor,
        at=now,
        details={"identifier": value.name, "reason": reason},
    )
    keyring = keyring_of(value.organisation)
    return keyring.open(bytes(value.ciphertext), subject=f"{value.name}/{value.subject}").decode()
