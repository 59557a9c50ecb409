from datetime import UTC, date, datetime, timedelta

import pytest

from audit.access.scopes import Hidden
from audit.templatetags import display
from monitoring.statistics.results import Interval, NotEstimable

AT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (12345, "12\u202f345"), (None, "–"), (1234567, "1\u202f234\u202f567")]
)
def test_counts_are_grouped(value, shown):
    assert display.count(value) == shown


def test_shares_are_written_as_percent():
    assert display.percent(0.8345) == "83.5\u202f%"
    assert display.percent_range(Interval(0.781, 0.88)) == "78.1–88.0\u202f%"
    assert display.percent_range((0.1, 0.2), 0) == "10–20\u202f%"


@pytest.mark.parametrize("shown_as", [display.count, display.percent, display.number, display.percent_range])
def test_what_has_a_reason_is_written_as_the_reason(shown_as):
    assert shown_as(NotEstimable("no case with the finding")) == "no case with the finding"
    assert shown_as(Hidden(reason="fewer than 11")) == "fewer than 11"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, ""])
def test_nothing_is_never_written_as_a_number(value):
    assert display.number(value) == "–"
    assert display.percent(value) == "–"


def test_a_moment_is_written_in_the_zone_that_is_named():
    assert display.moment(AT) == "2026-03-01 23:30"
    assert display.moment(AT, "Europe/Berlin") == "2026-03-02 00:30 CET"
    assert display.day(AT, "Europe/Berlin") == "2026-03-02"
    assert display.day(date(2026, 3, 1)) == "2026-03-01"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.4, "0.4 s"),
        (42, "42 s"),
        (185, "3 min 5 s"),
        (18720, "5 h 12 min"),
        (timedelta(days=3, hours=4), "3 days 4 h"),
        (-90, "−1 min 30 s"),
        (None, "–"),
    ],
)
def test_durations_are_written_as_people_say_them(value, shown):
    assert display.duration(value) == shown


def test_a_hash_is_shortened():
    assert display.short_hash("a" * 64) == "a" * 12 + "…"
    assert display.short_hash(b"\xab\xcd") == "abcd"


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0342, "p = 0.034"), (1.0, "p = 1.000"), (0.0004, "p < 0.001"), (None, "–")]
)
def test_a_p_value_says_what_it_is_with_three_digits(value, shown):
    assert display.p_value(value) == shown
