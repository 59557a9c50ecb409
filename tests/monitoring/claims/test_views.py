"""Pages of claims: how each stands, its switch, and what others may not see."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inference.registry.models import Claim
from monitoring.claims.models import ClaimSwitch
from monitoring.dashboards.catching_up import work_off
from tests.factories import inference_row, send, study_part, truth_row
from tests.monitoring.claims.held import hold, register_claim
from tests.monitoring.dashboards.watched import LATER, log_in, make_watched, send_studies

pytestmark = pytest.mark.django_db
PAGE = "/products/cxr/claims/"


def page_of(claim: Claim, **query: str) -> str:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{PAGE}{claim.pk}/{'?' if asked else ''}{asked}"


@pytest.fixture
def claim() -> Claim:
    """A product that misses every second finding, held to 90 % less 5."""
    make_watched(count=80, positives=60, missed=30)
    found = register_claim()
    hold(found)
    return found


def row_of(client, claim: Claim):
    return next(row for row in client.get(PAGE).context["rows"] if row.claim.pk == claim.pk)


def test_a_violated_claim_stands_first_with_its_figure_and_since_when(client, claim):
    log_in(client, organisation="north-group")

    row = client.get(PAGE).context["rows"][0]

    assert (row.claim.pk, row.standing.state, row.standing.label) == (claim.pk, "act", "violated")
    assert (row.standing.value, row.standing.patients, row.line) == ("50.0\u202f%", 60, "85 %")
    assert row.standing.since is not None


def test_a_claim_without_a_margin_says_what_it_lacks(client, claim):
    lacking = register_claim(margin=None, market="UK")
    log_in(client, organisation="north-group")

    row = row_of(client, lacking)

    assert row.standing.label == "cannot be switched on"
    assert row.missing == ("a margin: without one chance alone would decide",)


def test_templates_are_marked_and_are_no_claims_of_the_product(client, claim):
    log_in(client, organisation="north-group")

    answer = client.get(PAGE)

    assert "These are not claims of CXR Assist" in answer.content.decode()
    assert len(answer.context["quoted"]) == 8
    assert {row.claim.pk for row in answer.context["rows"]} == set(Claim.objects.values_list("pk", flat=True))


def test_the_page_of_a_claim_shows_its_design_and_reasons_that_add_up(client, claim):
    log_in(client, organisation="north-group")

    found = client.get(page_of(claim)).context

    assert found["logged"] == 80 == found["used"] + sum(number for _, number in found["left_out"])
    assert found["figure"].rows[-1][1] == "60"
    assert dict(found["design_facts"])["Line"] == "85 %"
    assert [name for name, _ in found["sites"]] == ["East Hospital", "North Hospital"]


def test_a_second_study_of_a_patient_labelled_later_is_left_out_and_counted(client, claim):
    log_in(client, organisation="north-group")
    send("inferences", inference_row(901, study=study_part(901, patient_id="P1")), now=LATER)
    send("truth", truth_row(901, determined_at="2026-03-05T10:00:00+01:00"), now=LATER)
    work_off(now=LATER)

    found = client.get(page_of(claim)).context

    assert (found["used"], found["logged"]) == (60, 81)
    assert ("A later label of a patient whose value had been used.", 1) in found["left_out"]


def test_the_file_has_a_line_for_each_day_with_labels(client, claim):
    log_in(client, organisation="north-group")

    lines = client.get(f"{PAGE}{claim.pk}/days.csv").content.decode().splitlines()

    assert lines[0].startswith("claim,organisation,version,labels_until,patients")
    assert len(lines) == 2
    assert lines[1].startswith(f"{claim.pk},north-group,1.0,2026-03-0")


def test_a_quality_officer_switches_a_claim_on_and_off(client, claim):
    other = register_claim(metric="specificity")
    user = log_in(client, organisation="north-group")
    form = {
        "reason": "Bought for it", "period_days": 180, "alarm_years": 10, "labels": "as_they_come", "ceiling": 20,
        "is_read": "on",
    }  # fmt: skip

    assert client.post(f"{PAGE}{other.pk}/switch-on/", form).status_code == 302
    switch = ClaimSwitch.objects.get(claim=other)
    assert (switch.by, switch.organisation, switch.is_on) == (user.actor, "north-group", True)
    assert client.post(f"{PAGE}{other.pk}/switch-off/", {"reason": "Replaced"}).status_code == 302
    assert not ClaimSwitch.objects.filter(claim=other).latest("pk").is_on


def test_who_has_not_read_the_figure_in_its_source_cannot_switch_it_on(client, claim):
    other = register_claim(metric="specificity")
    log_in(client, organisation="north-group")

    answer = client.post(f"{PAGE}{other.pk}/switch-on/", {"reason": "Bought for it", "period_days": 180})

    assert answer.status_code == 422
    assert not ClaimSwitch.objects.filter(claim=other).exists()


def test_a_claim_that_is_on_already_says_so(client, claim):
    log_in(client, organisation="north-group")
    form = {
        "reason": "Once more", "period_days": 180, "alarm_years": 10, "labels": "as_they_come", "ceiling": 20,
        "is_read": "on",
    }  # fmt: skip

    answer = client.post(f"{PAGE}{claim.pk}/switch-on/", form)

    assert answer.status_code == 422
    assert "on already" in str(answer.context["turning_on"].errors)


@pytest.mark.parametrize(
    ("grant", "status"),
    [
        ({"role": "radiologist", "organisation": "north-group"}, 404),
        ({"role": "quality_officer", "organisation": "north-group", "site": "north"}, 404),
        ({"role": "quality_officer", "organisation": "south-clinic"}, 404),
        ({"role": "quality_officer", "organisation": "cxr-maker"}, 404),
    ],
)
def test_nobody_else_switches_for_the_house(client, claim, grant, status):
    log_in(client, **grant)

    answer = client.post(f"{PAGE}{claim.pk}/switch-off/?organisation=north-group", {"reason": "Let it be"})

    assert answer.status_code == status
    assert ClaimSwitch.objects.count() == 1


def test_a_stranger_is_sent_to_log_in(client, claim):
    for address in (PAGE, page_of(claim)):
        assert client.get(address).status_code == 302


def test_another_hospital_sees_its_own_evidence_alone(client, claim):
    log_in(client, organisation="south-clinic")

    row = row_of(client, claim)

    assert (row.standing.label, row.organisation) == ("off", "south-clinic")
    assert client.get(page_of(claim, organisation="north-group")).status_code == 404


def test_a_manufacturer_sees_the_sum_and_no_single_day(client, claim):
    log_in(client, organisation="cxr-maker")

    answer = client.get(page_of(claim))

    assert answer.context["row"].standing.value == "50.0\u202f%"
    assert "figure" not in answer.context
    assert client.get(f"{PAGE}{claim.pk}/days.csv").status_code == 404
    assert "user:quality" not in answer.content.decode()


def test_a_sum_of_few_patients_is_hidden_from_a_manufacturer(client):
    make_watched(count=40, positives=20, missed=5)
    found = register_claim()
    hold(found)
    log_in(client, organisation="cxr-maker")

    row = row_of(client, found)

    assert row.standing.label == "not shown"
    assert "hidden by the sharing agreement" in row.standing.reason


@pytest.mark.parametrize("address", ["list", "claim"])
def test_a_page_costs_the_same_for_many_labels(client, claim, address, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    log_in(client, organisation="north-group")
    asked = PAGE if address == "list" else page_of(claim)
    client.get(asked)
    with CaptureQueriesContext(
        connection,
    ) as first:
        client.get(asked)
    send_studies(60, first=500, positives=30, missed=3, now=LATER)
    work_off(now=LATER + timedelta(days=1))
    with django_assert_num_queries(len(first)):
        client.get(asked)


def test_the_product_page_holds_the_same_claim_to_the_same_evidence(client, claim):
    log_in(client, organisation="north-group")

    rows = client.get("/products/cxr/").context["claims"]

    assert next(row for row in rows if row.claim.pk == claim.pk).standing.label == "violated"


def test_the_present_is_a_declared_period(client, claim):
    log_in(client, organisation="north-group")

    periods = client.get(page_of(claim)).context["periods"]

    assert sum(each.is_current for each, _ in periods) == 1
    assert all((each.ends_on - each.starts_on).days == 179 for each, _ in periods)
    assert periods[0][0].starts_on <= timezone.now().date() <= periods[0][0].ends_on


@pytest.mark.parametrize(
    "said",
    [
        {"metric": "auc", "value": 0.94},
        {"metric": "minutes_to_reader", "summary": "share_within", "limit": 15, "value": 0.8},
        {"metric": "minutes_to_treatment", "summary": "mean", "upper": 600, "value": 60},
        {"comparator": "frozen_baseline", "comparator_value": 0.8, "value": 0.05},
        {"comparator": "shadow_reads", "value": 0.05},
        {"metric": "false_positive_rate", "comparator": "unaided_arm", "effect": "relative", "value": -0.11},
        {"metric": "accuracy", "population": "{sex: F}"},
    ],
)
def test_every_kind_of_claim_has_its_page(client, claim, said):
    found = register_claim(**said)
    hold(found)
    log_in(client, organisation="north-group")

    context = client.get(page_of(found)).context

    assert context["row"].is_on
    assert context["logged"] == 80 == context["used"] + sum(number for _, number in context["left_out"])
