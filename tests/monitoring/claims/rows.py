"""Evidence rows for tests: labelled cases of one finding, one a patient and day unless said otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.claims.evidence import EvidenceRow
from monitoring.claims.terms import Terms

LAUNCH = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


def make_terms(**said: Any) -> Terms:
    return Terms(**{"metric": "sensitivity", "finding": "nodule", "value": 0.9, "margin": 0.05} | said)


def make_row(study: int, /, *, after_days: float = 1.0, **said: Any) -> EvidenceRow:
    """Return the case of a study: acquired on that day since launch, hit, and labelled a day later."""
    acquired_at = LAUNCH + timedelta(days=study)
    known_at = acquired_at + timedelta(days=after_days)
    defaults = {
        "person": study, "study": study, "deployment": "cxr-north", "acquired_at": acquired_at,
        "day": acquired_at.date(), "known_at": known_at, "truth": "positive", "decision": "positive", "score": 0.9,
    }  # fmt: skip
    return EvidenceRow(**defaults | said)
