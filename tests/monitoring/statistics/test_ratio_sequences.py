import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from monitoring.statistics.confidence_sequences import betting_sequence
from monitoring.statistics.ratio_sequences import BETS, bounds_at_looks, latest, log_capital, weighted
from monitoring.statistics.results import NotEstimable

VALUES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=40)


@pytest.mark.parametrize(("successes", "trials", "mean"), [(0, 10, 0.3), (9, 10, 0.5), (181, 200, 0.85)])
def test_for_yes_and_no_the_capital_is_a_mean_of_likelihood_ratios(successes, trials, mean):
    """A bet b against m is the likelihood ratio of q = m + b(1 - m): the mixture of Robbins (1970), Ann Math Stat."""
    entered = weighted([1.0] * successes + [0.0] * (trials - successes), looks=[trials])

    q = mean + BETS * (1 - mean)
    ratios = np.exp(binom.logpmf(successes, trials, q) - binom.logpmf(successes, trials, mean))

    assert log_capital(entered, mean=mean)[0] == pytest.approx(np.log(ratios.mean()))


def test_the_bounds_are_where_the_capital_reaches_its_limit():
    entered = weighted([1.0] * 90 + [0.0] * 10, looks=[100])
    found = latest(entered)

    assert log_capital(entered, mean=found.interval.low)[0] == pytest.approx(np.log(40), abs=1e-6)
    assert log_capital(entered.flipped, mean=1 - found.interval.high)[0] == pytest.approx(np.log(40), abs=1e-6)
    assert (found.value, found.cases) == (0.9, 100)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
def test_it_is_about_as_narrow_as_the_published_betting_sequence(share):
    rng = np.random.default_rng(8)
    values = (rng.random(1_000) < share).astype(float)
    theirs = betting_sequence(values)

    ours = latest(weighted(values, looks=[1_000]))

    assert 0.6 < ours.interval.width / theirs.interval.width < 1.5


def test_weights_estimate_the_whole_and_not_the_sample():
    values, weights = [1.0] * 40 + [0.0] * 10, [1.0] * 40 + [4.0] * 10

    assert latest(weighted(values, weights=weights, ceiling=4.0)).value == pytest.approx(0.5)


def test_equal_weights_below_their_ceiling_cost_width_and_move_nothing():
    values = [1.0] * 80 + [0.0] * 20
    full, half = latest(weighted(values)), latest(weighted(values, weights=[1.0] * 100, ceiling=2.0))

    assert half.value == pytest.approx(full.value)
    assert half.interval.width > full.interval.width


@given(VALUES, st.randoms())
def test_the_order_of_values_makes_no_difference(values, random):
    shuffled = random.sample(values, len(values))

    one, other = latest(weighted(values)), latest(weighted(shuffled))

    assert one.interval.low == pytest.approx(other.interval.low, abs=1e-9)
    assert one.interval.high == pytest.approx(other.interval.high, abs=1e-9)


@given(VALUES)
def test_the_interval_holds_the_mean_mirrors_and_has_a_width(values):
    found, mirrored = latest(weighted(values)), latest(weighted([1 - each for each in values]))

    assert found.interval.low <= found.value <= found.interval.high
    assert found.interval.low == pytest.approx(1 - mirrored.interval.high, abs=1e-9)


@given(VALUES, st.floats(0.05, 0.9), st.floats(0.01, 0.05))
def test_the_capital_falls_with_the_mean_bet_against(values, mean, step):
    entered = weighted(values)

    assert np.all(log_capital(entered, mean=mean) >= log_capital(entered, mean=mean + step) - 1e-12)


def test_the_path_ends_where_the_last_look_does():
    rng = np.random.default_rng(4)
    entered = weighted((rng.random(300) < 0.8).astype(float), looks=range(10, 301, 10))

    low, high = bounds_at_looks(entered)

    assert low[-1] == pytest.approx(latest(entered).interval.low, abs=1e-4)
    assert high[-1] == pytest.approx(latest(entered).interval.high, abs=1e-4)


@pytest.mark.parametrize(
    ("values", "said", "message"),
    [
        ([1.2], {}, "in \\[0, 1\\]"),
        ([float("nan")], {}, "in \\[0, 1\\]"),
        ([1.0], {"weights": [2.0]}, "at most the ceiling"),
        ([1.0], {"weights": [0.0]}, "above 0"),
        ([1.0], {"weights": [1.0, 1.0]}, "one length"),
        ([1.0, 0.0], {"looks": [2, 1]}, "ascend"),
        ([1.0], {"looks": [2]}, "ascend"),
    ],
)
def test_impossible_input_is_refused(values, said, message):
    with pytest.raises(ValueError, match=message):
        weighted(values, **said)


def test_without_values_there_is_no_estimate():
    assert isinstance(latest(weighted([])), NotEstimable)
