"""Intervals hold the truth as often as they say: the benchmark's sums and simulations, made small."""

import numpy as np
import pytest
from scipy import stats

from monitoring.statistics.proportions import non_inferior
from tests.benchmarks import (
    coverage_of_areas,
    coverage_of_calibration,
    coverage_of_proportions,
    coverage_of_samples,
)
from tests.benchmarks.coverage import Coverage, Tally

CORNERS = (0.75, 0.93)


def test_exact_intervals_never_cover_less_and_wilson_covers_on_average():
    exact, approximate = coverage_of_proportions.of_one_proportion((1, 2, 7, 40, 150))
    assert exact.worst >= 0.95
    assert 0.935 <= approximate.average <= 0.97


def test_counts_per_exposure_and_their_ratio_never_cover_less():
    assert coverage_of_samples.of_counts().holds
    assert coverage_of_samples.of_count_ratios().holds


def test_the_textbook_interval_fails_this_test():
    assert not coverage_of_proportions.wald().holds


def test_differences_and_ratios_cover_on_average():
    for coverage in coverage_of_proportions.of_two_proportions(((10, 15), (40, 30))):
        assert coverage.holds, str(coverage)


@pytest.mark.parametrize("trials", [10, 60, 400])
def test_a_non_inferiority_test_is_wrong_at_most_as_often_as_it_says(trials):
    for floor in np.linspace(0.05, 0.95, 19):
        p_values = np.array([non_inferior(count, trials, floor=floor).p_value for count in range(trials + 1)])
        chances = stats.binom.pmf(np.arange(trials + 1), trials, floor)
        assert all(chances[p_values <= alpha].sum() <= alpha + 1e-12 for alpha in (0.01, 0.025, 0.05, 0.2))


@pytest.mark.parametrize("method", ["logit", "wilson"])
def test_clustered_proportions_cover(method):
    for coverage in coverage_of_proportions.of_clusters(method=method, draws=100, seed=11, clusters=(8, 60, 250)):
        assert coverage.holds, str(coverage)


SMALL = [
    (coverage_of_areas.of_one_area, {"sizes": ((8, 80), (60, 60)), "areas": CORNERS, "draws": 500}),
    (coverage_of_areas.of_clusters, {"patients": (20, 150), "areas": CORNERS, "draws": 300}),
    (
        coverage_of_areas.of_weights,
        {"designs": ((40, 800, 0.1), (200, 3000, 1 / 3)), "areas": CORNERS, "draws": 400},
    ),
    (coverage_of_areas.of_histograms, {"areas": CORNERS, "draws": 300}),
    (coverage_of_areas.of_partial_areas, {"areas": CORNERS, "draws": 80}),
    (coverage_of_areas.of_sensitivities, {"sizes": ((10, 100), (60, 400)), "draws": 500}),
    (coverage_of_areas.of_classes, {"draws": 100}),
    (coverage_of_areas.of_differences, {"draws": 90}),
    (coverage_of_areas.of_readers, {"draws": 150}),
    (coverage_of_calibration.coverages, {"sizes": (40, 200), "draws": 200}),
    (coverage_of_samples.of_weighted_rates, {"designs": ((60, 60, 120), (300, 300, 300)), "draws": 400}),
    (coverage_of_samples.of_verification, {"draws": 300}),
]


@pytest.mark.parametrize(("simulate", "options"), SMALL, ids=[each[0].__name__ for each in SMALL])
def test_simulated_intervals_cover(simulate, options):
    for coverage in simulate(seed=5, **options):
        assert coverage.holds, str(coverage)


def test_a_setting_counts_for_the_regime_of_most_of_its_draws():
    tally = Tally()
    for hit, below in ((True, True), (False, False), (True, False)):
        tally.add(setting="one", hit=hit, is_below_floor=below)
    (coverage,) = tally.coverages("some")
    assert (coverage.kind, coverage.average, coverage.draws) == ("approximate", pytest.approx(2 / 3), 3)


@pytest.mark.parametrize(
    ("kind", "average", "worst", "holds"),
    [
        ("exact", 0.97, 0.95, True),
        ("exact", 0.97, 0.94, False),
        ("approximate", 0.98, 0.97, False),
        ("approximate", 0.95, 0.90, True),
        ("conservative", 0.93, 0.90, False),
    ],
)
def test_what_holds(kind, average, worst, holds):
    assert Coverage(name="some", kind=kind, average=average, worst=worst, where="").holds is holds
