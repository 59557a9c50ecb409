"""What a person does with a row that was set aside: open it, repair and replay it. Each is an act.

Whole groups are in repairs.py, and discards, which are signed, in discards.py.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.access.models import User
from audit.log.actions import record_act
from inference.connectors.kinds import KINDS, PLURALS
from inference.connectors.ndjson import parse
from inference.errors import SetAsideStateError
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Receipt, Source
from inference.intake.models import SetAside
from inference.studies.pseudonyms import keyring_of


def open_row(row: SetAside, *, by: User, now: datetime) -> str:
    """Return a row's content; that it was opened is logged first."""
    record(row, act="row.opened", by=by, now=now)
    return content_of(row)


def content_of(row: SetAside) -> str:
    """Return what came; nothing where it has expired or was erased."""
    if not row.ciphertext:
        return ""
    """Return what was set aside; nothing, once it has expired or its person was erased."""
    if not row.ciphertext:
        return ""
    keyring = keyring_of(row.site.organisation_id)
    return keyring.open(bytes(row.ciphertext), subject=f"set-aside/{row.digest}").decode("utf-8", "replace")


def replay_row(row: SetAside, *, text: str, by: User, now: datetime) -> Receipt:
    """Send a repaired row through the one way in. Where it does not go in, nothing changes.

    Raises:
        SetAsideStateError: somebody closed it meanwhile.
        MalformedJSONError: the text is not JSON.
    """
    value = parse(text.encode("utf-8", "surrogatepass"))
    with transaction.atomic():
        close(row, state=SetAside.State.REPLAYED, by=by, now=now)
        raw = RawRow(number=row.row, value=value)
        (receipt,) = accept(
            rows=[raw], kind=KINDS[PLURALS[row.kind]], source=source_of(row, value=value, by=by), now=now
        )
        if receipt.is_in:
            record(row, act="row.replayed", by=by, now=now, status=receipt.status)
        else:
            transaction.set_rollback(True)
    return receipt


def source_of(row: SetAside, *, value: Any, by: User) -> Source:
    """Return whom a replay sends for: the row's site, and its deployment where the row itself names none."""
    names_deployment = isinstance(value, dict) and bool(value.get("deployment"))
    return Source(
        site_key=row.site_id,
        deployment_key="" if names_deployment else row.deployment_id or "",
        actor=by.actor,
        origin="replay",
        refuses_foreign=False,
    )


def close(row: SetAside, *, state: str, by: User, now: datetime) -> None:
    waiting = SetAside.objects.filter(pk=row.pk, state=SetAside.State.WAITING)
    if not waiting.update(state=state, closed_at=now, closed_by=by.actor):
        raise SetAsideStateError(row.pk)


def record(row: SetAside, *, act: str, by: User, now: datetime, **details: str) -> None:
    record_act(
        act,
        organisation=row.site.organisation_id,
        subject=f"set-aside/{row.pk}",
        actor=by.actor,
        at=now,
        details={"site": row.site_id, "kind": row.kind, "digest": row.digest, **details},
    )
