"""What an event is made of when it comes in."""

from collections.abc import Mapping
from typing import Any

from inference.errors import RowError
from inference.events.models import OF_ORDERS, Event
from inference.intake.checking import names_study
from inference.intake.completing import take, take_moment
from inference.intake.context import Context
from inference.intake.fields import Field, choice, moment, text, uid
from inference.intake.kinds import Kind, Row
from inference.intake.shared_fields import AMENDS, DEPLOYMENT, INFERENCE_UID, KNOWN_AT, REASON, STUDY_NAMES
from inference.results.models import Inference


def check_event(row: Row, context: Context) -> None:
    """Refuse an event of nothing."""
    if "inference_uid" not in row.clean and not names_study(row.clean):
        raise RowError(field="inference_uid", reason="is missing, and no study is named either")


def complete_event(row: Row, context: Context) -> None:
    row.columns["deployment_id"] = row.deployment_key or None
    take(row, "inference_uid", "kind", "to", "reason", "amends")
    take_moment(row, "at", context=context)


def happens_to_order(row: Mapping[str, Any]) -> bool:
    """Return whether an event happens to all studies of an order that it names alone."""
    return row.get("kind") in OF_ORDERS


EVENT = Kind(
    name="event",
    uid_field="event_uid",
    fields=(
        Field("event_uid", uid),
        Field("kind", choice(Event.Kind.values), required=True),
        Field("at", moment, required=True),
        DEPLOYMENT,
        INFERENCE_UID,
        *STUDY_NAMES,
        Field("to", text),
        REASON,
        AMENDS,
        KNOWN_AT,
    ),
    identity=("kind", "at", "to"),
    table=Event,
    may_mean_order=happens_to_order,
    needs_study=False,
    inference_table=Inference,
    check=check_event,
    complete=complete_event,
)
