"""Buckets of patients give the spread that the patients themselves give, within the noise that Kott says."""

import numpy as np
import pytest

from monitoring.statistics.patient_buckets import auc_from_buckets, share_from_buckets
from monitoring.statistics.proportions import clustered
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.roc import auc

BUCKETS, PATIENTS, STUDIES = 128, 4_000, 3
NOISE = 1 / np.sqrt(2 * (BUCKETS - 1))  # Kott 2001: relative noise of the standard error


def patients_of(generator):
    """Three studies a patient, alike with an intra-class correlation of .35 on the latent scale."""
    own = generator.normal(size=(PATIENTS, 1)) * np.sqrt(0.35)
    latent = own + generator.normal(size=(PATIENTS, STUDIES)) * np.sqrt(0.65)
    return latent, generator.integers(0, BUCKETS, PATIENTS)


def width(found):
    assert isinstance(found, Estimate)
    return found.interval.width


def share(latent, bucket):
    hits = (latent > 0.6).sum(axis=1)
    trials = np.full(PATIENTS, STUDIES)
    in_buckets = share_from_buckets(np.bincount(bucket, hits, BUCKETS), np.bincount(bucket, trials, BUCKETS))
    return in_buckets, clustered(hits, trials)


def area(latent, bucket, generator):
    truth = generator.random(PATIENTS) < 0.3
    scores = latent + 1.2 * truth[:, None]
    place = np.clip(((scores + 4) * 8).astype(int), 0, 63)
    cells = (bucket[:, None] * 64 + place).ravel()
    labels = np.repeat(truth, STUDIES)
    counts = [np.bincount(cells[labels == each], minlength=BUCKETS * 64).reshape(BUCKETS, 64) for each in (0, 1)]
    exact = auc(scores.ravel(), labels, clusters=np.repeat(np.arange(PATIENTS), STUDIES))
    return auc_from_buckets(*counts, value=exact.value), exact


@pytest.mark.parametrize("seed", range(6))
def test_the_interval_of_a_share_is_that_of_its_patients(seed):
    in_buckets, exact = share(*patients_of(np.random.default_rng(seed)))

    assert in_buckets.value == pytest.approx(exact.value, abs=1e-12)
    assert width(in_buckets) == pytest.approx(width(exact), rel=4 * NOISE)


@pytest.mark.parametrize("seed", range(6))
def test_the_interval_of_an_area_is_that_of_its_patients(seed):
    generator = np.random.default_rng(seed)
    in_buckets, exact = area(*patients_of(generator), generator)

    assert width(in_buckets) == pytest.approx(width(exact), rel=4 * NOISE)


def test_on_average_the_widths_agree_within_two_hundredths():
    ratios = []
    for seed in range(40):
        in_buckets, exact = share(*patients_of(np.random.default_rng(100 + seed)))
        ratios.append(width(in_buckets) / width(exact))

    assert np.mean(ratios) == pytest.approx(1.0, abs=0.03)
    assert np.std(ratios) == pytest.approx(NOISE, abs=0.03)


def test_a_share_is_covered_as_often_as_said():
    truth = 0.27425  # P(latent > 0.6), standard normal
    inside = [truth in share(*patients_of(np.random.default_rng(1_000 + seed)))[0].interval for seed in range(400)]

    assert 0.92 <= np.mean(inside) <= 0.98


def test_buckets_with_too_few_cases_give_no_interval():
    hits, trials = np.ones(BUCKETS), np.full(BUCKETS, 20)

    assert isinstance(share_from_buckets(hits, trials), NotEstimable)
    assert isinstance(auc_from_buckets(np.ones((BUCKETS, 64)), np.eye(BUCKETS, 64)), NotEstimable)


def test_more_successes_than_trials_are_refused():
    with pytest.raises(ValueError, match="more successes"):
        share_from_buckets([3, 1], [2, 2])
