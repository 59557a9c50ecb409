"""Coverage of `calibration`: normal logits, labels drawn from a line on them, so that every true figure is known."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import optimize, special

from monitoring.statistics.calibration import brier, expected_calibration_error, in_the_large, slope_and_intercept
from monitoring.statistics.results import NotEstimable
from tests.benchmarks.coverage import Coverage, Tally

SIZES = (20, 60, 150, 400)
POPULATIONS = ((0.0, 1.5), (-2.0, 1.2))
SLOPES = (1.0, 0.6)
QUANTILES = special.ndtri((np.arange(20_000) + 0.5) / 20_000)


def coverages(*, draws: int, seed: int = 1, sizes: Sequence[int] = SIZES) -> Iterator[Coverage]:
    generator = np.random.default_rng(seed)
    tallies = {name: Tally() for name in ("slope", "intercept", "in_the_large", "brier", "expected error")}
    for mean, spread in POPULATIONS:
        for slope in SLOPES:
            truth = true_figures(mean + spread * QUANTILES, slope=slope)
            for size in sizes:
                setting = f"{size} cases, logits {mean} ± {spread}, slope {slope}"
                for _ in range(draws):
                    logits = generator.normal(mean, spread, size)
                    labels = generator.random(size) < special.expit(slope * logits)
                    for name, estimate in estimates(special.expit(logits), labels).items():
                        tallies[name].add(
                            setting=setting,
                            hit=truth[name] in estimate.interval,
                            is_below_floor="few cases" in estimate.method or name == "expected error",
                        )
    for name, tally in tallies.items():
        yield from tally.coverages(f"calibration, {name}")


def estimates(scores: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    line = slope_and_intercept(scores, labels)
    found = {
        "in_the_large": in_the_large(scores, labels),
        "brier": brier(scores, labels),
        "expected error": expected_calibration_error(scores, labels, draws=200),
    }
    if not isinstance(line, NotEstimable):
        found |= {"slope": line.slope, "intercept": line.intercept}
    return {name: each for name, each in found.items() if not isinstance(each, NotEstimable)}


def true_figures(logits: np.ndarray, *, slope: float) -> dict[str, float]:
    scores, chances = special.expit(logits), special.expit(slope * logits)
    bins = np.minimum((scores * 10).astype(int), 9)
    gaps = np.bincount(bins, chances - scores, 10)
    level = optimize.brentq(lambda shift: float((special.expit(logits + shift) - chances).mean()), -5, 5)
    return {
        "slope": slope,
        "intercept": 0.0,
        "in_the_large": float(level),
        "brier": float((chances * (1 - scores) ** 2 + (1 - chances) * scores**2).mean()),
        "expected error": float(np.abs(gaps).sum() / logits.size),
    }
