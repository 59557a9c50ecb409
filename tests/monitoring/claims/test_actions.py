from datetime import timedelta

import pytest

from audit.log.models import Act
from inference.registry.models import Claim
from monitoring.claims.actions import switch_off
from monitoring.claims.designs import design_from
from monitoring.claims.models import ClaimSwitch
from monitoring.errors import ClaimSwitchError
from tests.factories import make_network
from tests.monitoring.claims.held import hold, register_claim
from tests.monitoring.dashboards.watched import LATER, make_watched

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("said", "lacks"),
    [
        ({"margin": None}, "a margin"),
        ({"source": None}, "a source document"),
        ({"verified": False}, "verification by a person"),
        ({"effect": "relative"}, "a change names what it is measured against"),
        ({"metric": "workload"}, "nothing here measures workload"),
    ],
)
def test_a_claim_that_lacks_something_cannot_be_switched_on(said, lacks):
    make_network()
    claim = register_claim(**said)

    with pytest.raises(ClaimSwitchError, match=lacks):
        hold(claim)

    assert not ClaimSwitch.objects.exists()


def test_switching_on_fixes_the_design_and_is_an_entry_of_the_houses_log():
    make_network()
    claim = register_claim(population="{sex: F}")

    switch = hold(claim, period_days=90)

    design = design_from(switch.design)
    assert (design.terms.value, design.terms.population, design.period_days) == (0.9, {"sex": ("F",)}, 90)
    act = Act.objects.get(subject=f"claim/cxr/{claim.pk}")
    assert (act.organisation, act.entry.kind, act.entry.actor) == ("north-group", "claim.switched_on", "user:quality")
    assert act.details["design"] == switch.design
    assert act.details["source"] == "IFU 1.0 §7"


def test_a_claim_is_switched_once_and_may_come_back():
    make_network()
    claim = register_claim()
    hold(claim)

    with pytest.raises(ClaimSwitchError, match="on already"):
        hold(claim)
    off = {"claim": claim, "organisation": "north-group", "by": "user:quality", "reason": "Replaced", "now": LATER}
    switch_off(**off)
    with pytest.raises(ClaimSwitchError, match="off already"):
        switch_off(**off)
    hold(claim)

    assert list(ClaimSwitch.objects.order_by("pk").values_list("is_on", flat=True)) == [True, False, True]


def test_each_organisation_switches_for_itself():
    make_network()
    claim = register_claim()

    hold(claim)
    hold(claim, organisation="south-clinic")

    assert ClaimSwitch.objects.filter(is_on=True).count() == 2


def test_how_rarely_the_detector_may_err_follows_from_the_labels_that_come():
    make_watched()  # 20 positives in 90 days

    design = design_from(hold(register_claim(), alarm_years=20).design)

    assert design.patients_per_day == {"cxr-north": pytest.approx(20 / 90, abs=0.001)}
    assert design.arl0("cxr-north") == pytest.approx(20 * 365.25 * 20 / 90, rel=0.01)
    assert design.arl0("cxr-east") == 20 * 365.25  # no label yet: one a day is assumed


def test_without_a_look_back_only_labels_that_arrive_later_count():
    make_watched()

    design = design_from(hold(register_claim(), from_launch=False).design)

    assert (design.counts_from, design.is_retrospective) == (LATER, False)


def test_a_registered_change_leaves_the_design_as_it_was():
    make_network()
    claim = register_claim()
    switch = hold(claim, now=LATER + timedelta(days=1))

    Claim.objects.filter(pk=claim.pk).update(value=0.5)

    assert design_from(ClaimSwitch.objects.get(pk=switch.pk).design).terms.value == 0.9
