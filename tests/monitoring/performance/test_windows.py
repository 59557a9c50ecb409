"""A recipient of aggregates asks in whole months: two windows that differ by a day are one and the same."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.performance.questions import Question
from monitoring.performance.windows import in_whole_months

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 12, 30))


def asked(since=None, until=None, **more):
    return Question(product="cxr", finding="nodule", since=since, until=until, **more)


@pytest.mark.parametrize(
    ("until", "widened"),
    [
        (date(2026, 3, 1), date(2026, 3, 1)),
        (date(2026, 3, 2), date(2026, 4, 1)),
        (date(2026, 12, 31), date(2027, 1, 1)),
        (date(2026, 11, 30), date(2026, 12, 1)),
        (None, None),
    ],
)
def test_a_window_ends_with_a_month(until, widened):
    assert in_whole_months(asked(until=until), minimum_count=11).until == widened


@given(DAYS, DAYS)
def test_windows_hold_what_was_asked_and_begin_and_end_with_months(since, until):
    found = in_whole_months(asked(since, until), minimum_count=11)

    assert found.since <= since and found.until >= until
    assert found.since.day == found.until.day == 1
    assert (since - found.since).days < 31 and (found.until - until).days < 31


def test_a_moment_of_the_past_is_for_those_who_see_rows():
    then = asked(as_of=datetime(2026, 3, 1, tzinfo=UTC))

    assert in_whole_months(then, minimum_count=11).as_of is None
    assert in_whole_months(then, minimum_count=0) == then
