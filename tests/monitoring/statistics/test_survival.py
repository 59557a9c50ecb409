"""Harrell's C, held to its definition and to the area under the curve where nothing is censored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.roc import auc
from monitoring.statistics.survival import concordance_index

rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.booleans()), min_size=2, max_size=12)


def by_definition(scores, times, events):
    won = told = 0.0
    for i, j in np.ndindex(len(scores), len(scores)):
        if events[i] and (times[i] < times[j] or (times[i] == times[j] and not events[j])):
            told += 1
            won += 1.0 if scores[i] > scores[j] else 0.5 * (scores[i] == scores[j])
    return won / told if told else None


@given(rows)
def test_it_is_its_definition(drawn):
    scores, times, events = zip(*drawn, strict=True)
    found, value = concordance_index(scores, times, events), by_definition(scores, times, events)

    if value is None:
        assert isinstance(found, NotEstimable)
    else:
        assert found.value == pytest.approx(value)
        assert found.interval.low <= value <= found.interval.high


def test_events_at_one_time_and_everybody_else_later_is_the_area_under_the_curve():
    generator = np.random.default_rng(2)
    labels = generator.random(300) < 0.3
    scores = generator.normal(labels, 1)

    found, plain = concordance_index(scores, np.where(labels, 1, 9), labels), auc(scores, labels)

    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(plain.value)
    assert found.interval.width == pytest.approx(plain.interval.width, rel=0.05)


def test_negative_times_are_refused():
    with pytest.raises(ValueError, match="negative"):
        concordance_index([1, 2], [-1, 2], [1, 0])
