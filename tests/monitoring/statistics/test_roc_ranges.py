"""The area from overlapping bins: the exact one lies between the bounds, and without overlap it is that of bins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from monitoring.statistics.results import NotEstimable
from monitoring.statistics.roc_histograms import auc_from_histograms
from monitoring.statistics.roc_ranges import auc_from_ranges

cases = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4), st.booleans()), min_size=4, max_size=40).filter(
    lambda rows: len({label for _, _, label in rows}) == 2
)


@settings(deadline=None)
@given(rows=cases)
def test_whatever_the_scores_in_the_bins_the_exact_area_is_within_the_bounds(rows):
    scores, widths, labels = (np.array(column, dtype=float) for column in zip(*rows, strict=True))

    found = auc_from_ranges(scores - widths, scores + widths / 2, labels == 0, labels == 1)

    assert found.lower_bound - 1e-12 <= roc_auc_score(labels, scores) <= found.upper_bound + 1e-12
    assert found.lower_bound - 1e-12 <= found.value <= found.upper_bound + 1e-12


@settings(deadline=None)
@given(rows=cases)
def test_bins_of_one_value_give_the_exact_area(rows):
    scores, _, labels = (np.array(column, dtype=float) for column in zip(*rows, strict=True))

    found = auc_from_ranges(scores, scores, labels == 0, labels == 1)

    assert found.value == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert found.upper_bound - found.lower_bound < 1e-12


def test_without_overlap_it_is_the_area_of_bins():
    generator = np.random.default_rng(4)
    negative, positive = generator.poisson(9, 40), generator.poisson(np.linspace(1, 12, 40))
    edges = np.arange(40.0)

    ours = auc_from_ranges(edges, edges + 0.5, negative, positive)
    theirs = auc_from_histograms(negative, positive)

    assert (ours.value, ours.lower_bound, ours.upper_bound) == pytest.approx(
        (theirs.value, theirs.lower_bound, theirs.upper_bound)
    )
    assert ours.variance == pytest.approx(theirs.variance)


def test_one_class_has_no_area():
    assert isinstance(auc_from_ranges([0, 1], [1, 2], [3, 4], [0, 0]), NotEstimable)


def test_a_bin_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="ends before"):
        auc_from_ranges([1.0], [0.0], [1], [1])
