"""AI × reader × truth: who said what, who was right, and who never disagrees. Pure counts in, figures out.

An override is a final read that differs from the AI's call. Overrides may be good: what matters is who was
right, and that is known only where there is truth.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from scipy import stats

from monitoring.statistics.proportions import difference, wilson
from monitoring.statistics.results import Estimate, NotEstimable

CALLS = ("positive", "negative")
FUNNEL_LEVEL = 0.998
LEAST_FOR_A_VERDICT = 30
LEAST_READERS = 3  # fewer have no middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """So many counted cases with this AI call, this reader's final call and this truth ("" where unknown)."""

    site: str
    deployment: str
    reader: str
    decision: str
    read: str
    truth: str
    cases: int

    @property
    def is_override(self) -> bool:
        return self.decision != self.read

    @property
    def has_truth(self) -> bool:
        return self.truth in CALLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadrant:
    """One combination of AI and reader, with what truth says of it."""

    decision: str
    read: str
    cases: int
    share: Estimate | NotEstimable
    positive: int
    negative: int

    @property
    def unknown(self) -> int:
        return self.cases - self.positive - self.negative

    @property
    def is_discordant(self) -> bool:
        return self.decision != self.read

    @property
    def ai_right(self) -> Estimate | NotEstimable:
        return wilson(self.positive if self.decision == "positive" else self.negative, self.positive + self.negative)

    @property
    def reader_right(self) -> Estimate | NotEstimable:
        return wilson(self.positive if self.read == "positive" else self.negative, self.positive + self.negative)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """How often one group of reads differs from the AI, and the limits of chance around what is usual there."""

    group: str
    overrides: int
    cases: int
    rate: Estimate | NotEstimable
    low_limit: float
    high_limit: float
    verdict: str

    @property
    def is_outside(self) -> bool:
        return self.verdict in ("below", "above", "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of agreements and of disagreements has a truth; unequal shares bend whatever truth says of them."""

    discordant: Estimate | NotEstimable
    concordant: Estimate | NotEstimable
    gap: Estimate | NotEstimable
    words: str

    @property
    def is_biased(self) -> bool:
        return isinstance(self.gap, Estimate) and 0 not in self.gap.interval


def usable(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells in which both AI and reader made a call."""
    return [cell for cell in cells if cell.decision in CALLS and cell.read in CALLS]


def total(cells: Iterable[Cell], keep: Callable[[Cell], bool] = lambda _: True) -> int:
    return sum(cell.cases for cell in cells if keep(cell))


def quadrants(cells: Sequence[Cell]) -> list[Quadrant]:
    """Return the four combinations, disagreements first."""
    every = total(cells)
    combinations = (
        ("positive", "negative"),
        ("negative", "positive"),
        ("positive", "positive"),
        ("negative", "negative"),
    )
    return [
        _quadrant([c for c in cells if (c.decision, c.read) == pair], pair=pair, every=every) for pair in combinations
    ]


def _quadrant(cells: Sequence[Cell], *, pair: tuple[str, str], every: int) -> Quadrant:
    cases = total(cells)
    return Quadrant(
        decision=pair[0],
        read=pair[1],
        cases=cases,
        share=wilson(cases, every),
        positive=total(cells, lambda cell: cell.truth == "positive"),
        negative=total(cells, lambda cell: cell.truth == "negative"),
    )


def overrides_by_site(cells: Sequence[Cell]) -> list[Override]:
    """Return the override rate of each site, most cases first, against all of them together."""
    pooled = rate_of(cells)
    sites = sorted({cell.site for cell in cells})
    found = [_override([c for c in cells if c.site == site], group=site, centre=pooled) for site in sites]
    return sorted(found, key=lambda each: (-each.cases, each.group))


def overrides_by_reader(cells: Sequence[Cell]) -> list[Override]:
    """Return the override rate of each reader, most cases first, against the middle reader of the same deployments.

    Readers of a site whose device fails override more: comparing across sites would blame them for it.
    """
    centres = {
        deployment: middle_rate([c for c in cells if c.deployment == deployment])
        for deployment in deployments_of(cells)
    }
    found = []
    for reader in sorted({cell.reader for cell in cells}):
        mine = [cell for cell in cells if cell.reader == reader]
        expected = sum(cell.cases * centres[cell.deployment] for cell in mine) / total(mine)
        found.append(_override(mine, group=reader, centre=expected))
    return sorted(found, key=lambda each: (-each.cases, each.group))


def deployments_of(cells: Iterable[Cell]) -> set[str]:
    return {cell.deployment for cell in cells}


def rate_of(cells: Sequence[Cell]) -> float:
    return total(cells, lambda cell: cell.is_override) / max(total(cells), 1)


def middle_rate(cells: Sequence[Cell]) -> float:
    """Return the median of the readers' rates; of two readers or fewer, the rate of all together."""
    readers = [[c for c in cells if c.reader == reader] for reader in {cell.reader for cell in cells}]
    rates = [rate_of(mine) for mine in readers if total(mine) >= LEAST_FOR_A_VERDICT]
    return median(rates) if len(rates) >= LEAST_READERS else rate_of(cells)


def _override(cells: Sequence[Cell], *, group: str, centre: float) -> Override:
    """The limits are binomial quantiles of the centre at the group's size (Spiegelhalter 2005)."""
    cases, hits = total(cells), total(cells, lambda cell: cell.is_override)
    tail = (1 - FUNNEL_LEVEL) / 2
    low, high = stats.binom.ppf([tail, 1 - tail], cases, centre) / max(cases, 1)
    return Override(
        group=group,
        overrides=hits,
        cases=cases,
        rate=wilson(hits, cases),
        low_limit=float(low),
        high_limit=float(high),
        verdict=_verdict(hits, cases, centre=centre),
    )


def _verdict(hits: int, cases: int, *, centre: float) -> str:
    """Return how a group lies against all: exact tails, so that a zero is not hidden by whole numbers."""
    if cases < LEAST_FOR_A_VERDICT:
        return "too few"
    tail = (1 - FUNNEL_LEVEL) / 2
    if stats.binom.cdf(hits, cases, centre) < tail:
        return "never" if hits == 0 else "below"
    if stats.binom.sf(hits - 1, cases, centre) < tail:
        return "above"
    return "inside"


def coverage(cells: Sequence[Cell]) -> Coverage:
    """Return the share with truth among disagreements and agreements, and what their difference means."""
    sides = {
        is_override: (
            total(cells, lambda c: c.is_override == is_override and c.has_truth),  # noqa: B023
            total(cells, lambda c: c.is_override == is_override),  # noqa: B023
        )
        for is_override in (True, False)
    }
    gap = (
        difference(*sides[True], *sides[False])
        if all(n for _, n in sides.values())
        else NotEstimable("no cases on one side")
    )
    return Coverage(
        discordant=wilson(*sides[True]), concordant=wilson(*sides[False]), gap=gap, words=_coverage_words(gap)
    )


def _coverage_words(gap: Estimate | NotEstimable) -> str:
    if isinstance(gap, NotEstimable):
        return "Whether disagreements are followed up more often than agreements cannot be said yet."
    if gap.interval.low > 0:
        return (
            "Disagreements are followed up more often than agreements. Errors that AI and reader share stay unseen, "
            "so the figures by truth flatter both: do not read them as accuracy."
        )
    if gap.interval.high < 0:
        return "Agreements are followed up more often than disagreements: the figures by truth miss disagreements."
    return "Agreements and disagreements are followed up about equally often."


def as_rows(cells: Iterable[Cell]) -> list[tuple[Any, ...]]:
    """Return the cells as rows of a file."""
    return [(c.site, c.deployment, c.reader, c.decision, c.read, c.truth or "unknown", c.cases) for c in cells]


HEADER = ("site", "deployment", "reader", "ai", "read", "truth", "cases")
