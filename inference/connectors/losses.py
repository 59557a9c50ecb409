"""What a device's recorder says it lost: a report becomes an act of the log, once, whatever is sent again.

Rows that are lost cannot be counted by anybody else, so the sender's word stands in the log with its period.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.log.actions import record_facts
from audit.log.models import Act
from inference.errors import RowError
from inference.registry.models import Deployment

KIND = "recorder.losses"
COUNTS = ("lost", "refused", "damaged")
MOST = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class LossReport:
    """Rows lost in a period. `uid` is the sender's own for this report."""

    uid: str
    counts: Mapping[str, int]
    begins_at: datetime
    ends_at: datetime


def read_losses(said: Any) -> LossReport:
    """Return a report.

    Raises:
        RowError: a field is missing or cannot be understood.
    """
    if not isinstance(said, Mapping):
        raise RowError(field="body", reason="is no object")
    uid = said.get("report_uid")
    if not isinstance(uid, str) or not 0 < len(uid) <= 128 or not uid.isascii() or not uid.isprintable():
        raise RowError(field="report_uid", reason="is not an id of up to 128 plain letters")
    counts = {name: count_of(said, name) for name in COUNTS}
    if not any(counts.values()):
        raise RowError(field="lost", reason="nothing was lost")
    begins_at, ends_at = moment_of(said, "from"), moment_of(said, "to")
    if ends_at < begins_at:
        raise RowError(field="to", reason="is before `from`")
    return LossReport(uid=uid, counts=counts, begins_at=begins_at, ends_at=ends_at)


def count_of(said: Mapping[str, Any], name: str) -> int:
    value = said.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise RowError(field=name, reason="is not a count")
    return value


def moment_of(said: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(said.get(name)))
    except ValueError:
        raise RowError(field=name, reason="is not a moment") from None
    if moment.tzinfo is None:
        raise RowError(field=name, reason="has no offset")
    return moment


def record_losses(report: LossReport, *, deployment: Deployment, actor: str, now: datetime) -> bool:
    """Log what was lost; return False where this report was logged before."""
    organisation = deployment.site.organisation_id
    details = {**report.counts, "from": report.begins_at.isoformat(), "to": report.ends_at.isoformat()}
    subject = f"deployment/{deployment.pk}"
    act = Act(organisation=organisation, subject=subject, details=details, received_at=now)
    return record_facts([(act, report.uid)], scope=subject, kind=KIND, actor=actor) == 1


def losses_of(deployment: str) -> list[Act]:
    """Return what recorders of a deployment said they lost, oldest first."""
    acts = Act.objects.filter(subject=f"deployment/{deployment}", entry__kind=KIND)
    return list(acts.order_by("pk"))
