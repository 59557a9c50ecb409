"""The pages of signals: who sees them, what they say, what a recipient of aggregates does not see."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from audit.access.models import User
from monitoring.signals.actions import acknowledge_signal
from monitoring.signals.hiding import shown_evidence
from monitoring.signals.models import Monitor, Signal
from monitoring.signals.presenting import shown_status
from tests.factories import make_network, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIST = "/signals/"


def share(value: float, cases: int) -> dict:
    return {
        "value": value,
        "low": value - 0.1,
        "high": min(1.0, value + 0.1),
        "successes": round(value * cases),
        "cases": cases,
    }


def evidence(cases: int = 40) -> dict:
    cells = {"sensitivity": share(0.86, 90), "specificity": share(0.9, 200)}
    since = {"sensitivity": share(0.8, cases), "specificity": share(0.54, cases)}
    mix = {"prevalence": share(0.28, 90), "flag_rate": share(0.3, 90), "label_coverage": share(0.8, 90)}
    return {
        "statement": "at most one false alarm in 10 years on average",
        "method": "Bernoulli CUSUM",
        "reference": {"from": "2025-01-01", "to": "2025-05-01", "cases": 290},
        "alarms": [],
        "metric": "specificity",
        "before": cells,
        "since": since,
        "case_mix": {"before": mix, "since": mix},
        "scanners": [{"scanner": "n1", "before": share(0.9, 90), "since": share(0.4, cases)}],
        "months": [{"month": "2026-01"} | share(0.9, 50), {"month": "2026-02"} | share(0.5, cases)],
        "threshold": 4.2,
        "chart": [{"on": "2026-02-01", "value": 1.0}, {"on": "2026-02-08", "value": 4.4}],
        "arl0": 3652.5,
    }


def make_signal(number: int = 1, *, deployment: str = "cxr-north", site: str = "north", cases: int = 40) -> Signal:
    organisation = "south-clinic" if site == "south" else "north-group"
    monitor, _ = Monitor.objects.get_or_create(
        key=f"{deployment}:performance:nodule:1.0",
        defaults={
            "organisation": organisation,
            "site_id": site,
            "product_id": "cxr",
            "deployment_id": deployment,
            "version": "1.0",
            "finding": "nodule",
            "kind": Monitor.Kind.PERFORMANCE,
            "design": {},
            "designed_at": NOW,
        },
    )
    began = date(2026, 2, 1) + timedelta(days=number)
    return Signal.objects.create(
        uid=f"{deployment}-{number}",
        monitor=monitor,
        status=Signal.Status.ACT,
        title="North Hospital: nodule specificity fell from 90 % to 54 %",
        summary=f"Labels of {cases} studies since 01 February 2026 show it.",
        began_on=began,
        alarm_on=began + timedelta(days=7),
        last_alarm_on=began + timedelta(days=7),
        raised_at=NOW,
        exposed_studies=cases,
        exposed_patients=cases,
        evidence=evidence(cases),
    )


@pytest.fixture
def network():
    make_network()


@pytest.fixture
def officer(network) -> User:
    return make_user(role="quality_officer", username="quality", organisation="north-group")


def test_a_stranger_is_sent_to_log_in(client, network):
    signal = make_signal()
    for address in (LIST, f"/signals/{signal.uid}/"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("access:log_in"))


def test_another_organisations_signal_is_404(client, officer):
    signal = make_signal(deployment="cxr-south", site="south")
    client.force_login(officer)
    assert client.get(f"/signals/{signal.uid}/").status_code == 404
    assert client.post(f"/signals/{signal.uid}/close/", {"reason": "not mine"}).status_code == 404


def test_the_list_names_the_site_the_fault_and_its_date(client, officer):
    make_signal()
    client.force_login(officer)
    page = client.get(LIST).content.decode()
    assert "North Hospital: nodule specificity fell from 90 % to 54 %" in page
    assert "2026-02-02" in page


def test_filters_are_in_the_address(client, officer):
    make_signal()
    client.force_login(officer)
    assert "fell from" in client.get(LIST + "?site=north&kind=performance").content.decode()
    assert "No signal matches" in client.get(LIST + "?kind=silence").content.decode()
    assert "No signal matches" in client.get(LIST + "?state=closed").content.decode()


def test_a_signal_shows_before_and_since_with_interval_and_count(client, officer):
    signal = make_signal()
    client.force_login(officer)
    page = client.get(f"/signals/{signal.uid}/").content.decode()
    assert "90.0 % (80.0–100.0 %), n = 200" in page
    assert "54.0 % (44.0–64.0 %), n = 40" in page
    assert "at most one false alarm in 10 years on average" in page


def test_taking_and_closing_are_shown_with_their_words(client, officer):
    signal = make_signal()
    client.force_login(officer)
    client.post(f"/signals/{signal.uid}/acknowledge/", {"note": "called the site"})
    client.post(f"/signals/{signal.uid}/close/", {"reason": "look-up table set back"})
    page = client.get(f"/signals/{signal.uid}/").content.decode()
    assert "called the site" in page
    assert "look-up table set back" in page
    signal.refresh_from_db()
    assert (signal.state, signal.owner) == ("closed", "quality")


def test_closing_needs_a_reason(client, officer):
    signal = make_signal()
    client.force_login(officer)
    assert client.post(f"/signals/{signal.uid}/close/", {"reason": ""}).status_code == 422
    signal.refresh_from_db()
    assert signal.state == "open"


def test_a_regulator_looks_and_cannot_close(client, network):
    signal = make_signal()
    client.force_login(make_user(role="regulator", username="regulator"))
    assert "Close it" not in client.get(f"/signals/{signal.uid}/").content.decode()
    assert client.post(f"/signals/{signal.uid}/close/", {"reason": "no right to"}).status_code == 404


def test_a_manufacturer_sees_no_small_cell_and_no_cases(client, network):
    signal = make_signal(cases=7)
    client.force_login(make_user(role="quality_officer", username="maker", organisation="cxr-maker", level="aggregate"))
    page = client.get(f"/signals/{signal.uid}/").content.decode()
    assert "fewer than 11, hidden by the sharing agreement" in page
    assert "North Hospital: nodule specificity fell" in page
    assert "54 %" not in page
    assert "n = 7" not in page
    assert "Labels of 7 studies" not in page
    assert "/cases/" not in page


def test_a_share_of_a_signal_tells_a_manufacturer_no_small_count(client, network):
    """80 % of 40 would tell 8 wrong answers; a lone hidden month would be told by its neighbours."""
    signal = make_signal(cases=40)
    client.force_login(make_user(role="quality_officer", username="maker", organisation="cxr-maker", level="aggregate"))
    page = client.get(f"/signals/{signal.uid}/").content.decode()
    assert "(70.0–90.0 %), n = 40" not in page
    assert "86.0 %" in page
    shown = shown_evidence(
        {"months": [{"month": "1"} | share(0.9, 5), {"month": "2"} | share(0.5, 90)]}, minimum_count=11
    )
    assert [set(each) for each in shown["months"]] == [{"month", "reason"}] * 2


def test_a_quiet_spell_tells_a_manufacturer_no_small_count():
    spell = {"count": 2, "expected": 9.0, "probability": 1e-4}
    assert shown_evidence({"spells": [spell]}, minimum_count=11)["spells"][0]["count"] == "fewer than 11"


def test_what_a_house_wrote_and_who_did_stays_there(client, network, officer):
    signal = make_signal(cases=40)
    acknowledge_signal(signal=signal, by=officer, now=NOW, note="Dr Doe has called the vendor")
    client.force_login(officer)
    assert "Dr Doe has called" in client.get(f"/signals/{signal.uid}/").content.decode()
    client.force_login(make_user(role="quality_officer", username="maker", organisation="cxr-maker", level="aggregate"))
    page = client.get(f"/signals/{signal.uid}/").content.decode()
    assert "Acknowledged by north-group" in page
    assert "Dr Doe" not in page
    assert "user:quality" not in page


def test_the_reason_of_a_status_tells_a_manufacturer_no_share():
    said = "nodule sensitivity fell from 90 % to 43 %"
    assert shown_status(said, minimum_count=11) == "nodule sensitivity fell"
    assert shown_status(said, minimum_count=0) == said


def test_the_list_costs_the_same_for_many_signals(client, officer, django_assert_max_num_queries):
    client.force_login(officer)
    for number in range(1, 4):
        make_signal(number)
    with django_assert_max_num_queries(12) as few:
        client.get(LIST)
    for number in range(4, 16):
        make_signal(number)
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(LIST)
