"""Coverage of `proportions`: exact sums for independent trials, beta-binomial patients for clusters."""

from collections.abc import Iterator, Sequence

import numpy as np

from monitoring.statistics.proportions import (
    clopper_pearson,
    clustered,
    difference,
    likelihood_ratio,
    wilson,
)
from monitoring.statistics.results import NotEstimable
from tests.benchmarks.coverage import Coverage, Tally, summed, summed_over_two

SIZES = (5, 10, 20, 50, 100, 200, 1000)
PAIRS = ((10, 10), (20, 40), (50, 25), (60, 60))
CLUSTERS = (5, 10, 20, 40, 80, 200, 500)
CORRELATIONS = (0.0, 0.1, 0.35, 0.7)


def coverages(*, draws: int, seed: int = 1) -> Iterator[Coverage]:
    yield from of_one_proportion(SIZES)
    yield from of_two_proportions(PAIRS)
    for method in ("logit", "wilson"):
        yield from of_clusters(method=method, draws=draws, seed=seed)


def of_one_proportion(sizes: Sequence[int]) -> Iterator[Coverage]:
    yield summed("clopper_pearson", kind="exact", bounds=_bounds_of(clopper_pearson), sizes=sizes)
    yield summed("wilson", kind="approximate", bounds=_bounds_of(wilson), sizes=sizes)


def wald(sizes: Sequence[int] = SIZES) -> Coverage:
    """The textbook interval that a user would write down."""

    def bounds(successes: int, trials: int) -> tuple[float, float]:
        share = successes / trials
        half = 1.959964 * (share * (1 - share) / trials) ** 0.5
        return share - half, share + half

    return summed("Wald (textbook)", kind="approximate", bounds=bounds, sizes=sizes)


def of_two_proportions(pairs: Sequence[tuple[int, int]]) -> Iterator[Coverage]:
    coarse = np.linspace(0.02, 0.98, 25)
    for method in ("newcombe", "miettinen_nurminen"):
        yield summed_over_two(
            f"difference, {method}",
            bounds=lambda *counts, method=method: _ends(difference(*counts, method=method)),
            truth=lambda a, b: a - b,
            sizes=pairs,
            probabilities=coarse,
        )
    yield summed_over_two(
        "likelihood ratio",
        bounds=lambda *counts: _ends(likelihood_ratio(*counts)),
        truth=lambda a, b: a / b,
        sizes=pairs,
        probabilities=coarse,
    )


def of_clusters(*, method: str, draws: int, seed: int, clusters: Sequence[int] = CLUSTERS) -> Iterator[Coverage]:
    """Patients with a common probability each (beta), of one, three or unequal numbers of studies."""
    generator, tally = np.random.default_rng(seed), Tally()
    for count in clusters:
        for correlation in CORRELATIONS:
            for kind in ("three each", "geometric", "lognormal"):
                for _ in range(draws):
                    share = generator.uniform(0.02, 0.98)
                    successes, trials = patients(
                        generator, count=count, share=share, correlation=correlation, kind=kind
                    )
                    estimate = clustered(successes, trials, method=method)
                    if not isinstance(estimate, NotEstimable):
                        tally.add(
                            setting=f"{count} patients, {kind}, ICC {correlation}",
                            hit=share in estimate.interval,
                            is_below_floor=estimate.method.startswith("Clopper"),
                        )
    yield from tally.coverages(f"clustered, {method}")


def patients(
    generator: np.random.Generator, *, count: int, share: float, correlation: float, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return successes and trials of patients."""
    if kind == "three each":
        trials = np.full(count, 3)
    elif kind == "geometric":
        trials = generator.geometric(0.4, count)
    else:
        trials = np.maximum(1, generator.lognormal(1.0, 1.0, count).astype(int))
    if correlation == 0:
        return generator.binomial(trials, share), trials
    mass = 1 / correlation - 1
    return generator.binomial(trials, generator.beta(share * mass, (1 - share) * mass, count)), trials


def _bounds_of(function):
    return lambda successes, trials: _ends(function(successes, trials))


def _ends(estimate) -> tuple[float, float] | None:
    return None if isinstance(estimate, NotEstimable) else (estimate.interval.low, estimate.interval.high)
