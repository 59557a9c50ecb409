"""The designed rate holds: stable sites with finite references are watched for years and alarms are counted.

Twenty-five sites of eighteen months, some 31 years under watch after the reference. At the designed rate of
one alarm in ten years that is at most 3.1 alarms a monitor; 8 or more have a chance below 1 % even then.
"""

import pytest

from monitoring.signals.feed_watch import design_silence, silence_alarms
from monitoring.signals.metadata_watch import design_metadata, metadata_alarms
from monitoring.signals.performance_watch import design_performance, performance_alarms
from monitoring.signals.score_watch import design_scores, score_alarms
from tests.benchmarks.bench_false_alarms import product
from tests.monitoring.signals.simulated_stream import ERA, HEALTHY, known_by, simulate

SITES, DAYS, MOST = 25, 548, 7


@pytest.fixture(scope="module")
def stable_sites():
    return [simulate(days=DAYS, seed=seed, like=lambda _: HEALTHY.but(per_day=4.0)) for seed in range(SITES)]


def test_the_performance_monitor_holds_its_rate(stable_sites):
    alarms = 0
    for site in stable_sites:
        cases = known_by(site, site.last)
        alarms += len(performance_alarms(design_performance(cases, era=ERA, baseline=None), cases))
    assert alarms <= MOST


def test_the_score_monitor_holds_its_rate(stable_sites):
    assert sum(len(score_alarms(design_scores(site.cases, era=ERA), site.cases)) for site in stable_sites) <= MOST


def test_the_header_monitor_holds_its_rate(stable_sites):
    assert sum(len(metadata_alarms(design_metadata(site.runs), site.runs)) for site in stable_sites) <= MOST


def test_the_silence_monitor_holds_its_rate(stable_sites):
    alarms = sum(len(silence_alarms(design_silence(site.runs), site.runs, until=site.last)) for site in stable_sites)
    assert alarms <= MOST


def test_the_rate_holds_for_patients_with_several_studies():
    """Fifteen products, thirty years under watch, three to five studies a patient that err together."""
    found = [product(seed) for seed in range(15)]
    assert sum(each.performance for each in found) <= MOST
    assert sum(each.scores for each in found) <= MOST
    assert sum(each.naive for each in found) > 3 * MOST
