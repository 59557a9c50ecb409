"""How often intervals hold the truth: by summing the binomial where that is possible, by simulation elsewhere.

A `Coverage` is one function in one regime: `exact` and `conservative` must reach the level, the one
everywhere, the other on average; `approximate` must average within the band.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

LEVEL, LOWEST, HIGHEST = 0.95, 0.935, 0.97
PROBABILITIES = np.linspace(0.02, 0.98, 97)
SLACK = 3.0
"""Simulated coverage may fall below the level by so many standard errors of the simulation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The share of intervals that held the truth, on average and in the worst setting; `draws` is 0 where exact."""

    name: str
    kind: str
    average: float
    worst: float
    where: str
    draws: int = 0

    @property
    def holds(self) -> bool:
        if self.kind == "approximate":
            return LOWEST <= self.average <= HIGHEST
        noise = SLACK * float(np.sqrt(LEVEL * (1 - LEVEL) / self.draws)) if self.draws else 1e-9
        return (self.worst if self.kind == "exact" else self.average) >= LEVEL - noise

    def __str__(self) -> str:
        verdict = "" if self.holds else "  <-- FAILS"
        how = f"{self.draws} draws" if self.draws else "summed"
        return (
            f"{self.name:<52} {self.kind:<12} average {self.average:.4f}  worst {self.worst:.4f} "
            f"({self.where}; {how}){verdict}"
        )


@dataclass(slots=True)
class Tally:
    """Hits, draws and intervals below the floor of one function, by setting; a setting is what most draws are."""

    seen: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))

    def add(self, *, setting: str, hit: bool, is_below_floor: bool) -> None:
        counts = self.seen[setting]
        counts[0] += hit
        counts[1] += 1
        counts[2] += is_below_floor

    def coverages(self, name: str) -> Iterator[Coverage]:
        """Give one coverage per regime; settings weigh alike in the average."""
        for kind in ("approximate", "conservative"):
            chosen = {
                setting: (hits, draws)
                for setting, (hits, draws, below) in self.seen.items()
                if (2 * below > draws) == (kind == "conservative")
            }
            if chosen:
                shares = {setting: hits / draws for setting, (hits, draws) in chosen.items()}
                where = min(shares, key=lambda each: shares[each])
                yield Coverage(
                    name=name,
                    kind=kind,
                    average=float(np.mean(list(shares.values()))),
                    worst=shares[where],
                    where=where,
                    draws=sum(draws for _, draws in chosen.values()),
                )


def summed(
    name: str, *, kind: str, bounds: Callable[[int, int], tuple[float, float]], sizes: Iterable[int]
) -> Coverage:
    """Return the coverage of an interval of one proportion, summed over all counts for each probability."""
    found = {}
    for size in sizes:
        counts = np.arange(size + 1)
        low, high = np.array([bounds(int(count), size) for count in counts]).T
        inside = (low[:, None] <= PROBABILITIES) & (high[:, None] >= PROBABILITIES)
        covered = (stats.binom.pmf(counts[:, None], size, PROBABILITIES) * inside).sum(axis=0)
        found[size] = covered
    everything = np.concatenate(list(found.values()))
    size = min(found, key=lambda each: found[each].min())
    where = f"n = {size}, p = {PROBABILITIES[found[size].argmin()]:.2f}"
    return Coverage(name=name, kind=kind, average=float(everything.mean()), worst=float(everything.min()), where=where)


def summed_over_two(
    name: str,
    *,
    bounds: Callable[[int, int, int, int], tuple[float, float] | None],
    truth: Callable[[np.ndarray, np.ndarray], np.ndarray],
    sizes: Iterable[tuple[int, int]],
    probabilities: np.ndarray,
) -> Coverage:
    """Return the coverage of an interval of two proportions; draws without an interval are left out."""
    first, second = (grid.ravel() for grid in np.meshgrid(probabilities, probabilities))
    target, found = truth(first, second), {}
    for size_a, size_b in sizes:
        hit, told = np.zeros(first.size), np.zeros(first.size)
        chance_a = stats.binom.pmf(np.arange(size_a + 1)[:, None], size_a, first)
        chance_b = stats.binom.pmf(np.arange(size_b + 1)[:, None], size_b, second)
        for a in range(size_a + 1):
            for b in range(size_b + 1):
                interval = bounds(a, size_a, b, size_b)
                if interval is not None:
                    chance = chance_a[a] * chance_b[b]
                    told += chance
                    hit += chance * ((interval[0] <= target) & (target <= interval[1]))
        found[size_a, size_b] = hit / told
    sizes_of_worst = min(found, key=lambda each: found[each].min())
    index = int(found[sizes_of_worst].argmin())
    everything = np.concatenate(list(found.values()))
    return Coverage(
        name=name,
        kind="approximate",
        average=float(everything.mean()),
        worst=float(everything.min()),
        where=f"n = {sizes_of_worst}, p = {first[index]:.2f} and {second[index]:.2f}",
    )
