"""Capital won by betting against a mean: the size of each bet, and the means that lost too much to be true.

Values within [0, 1] in the order in which they became known. The intervals made of it are in `confidence_sequences`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

import numpy as np

from monitoring.statistics.inputs import FloatArray

MOST_OF_CAPITAL = 0.5  # the share of the capital that one bet may lose (c of the paper)
GRID = 1_025  # means that are bet against; bounds are interpolated between them
BLOCK = 256  # observations at a time


def plug_in_bets(values: FloatArray, *, level: float) -> FloatArray:
    """Return the bet before each value: √(2 log(2/α) / (σ̂² t log(1+t))), σ̂² from the values before.

    Waudby-Smith & Ramdas 2024, eq. 26: the running mean and variance start from one value at 1/2 with variance 1/4.
    """
    count = np.arange(1, values.size + 1)
    means = (0.5 + np.cumsum(values)) / (count + 1)
    variances = (0.25 + np.cumsum((values - means) ** 2)) / (count + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    return np.asarray(np.sqrt(2 * log(2 / (1 - level)) / (before * count * np.log1p(count))))


def running_bounds(values: FloatArray, *, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper bound after each value: the means at which neither bet has won 2/α.

    Bets on a larger mean win the less, the larger the mean they are held against, so each bound is one crossing.
    """
    stakes, limit = plug_in_bets(values, level=level), log(2 / (1 - level))
    means = np.sin(np.linspace(0, np.pi / 2, GRID)) ** 2  # finer towards 0 and 1
    rising, falling = _Capital(means), _Capital(1 - means)
    lows, highs = np.empty_like(values), np.empty_like(values)
    for block in _blocks(values.size):
        best = rising.after(values[block], stakes[block])
        lows[block] = _crossings(rising.means, best, limit=limit)
        best = falling.after(1 - values[block], stakes[block])
        highs[block] = 1 - _crossings(falling.means[::-1], best[:, ::-1], limit=limit)
        first, last = rising.rejected(limit), falling.means.size - falling.rejected(limit)
        kept = slice(max(first - 1, 0), max(last + 1, first))
        rising.keep(kept)
        falling.keep(kept)
    return lows, highs


@dataclass(slots=True)
class _Capital:
    """Log capital of the bets against each mean, now and at its best; `means` are what is bet against."""

    means: FloatArray
    now: FloatArray
    best: FloatArray

    def __init__(self, means: FloatArray) -> None:
        self.means, self.now, self.best = means, np.zeros_like(means), np.zeros_like(means)

    def after(self, values: FloatArray, stakes: FloatArray) -> FloatArray:
        """Bet on each value in turn; return the best capital so far, a row per value."""
        with np.errstate(divide="ignore"):
            most = MOST_OF_CAPITAL / self.means
        gains = np.log1p(np.minimum(stakes[:, None], most) * (values[:, None] - self.means))
        held = np.cumsum(gains, axis=0) + self.now
        best = np.maximum(np.maximum.accumulate(held, axis=0), self.best)
        self.now, self.best = held[-1], best[-1]
        return np.asarray(best)

    def rejected(self, limit: float) -> int:
        return int((self.best >= limit).sum())

    def keep(self, kept: slice) -> None:
        self.means, self.now, self.best = self.means[kept], self.now[kept], self.best[kept]


def _blocks(size: int) -> Iterator[slice]:
    return (slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK))


def _crossings(means: FloatArray, best: FloatArray, *, limit: float) -> FloatArray:
    """Return, for each row, where the best capital falls below the limit; it falls along the rising means."""
    lost = (best >= limit).sum(axis=1)
    after = np.minimum(lost, means.size - 1)
    before = np.maximum(after - 1, 0)
    rows = np.arange(len(best))
    above, below = best[rows, before], best[rows, after]
    share = np.divide(above - limit, above - below, out=np.zeros_like(above), where=above > below)
    between = means[before] + np.clip(share, 0, 1) * (means[after] - means[before])
    return np.asarray(np.where(lost == 0, means[0], np.where(lost == means.size, means[-1], between)))
