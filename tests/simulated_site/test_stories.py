"""Stories on the simulated sites: what must raise a signal, where, and what must not."""

import pytest

from inference.results.models import Inference

pytestmark = pytest.mark.slow

CLEAN_WEEKS = 16


def sites(signals):
    return {signal.monitor.site_id for signal in signals}


def test_nothing_is_lost_and_nothing_is_raised_in_clean_weeks(simulated_site):
    simulated_site.run(weeks=4)

    assert Inference.objects.count() == len(simulated_site.studies)
    assert [signal for signal in simulated_site.signals() if signal.status == "act"] == []


def test_a_changed_look_up_table_raises_a_signal_at_that_site_only(simulated_site):
    simulated_site.run(weeks=CLEAN_WEEKS)
    simulated_site.change_look_up_table(gamma=0.5, site="north")
    changed_on = simulated_site.day
    simulated_site.run(weeks=8)

    raised = [signal for signal in simulated_site.signals() if signal.alarm_on >= changed_on]
    assert sites(raised) == {"north"}
    assert {"score", "performance"} <= {signal.monitor.kind for signal in raised}


def test_a_prevalence_change_moves_scores_but_is_no_fault_of_performance(simulated_site):
    simulated_site.run(weeks=CLEAN_WEEKS)
    simulated_site.change_prevalence(to=0.5, site="east")
    simulated_site.run(weeks=10)

    assert simulated_site.signals(site="east", kind="performance") == []


def test_a_silent_feed_raises_a_signal(simulated_site):
    simulated_site.run(weeks=CLEAN_WEEKS)
    simulated_site.fall_silent(site="north")
    silent_from = simulated_site.day
    simulated_site.run(weeks=1)
    simulated_site.speak_again(site="north")
    simulated_site.run(weeks=1)

    (signal, *_) = simulated_site.signals(site="north", kind="silence")
    assert signal.began_on >= silent_from
    assert simulated_site.signals(site="east", kind="silence") == []


def test_an_unregistered_version_is_counted_raised_and_not_lost(simulated_site):
    simulated_site.run(weeks=2)
    simulated_site.send_version("9.9-rc1", site="north")
    simulated_site.run(weeks=1)

    flagged = Inference.objects.filter(version="9.9-rc1", flags__contains=["unregistered_version"])
    assert flagged.count() == sum(study.version == "9.9-rc1" for study in simulated_site.studies) > 0
    assert sites(simulated_site.signals(kind="flagged")) == {"north"}
