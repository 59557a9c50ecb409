"""So many events: the predictive probability against SciPy's, and spells found where they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.statistics.bursts import crowded_spells, probability_of_so_many
from monitoring.statistics.silence import SilenceDesign, probability_of_so_few

DESIGN = SilenceDesign(arl0=3652, longest=7, reference_count=20, dispersion=1.0)


@pytest.mark.parametrize(("count", "expected"), [(3, 1.0), (7, 2.5), (1, 0.1), (12, 4.0)])
def test_the_probability_is_that_of_a_gamma_mixture_of_poisson(count, expected):
    mixture = stats.nbinom(20, 20 / (20 + expected))
    assert probability_of_so_many(count, expected, design=DESIGN) == pytest.approx(mixture.sf(count - 1), rel=1e-9)


@given(st.integers(0, 60), st.floats(0.05, 40))
def test_so_few_and_so_many_overlap_in_the_count_itself(count, expected):
    below = probability_of_so_few(count, expected, design=DESIGN)
    above = probability_of_so_many(count + 1, expected, design=DESIGN)
    assert below + above == pytest.approx(1.0, abs=1e-9)


def test_no_event_is_never_too_many():
    assert crowded_spells(np.zeros(30, dtype=int), np.zeros(30), design=DESIGN) == ()


def test_a_burst_of_two_days_is_one_spell():
    counts = [0] * 20 + [15, 12] + [0] * 8
    (spell,) = crowded_spells(counts, [0.5] * 30, design=DESIGN)
    assert spell.noticed == 20 and spell.count >= 15
