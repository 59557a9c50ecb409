"""What is missing behind a page's figures, in sentences for a quality officer; small counts are hidden before. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from audit.templatetags.display import count, number, number_range, percent, percent_range
from monitoring.performance.maturity import FLOOR
from monitoring.performance.missing import Missing
from monitoring.statistics.results import Estimate, Interval

UNEVEN = 1.2
MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence; `is_warning` where figures should be read with care for it."""

    words: str
    is_warning: bool = False


def statements(missing: Missing | None) -> list[Statement]:
    """Return what to say, the most important first; nothing where nothing was asked."""
    if missing is None:
        return []
    return [
        *of_months(missing),
        *of_labels(missing),
        *of_delay(missing),
        *of_verification(missing),
        *of_labellers(missing),
    ]


def of_months(missing: Missing) -> Iterator[Statement]:
    late = missing.maturity.immature
    if late:
        yield Statement(
            words=f"{named(late)} {'is' if len(late) == 1 else 'are'} immature: fewer than {percent(FLOOR, 0)} of the "
            "labels are there. Figures of such months can still move, and often look better or worse than they will.",
            is_warning=True,
        )


def named(months: tuple[date, ...]) -> str:
    words = [f"{month:%B %Y}" for month in months[-MOST_NAMED:]]
    if len(months) > MOST_NAMED:
        return f"{len(months)} months up to {words[-1]}"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def of_labels(missing: Missing) -> Iterator[Statement]:
    if missing.hidden:
        yield Statement(words=f"How many cases are not labelled is not shown: {missing.hidden}.")
        return
    share = missing.unlabelled_share
    if isinstance(share, Estimate):
        yield Statement(
            words=f"Of {count(missing.counted)} counted cases {count(missing.labelled)} have a truth and "
            f"{count(missing.unlabelled)} ({percent(share.value)}) have none yet."
        )
    left = sum(missing.excluded.values())
    yield Statement(
        words=f"{count(missing.logged)} were logged: {count(missing.counted)} counted and {count(left)} left out, "
        "for the reasons below."
    )


def of_delay(missing: Missing) -> Iterator[Statement]:
    delay, expected, share = (
        missing.maturity.delay_days,
        missing.maturity.expected_labels,
        missing.maturity.share,
    )
    if not isinstance(delay, Estimate):
        yield Statement(words=f"How long labels take cannot be said: {delay.reason}.")
        return
    yield Statement(
        words=f"Half of the labels that come are there after {number(delay.value, 0)} days "
        f"({number_range(delay.interval, 0)})."
    )
    if isinstance(expected, Estimate) and isinstance(share, Estimate):
        yield Statement(
            words=f"About {count(round(expected.value))} labels ({count_range(expected.interval)}) are expected in "
            f"the end; {percent(share.value)} ({percent_range(share.interval)}) of them are there."
        )


def count_range(ends: Interval) -> str:
    return f"{count(round(ends.low))} to {count(round(ends.high))}"


def of_verification(missing: Missing) -> Iterator[Statement]:
    if missing.hidden or not missing.verified:
        return
    shares = [each.share for each in missing.verified.values()]
    if not all(isinstance(each, Estimate) for each in shares):
        return
    flagged, passed = (percent(each.value) for each in shares if isinstance(each, Estimate))
    uneven = missing.uneven
    words = f"Of the flagged cases {flagged} have a truth, of the others {passed}."
    if uneven is not None and uneven > UNEVEN:
        words += " The flagged ones are followed up more often: sensitivity looks better than it is, specificity worse."
    elif uneven is not None and uneven < 1 / UNEVEN:
        words += " The others are followed up more often: sensitivity looks worse than it is, specificity better."
    yield Statement(words=words, is_warning=uneven is not None and not 1 / UNEVEN <= uneven <= UNEVEN)


def of_labellers(missing: Missing) -> Iterator[Statement]:
    for key, each in missing.labellers.items():
        (right, ill), (spared, healthy) = each.sensitivity, each.specificity
        yield Statement(
            words=f"Labels read from reports by {key} were right in {count(right)} of {count(ill)} adjudicated cases "
            f"with the finding and in {count(spared)} of {count(healthy)} without."
        )
