"""The reader in the loop beside the AI alone: the same cases, judged by what was finally read of them. Pure.

Only cases that have both count; the others are left out and say so. What a reader knew of the
AI stays with the read: `--by ai_exposure` keeps aided and unaided reads apart.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitoring.cases import reasons
from monitoring.performance.samples import STATES, SampleRow

READER, PRODUCT_ON_READ = "reader", "ai"
WHO = ("", READER, PRODUCT_ON_READ)


def paired_reason(row: SampleRow) -> str:
    """Return why a case has no pair of an AI result and a final read, or nothing."""
    read = row.reader_decision in STATES or row.reader_measurement is not None or row.reader_category is not None
    said = row.decision in STATES or row.measurement is not None or row.category is not None
    return reasons.NO_FINAL_READ if not read else "" if said else reasons.NO_RESULT


def as_reader(row: SampleRow) -> SampleRow:
    """Return the case as the reader judged it: a decision, a value or a category, and no score."""
    return row._replace(
        decision=row.reader_decision,
        measurement=row.reader_measurement,
        category=row.reader_category,
        score=None,
        class_scores=None,
        comparison=None,
        threshold=None,
        minutes=None,
        minutes_to_treatment=None,
    )


def judged_by(who: str, rows: Iterable[SampleRow]) -> tuple[list[SampleRow], list[str]]:
    """Return the paired cases as the AI or the reader judged them, and the reasons of those left out."""
    kept, left_out = [], []
    for row in rows:
        if reason := paired_reason(row):
            left_out.append(reason)
        else:
            kept.append(as_reader(row) if who == READER else row)
    return kept, left_out
