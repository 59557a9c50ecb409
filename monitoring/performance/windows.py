"""Windows for recipients of aggregates: whole months, and today's knowledge. Two windows then tell no single day. Pure.

The window that was asked for is widened to its months. Whoever may see rows
asks as they like.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from monitoring.performance.questions import Question

MONTHS_A_YEAR = 12


def in_whole_months(question: Question, *, minimum_count: int) -> Question:
    """Return the question as a recipient with this minimum may ask it; a minimum of 0 or 1 changes nothing."""
    if minimum_count <= 1:
        return question
    since = question.since.replace(day=1) if question.since else None
    return replace(question, since=since, until=month_after(question.until), as_of=None)


def month_after(until: date | None) -> date | None:
    """Return the first of the month in which a window ends, or of the next where it ends within one."""
    if until is None or until.day == 1:
        return until
    years, month = divmod(until.year * MONTHS_A_YEAR + until.month, MONTHS_A_YEAR)
    return date(years, month + 1, 1)
