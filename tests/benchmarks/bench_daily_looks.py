"""Looking every day: how often a true claim lies outside at some of 365 looks, in ours and in a naive interval."""

import numpy as np

from tests.benchmarks.labelled_years import drawn_labels, several_a_patient, single_labels, wilson_misses
from tests.benchmarks.table import Result

PRODUCTS, SHARE, LEVEL = 1_000, 0.9, 0.95


def run() -> Result:
    naive = [
        wilson_misses(single_labels(np.random.default_rng(seed), share=SHARE), share=SHARE) for seed in range(PRODUCTS)
    ]
    outside, below = (float(np.mean(each)) for each in zip(*naive, strict=True))
    ours = {name: missed() for name, missed in KINDS.items()}
    worst = max(ours.values())
    words = ", ".join(f"{name} {value:.1%}" for name, value in ours.items())
    return Result(
        name="daily_looks",
        ours=worst,
        theirs=outside,
        unit="of products",
        ratio=worst / outside,
        aim=f"ours < {1 - LEVEL:.0%}",
        reached=worst < 1 - LEVEL,
        note=f"naive Wilson below in {below:.1%}; {words}",
    )


def counted() -> float:
    """Return the share of products whose Beta mixture leaves the claim out: its evidence reaches 1/α at some look."""
    from monitoring.statistics.sequential import e_process

    missed = 0
    for seed in range(PRODUCTS):
        year = single_labels(np.random.default_rng(seed), share=SHARE)
        path = np.array(e_process(year.right, p0=SHARE).path)
        missed += bool((path[year.known - 1] >= 1 / (1 - LEVEL)).any())
    return missed / PRODUCTS


def bet(*, least: int, most: int) -> float:
    from monitoring.statistics.sequential import betting_sequence

    missed = 0
    for seed in range(PRODUCTS):
        generator = np.random.default_rng(seed)
        year = (
            several_a_patient(generator, share=SHARE, least=least, most=most)
            if most > 1
            else single_labels(generator, share=SHARE)
        )
        missed += leaves_out(betting_sequence(year.right / year.labels, level=LEVEL).path)
    return missed / PRODUCTS


def weighted() -> float:
    from monitoring.statistics.sequential import betting_sequence

    missed = 0
    for seed in range(PRODUCTS):
        values = drawn_labels(np.random.default_rng(seed), share=SHARE, least=0.2)
        missed += leaves_out(betting_sequence(values, upper=5.0, level=LEVEL).path)
    return missed / PRODUCTS


def leaves_out(path: tuple[tuple[float, float], ...]) -> bool:
    bounds = np.array(path)
    return bool(((bounds[:, 0] > SHARE) | (bounds[:, 1] < SHARE)).any())


KINDS = {
    "counted": counted,
    "bet": lambda: bet(least=1, most=1),
    "3 labels a patient": lambda: bet(least=3, most=3),
    "5 labels a patient": lambda: bet(least=5, most=5),
    "3 to 5 labels a patient": lambda: bet(least=3, most=5),
    "drawn with weights": weighted,
}
