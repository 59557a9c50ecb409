"""Coverage of `roc` and `mrmc`: normal scores of both classes, so that every true figure is known."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import integrate, special

from monitoring.statistics.mrmc import obuchowski_rockette, u_statistic
from monitoring.statistics.results import NotEstimable
from monitoring.statistics.roc import (
    auc,
    auc_from_histograms,
    paired_auc_difference,
    pairwise_auc,
    partial_auc,
    sensitivity_at_specificity,
    unpaired_auc_difference,
)
from tests.benchmarks.coverage import Coverage, Tally

AREAS = (0.6, 0.75, 0.85, 0.93, 0.98)
SIZES = ((5, 50), (10, 100), (20, 20), (30, 300), (60, 60), (100, 400), (400, 100))
BELOW_FLOOR = ("Clopper", "few cases", "no spread")

Generator = np.random.Generator


def coverages(*, draws: int, seed: int = 1) -> Iterator[Coverage]:
    for simulate in (
        of_one_area,
        of_clusters,
        of_weights,
        of_histograms,
        of_partial_areas,
        of_sensitivities,
        of_classes,
        of_differences,
        of_readers,
    ):
        yield from simulate(draws=draws, seed=seed)


def distance(area: float) -> float:
    """Return how far apart two unit normals lie that rank with this area."""
    return float(np.sqrt(2) * special.ndtri(area))


def scores_of(generator: Generator, *, area: float, positives: int, negatives: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat([1, 0], [positives, negatives])
    return generator.normal(distance(area) * labels), labels


def counted(tally: Tally, estimate: object, *, truth: float, setting: str) -> None:
    if not isinstance(estimate, NotEstimable):
        is_small = any(words in estimate.method for words in BELOW_FLOOR)
        tally.add(setting=setting, hit=truth in estimate.interval, is_below_floor=is_small)


def of_one_area(
    *, draws: int, seed: int, sizes: Sequence[tuple[int, int]] = SIZES, areas: Sequence[float] = AREAS
) -> Iterator[Coverage]:
    generator, tally = np.random.default_rng(seed), Tally()
    for positives, negatives in sizes:
        for area in areas:
            for _ in range(draws):
                scores, labels = scores_of(generator, area=area, positives=positives, negatives=negatives)
                setting = f"{positives} and {negatives} cases, area {area}"
                counted(tally, auc(scores, labels), truth=area, setting=setting)
    yield from tally.coverages("auc")


def of_clusters(
    *, draws: int, seed: int, patients: Sequence[int] = (10, 25, 60, 150, 400), areas: Sequence[float] = AREAS
) -> Iterator[Coverage]:
    """Patients with one to many studies, of both classes or one, whose scores go together."""
    generator, tally = np.random.default_rng(seed), Tally()
    for count in patients:
        for area in areas:
            for correlation in (0.35, 0.7):
                for _ in range(draws):
                    scores, labels, keys = clustered_scores(
                        generator, area=area, patients=count, correlation=correlation
                    )
                    setting = f"{count} patients, area {area}, correlation {correlation}"
                    counted(tally, auc(scores, labels, clusters=keys), truth=area, setting=setting)
    yield from tally.coverages("auc, clusters")


def clustered_scores(
    generator: Generator, *, area: float, patients: int, correlation: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    keys = np.repeat(np.arange(patients), generator.geometric(0.4, patients))
    ill = generator.beta(0.6, 1.4, patients)[keys]
    labels = (generator.random(keys.size) < ill).astype(int)
    common = generator.normal(0, np.sqrt(correlation), patients)[keys]
    own = generator.normal(0, np.sqrt(1 - correlation), keys.size)
    return distance(area) * labels + common + own, labels, keys


def of_weights(
    *,
    draws: int,
    seed: int,
    designs: Sequence[tuple[int, int, float]] = (
        (20, 400, 0.1),
        (60, 1200, 0.1),
        (200, 4000, 0.1),
        (200, 4000, 1 / 3),
        (600, 6000, 0.1),
    ),
    areas: Sequence[float] = AREAS,
) -> Iterator[Coverage]:
    """High scores are all labelled, low ones in a tenth or a third; weights are the inverse probabilities."""
    generator, tally = np.random.default_rng(seed), Tally()
    for positives, negatives, share in designs:
        for area in areas:
            for _ in range(draws):
                scores, labels = scores_of(generator, area=area, positives=positives, negatives=negatives)
                chances = np.where(scores > distance(area) / 2, 1.0, share)
                drawn = generator.random(scores.size) < chances
                estimate = auc(scores[drawn], labels[drawn], weights=1 / chances[drawn])
                setting = f"{positives} and {negatives} cases, low scores drawn with {share:.2f}, area {area}"
                counted(tally, estimate, truth=area, setting=setting)
    yield from tally.coverages("auc, weights")


def of_histograms(*, draws: int, seed: int, areas: Sequence[float] = AREAS) -> Iterator[Coverage]:
    generator, tally = np.random.default_rng(seed), Tally()
    inner = special.ndtri(np.linspace(0, 1, 41)[1:-1])
    for positives, negatives in ((10, 100), (30, 300), (100, 400)):
        for area in areas:
            truth = binned_area(area, inner)
            for _ in range(draws):
                scores, labels = scores_of(generator, area=area, positives=positives, negatives=negatives)
                bins = np.searchsorted(inner, scores)
                counts = [np.bincount(bins[labels == label], minlength=40) for label in (0, 1)]
                setting = f"{positives} and {negatives} cases, area {area}"
                counted(tally, auc_from_histograms(*counts), truth=truth, setting=setting)
    yield from tally.coverages("auc_from_histograms")


def binned_area(area: float, inner: np.ndarray) -> float:
    negative, positive = (
        np.diff(np.concatenate(([0.0], special.ndtr(inner - shift), [1.0]))) for shift in (0.0, distance(area))
    )
    return float((positive * (np.cumsum(negative) - negative / 2)).sum())


def of_partial_areas(*, draws: int, seed: int, areas: Sequence[float] = AREAS) -> Iterator[Coverage]:
    generator, tally = np.random.default_rng(seed), Tally()
    for positives, negatives in SIZES:
        for area in areas:
            shift = distance(area)
            truth = integrate.quad(lambda rate, shift=shift: special.ndtr(shift + special.ndtri(rate)), 0, 0.2)[0]
            for _ in range(draws):
                scores, labels = scores_of(generator, area=area, positives=positives, negatives=negatives)
                setting = f"{positives} and {negatives} cases, area {area}"
                counted(tally, partial_auc(scores, labels, min_specificity=0.8), truth=truth, setting=setting)
    yield from tally.coverages("partial_auc")


def of_sensitivities(
    *,
    draws: int,
    seed: int,
    areas: Sequence[float] = (0.75, 0.93),
    sizes: Sequence[tuple[int, int]] = (*SIZES, (60, 400), (200, 1000)),
) -> Iterator[Coverage]:
    generator, tally = np.random.default_rng(seed), Tally()
    for positives, negatives in sizes:
        for area in areas:
            truth = float(special.ndtr(distance(area) + special.ndtri(0.1)))
            for _ in range(draws):
                scores, labels = scores_of(generator, area=area, positives=positives, negatives=negatives)
                estimate = sensitivity_at_specificity(scores, labels, specificity=0.9)
                setting = f"{positives} and {negatives} cases, area {area}"
                counted(tally, estimate, truth=truth, setting=setting)
    yield from tally.coverages("sensitivity_at_specificity")


def of_classes(*, draws: int, seed: int) -> Iterator[Coverage]:
    """Three classes, each scored by a normal that is higher in its own."""
    generator, tally = np.random.default_rng(seed), Tally()
    for sizes in ((10, 20, 40), (40, 40, 40), (60, 120, 240)):
        for area in (0.7, 0.85, 0.95):
            for _ in range(draws):
                labels = np.repeat(np.arange(3), sizes)
                scores = generator.normal(distance(area) * np.eye(3)[labels])
                setting = f"{sizes} cases, area {area}"
                counted(tally, pairwise_auc(scores, labels), truth=area, setting=setting)
    yield from tally.coverages("pairwise_auc")


def of_differences(*, draws: int, seed: int) -> Iterator[Coverage]:
    generator = np.random.default_rng(seed)
    paired, unpaired = Tally(), Tally()
    for positives, negatives in SIZES:
        for first, second in ((0.75, 0.75), (0.9, 0.8), (0.97, 0.93)):
            setting, truth = f"{positives} and {negatives} cases, areas {first} and {second}", first - second
            for _ in range(draws):
                labels = np.repeat([1, 0], [positives, negatives])
                common = generator.normal(0, np.sqrt(0.5), labels.size)
                a, b = (
                    distance(area) * labels + common + generator.normal(0, np.sqrt(0.5), labels.size)
                    for area in (first, second)
                )
                counted(paired, paired_auc_difference(a, b, labels), truth=truth, setting=setting)
                other = scores_of(generator, area=second, positives=negatives, negatives=positives)
                counted(unpaired, unpaired_auc_difference(a, labels, *other), truth=truth, setting=setting)
    yield from paired.coverages("paired_auc_difference")
    yield from unpaired.coverages("unpaired_auc_difference")


def of_readers(*, draws: int, seed: int) -> Iterator[Coverage]:
    """Two treatments of equal area under the model of Roe and Metz (Acad Radiol 1997;4:298-303)."""
    generator = np.random.default_rng(seed)
    by_variance, by_moments = Tally(), Tally()
    for readers, positives, negatives in ((4, 25, 50), (8, 50, 100)):
        for area in (0.75, 0.9):
            for _ in range(draws):
                rows = reader_rows(generator, area=area, readers=readers, positives=positives, negatives=negatives)
                setting = f"{readers} readers, {positives} and {negatives} cases, area {area}"
                counted(by_variance, obuchowski_rockette(*rows), truth=0.0, setting=setting)
                counted(by_moments, u_statistic(*rows), truth=0.0, setting=setting)
    yield from by_variance.coverages("obuchowski_rockette")
    yield from by_moments.coverages("u_statistic")


def reader_rows(
    generator: Generator, *, area: float, readers: int, positives: int, negatives: int
) -> tuple[np.ndarray, ...]:
    """Return rows of a study without a difference: parts of the variance for cases, readers and what they share."""
    labels = np.repeat([1, 0], [positives, negatives])
    cases, shape = labels.size, (2, readers, labels.size)
    scores = distance(area) * labels + generator.normal(0, np.sqrt(0.3), cases)
    scores = (
        scores
        + generator.normal(0, np.sqrt(0.3), (2, 1, cases))
        + generator.normal(0, np.sqrt(0.2), (1, readers, cases))
    )
    for truth in (0, 1):
        of_class = labels == truth
        scores = scores + of_class * generator.normal(0, np.sqrt(0.01), (1, readers, 1))
        scores = scores + of_class * generator.normal(0, np.sqrt(0.01), (2, readers, 1))
    scores = scores + generator.normal(0, np.sqrt(0.2), shape)
    treatment, reader, case = (index.ravel() for index in np.indices(shape))
    return reader, treatment, case, labels[case], scores.ravel()
