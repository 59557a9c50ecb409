"""A signal as a record that people sign: what it raised, who took it, and how it was closed."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from audit.access.decisions import NotVisibleError, may
from audit.signatures.content import Signable, signable
from monitoring.signals.models import Signal
from monitoring.signals.queries import get_signal_for

MEANINGS = ("review", "approval", "responsibility")
COLUMNS = (
    "title", "summary", "status", "state", "began_on", "alarm_on", "ended_on", "exposed_studies", "exposed_patients",
    "owner", "closed_reason",
)  # fmt: skip


def signable_signal(user: Any, uid: str) -> Signable:
    """Return a signal as this person may sign it; raises 404 for one that is not theirs to see."""
    found = get_signal_for(user, "see_signals", uid, now=timezone.now())
    monitor = found.monitor
    reviews = may(
        user, "review_signal", organisation=monitor.organisation, site=monitor.site_id, product=monitor.product_id
    )
    reads = may(user, "see_rows", organisation=monitor.organisation, site=monitor.site_id, product=monitor.product_id)
    if not reviews and not reads:  # the record holds counts that an aggregate view may have to hide
        raise NotVisibleError
    return Signable(
        subject=found.subject,
        title=f"Signal: {found.title}",
        organisation=monitor.organisation,
        content=content_of(found),
        meanings=MEANINGS if reviews else (),
        href=reverse("signals:signal", args=[uid]),
    )


def content_of(signal: Signal) -> dict[str, Any]:
    evidence = signal.evidence if isinstance(signal.evidence, dict) else {}
    said = {name: evidence[name] for name in ("method", "statement", "reference") if name in evidence}
    columns = {name: shown(getattr(signal, name)) for name in COLUMNS}
    return {"signal": signal.uid, "monitor": signal.monitor_id, **columns, "evidence": said}


def shown(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def register() -> None:
    signable("signal", signable_signal)
