"""What somebody takes along from a page is an act in the log."""

from collections.abc import Mapping
from datetime import datetime

from audit.access.actions import home_of
from audit.access.models import User
from audit.log.actions import record_act


def record_export(*, by: User, filters: Mapping[str, str], rows: int, now: datetime) -> None:
    """Log that somebody downloaded cases: which, and how many."""
    record_act(
        "cases_exported",
        organisation=home_of(by),
        subject="cases",
        actor=by.actor,
        at=now,
        details={"filters": dict(filters), "rows": rows},
    )
