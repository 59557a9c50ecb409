"""How often each monitor may cry wolf, said in words, and how references are chosen: the numbers of every design.

Why these numbers: docs/decisions/0002-monitors.md. A design copies what it uses, so a change here reaches
new monitors only.
"""

from dataclasses import dataclass

DAYS_PER_YEAR = 365.25

CONFIDENCE = 0.8  # that the designed rate holds although the reference is finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One false alarm in so many years on average, or fewer."""

    years: int

    @property
    def days(self) -> float:
        return self.years * DAYS_PER_YEAR

    @property
    def statement(self) -> str:
        return f"at most one false alarm in {self.years} years on average"


PERFORMANCE_RATE = Rate(years=10)
SCORE_RATE = Rate(years=10)
METADATA_RATE = Rate(years=10)
SILENCE_RATE = Rate(years=10)

FIRST_REFERENCE_DAYS = 90
PERFORMANCE_REFERENCE_DAYS = 120  # labels come late
LATER_REFERENCE_DAYS = 42  # after an update the next fault must not wait for a quarter
SCORE_REFERENCE_CASES = 120
REFERENCE_POSITIVES = 25
REFERENCE_NEGATIVES = 50
FEED_REFERENCE_RUNS = 40

SCORE_ALLOWANCE = 0.25  # tuned for a shift of half a standard deviation
HEADER_ALLOWANCE = 0.5
PERFORMANCE_ODDS_RATIO = 2.5
HEADER_ODDS_RATIO = 4.0
LONGEST_SILENCE_DAYS = 10
