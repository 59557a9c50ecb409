"""How reads and truth meet their study: before, after and without a run, by each name; what does not fit is shown."""

from datetime import timedelta

import pytest
from django.urls import reverse

from inference.corrections.queries import GROUPS, groups_within, lines_of, shared_with
from inference.intake.models import SetAside
from inference.reads.models import Read
from inference.registry.models import Sharing, Site
from inference.results.models import Inference
from inference.studies.models import BY_DAY, BY_ORDER, SharedOrder, Study
from inference.truth.models import Truth
from monitoring.cases.facts import AsOf
from monitoring.cases.identity import identity_of
from monitoring.cases.loading import load_studies
from tests.factories import (
    NOON,
    correction_row,
    event_row,
    inference_row,
    make_network,
    make_user,
    read_row,
    send,
    study_part,
    truth_row,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)
NAMES = {
    "uid": {},
    "order": {"study_uid": None, "accession_number": "A1"},
    "day": {"study_uid": None, "patient_id": "P1", "acquired_on": "2026-03-02"},
}


@pytest.fixture(autouse=True)
def network():
    make_network()


def counts():
    return {each.key: each.count for each in groups_within(list(Site.objects.filter(pk="north")))}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("order", [("inferences", "reads", "truth"), ("truth", "reads", "inferences")])
def test_a_read_and_a_truth_meet_the_run_by_any_name_before_and_after_it(name, order):
    rows = {"inferences": inference_row(1), "reads": read_row(1) | NAMES[name], "truth": truth_row(1) | NAMES[name]}
    for kind in order:
        (receipt,) = send(kind, rows[kind])
        assert receipt.status == "stored"

    studies = {each.study_id for table in (Inference, Read, Truth) for each in table.objects.all()}
    assert len(studies) == Study.objects.count() == 1
    assert Read.objects.get().defaulted == {"uid": [], "order": [BY_ORDER], "day": [BY_DAY]}[name]
    assert counts() == dict.fromkeys(GROUPS, 0) | {"day": 2 if name == "day" else 0}


def test_what_no_product_has_met_is_shown_until_a_run_comes():
    send("reads", read_row(1))
    assert counts()["unmet"] == 1
    send("inferences", inference_row(1))
    assert counts()["unmet"] == 0


def test_an_event_that_waits_for_its_run_is_shown_until_that_comes():
    send("events", event_row(1))
    assert counts()["run"] == 1
    send("inferences", inference_row(1))
    assert counts()["run"] == 0


def test_a_read_by_order_is_shown_once_the_order_turns_out_to_cover_two_studies():
    send("inferences", inference_row(1))
    send("reads", read_row(1) | NAMES["order"])
    assert counts()["covers"] == 0

    send("inferences", inference_row(2, study=study_part(2, accession_number="A1")), now=LATER)

    (line,) = lines_of("covers", sites=list(Site.objects.filter(pk="north")))
    first = Inference.objects.order_by("id").first().study
    assert (line.kind, line.study, counts()["covers"], counts()["order"]) == ("read", str(first.pk), 1, 0)
    (pair,) = shared_with(first)
    assert (pair.known_at, pair.first) == (LATER, first.pk)


def test_it_is_settled_by_a_read_that_names_the_other_study_and_amends_it():
    send("inferences", inference_row(1))
    send("reads", read_row(1, read_uid="r1") | NAMES["order"])
    send("inferences", inference_row(2, study=study_part(2, accession_number="A1")))
    send("reads", read_row(2, read_uid="r2", amends="r1"))

    assert counts()["covers"] == 0
    assert Read.objects.order_by("id").last().study_id == Inference.objects.order_by("id").last().study_id


def test_a_third_study_of_an_order_is_known_too_and_said_once():
    for number in (1, 2, 3, 2, 3):
        send("inferences", inference_row(number, study=study_part(number, accession_number="A1")))

    assert SharedOrder.objects.count() == 2


def test_one_report_of_several_studies_is_a_read_on_each_that_it_names():
    send("inferences", *[inference_row(each, study=study_part(each, accession_number="A1")) for each in (1, 2)])
    send("reads", read_row(1, report_version="7"), read_row(2, report_version="7"))

    assert Read.objects.values("study").distinct().count() == 2
    assert counts()["covers"] == 0


def test_one_study_answers_several_orders():
    send(
        "inferences", inference_row(1), inference_row(1, inference_uid="b", study=study_part(1, accession_number="B9"))
    )
    by_second = read_row(1, reader="R2") | {"study_uid": None, "accession_number": "B9"}
    send("reads", read_row(1) | NAMES["order"], by_second)

    assert Study.objects.count() == 1
    assert Read.objects.values("study").distinct().count() == 1
    assert counts()["order"] == 0


def test_a_report_of_an_order_of_several_studies_is_stored_and_a_response_to_one_of_them_waits():
    send("inferences", *[inference_row(each, study=study_part(each, accession_number="A1")) for each in (1, 2)])
    (read,), (truth,) = send("reads", read_row(1) | NAMES["order"]), send("truth", truth_row(1) | NAMES["order"])
    named = {"accession_number": "A1", "study_uid": None}
    (cancelled,) = send("corrections", {"kind": "study_cancelled", "at": "2026-03-02T10:00:00Z"} | named)

    assert (read.status, truth.status, cancelled.status) == ("stored", "stored", "quarantined")
    assert (counts()["covers"], counts()["ambiguous"], SetAside.objects.count()) == (2, 1, 1)


def test_the_same_report_of_two_systems_under_two_uids_is_shown():
    send("inferences", inference_row(1))
    read = read_row(1, read_at="2026-03-02T09:00:00Z")
    send("reads", read | {"read_uid": "RIS-1"}, read | {"read_uid": "PACS-1"} | NAMES["order"])

    assert counts()["twice"] == 1


def test_the_same_read_of_two_systems_is_a_duplicate_and_another_content_a_conflict_that_is_shown():
    sent = read_row(1, read_uid="r1")
    assert [each.status for each in send("reads", sent) + send("reads", sent)] == ["stored", "duplicate"]
    (differs,) = send("reads", sent | {"decision": "negative"})

    assert (differs.status, counts()["differs"], Read.objects.get().decision) == ("conflict", 1, "positive")


def test_another_patient_of_a_known_study_is_shown():
    send("inferences", inference_row(1))
    send("reads", read_row(1, study={"patient_id": "P9"}))

    assert counts()["patient"] == 1


def persons(number, *, at):
    (facts,) = load_studies([Inference.objects.order_by("id")[number - 1].study_id])
    return identity_of(facts, as_of=AsOf(at=at))


def test_merges_and_their_end_hold_from_when_they_came_in():
    send("inferences", inference_row(1), inference_row(2))
    merge = {"patient_id": "P1", "other_patient_id": "P2"}
    send("corrections", correction_row(kind="merge", **merge), now=LATER)
    end = correction_row(kind="unmerge", at="2026-03-05T10:00:00Z", **merge)
    send("corrections", end, now=LATER + timedelta(days=5))

    days = [NOON, LATER, LATER + timedelta(days=5)]
    same = [persons(1, at=day).person == persons(2, at=day).person for day in days]
    assert same == [False, True, False]


def test_a_wrong_patient_a_death_and_an_opt_out_hold_from_when_they_came_in():
    send("inferences", inference_row(1), inference_row(2))
    send("corrections", correction_row(kind="wrong_patient", patient_id="P2", study_uid="1.2.826.0.1.1"), now=LATER)
    died = correction_row(kind="died", patient_id="P2", at="2026-03-02T20:00:00Z")
    send("corrections", died, correction_row(kind="opted_out", patient_id="P2"), now=LATER + timedelta(days=1))

    before, wrong, after = (persons(1, at=day) for day in (NOON, LATER, LATER + timedelta(days=1)))
    assert before.person != wrong.person == after.person
    assert (wrong.died_at, wrong.opted_out) == (None, False)
    assert (after.died_at.hour, after.opted_out, after.reason) == (20, True, "")


def test_a_site_whose_rule_says_so_stops_monitoring():
    make_network(
        "sites: [{key: north, organisation: north-group, name: North Hospital, timezone: Europe/Berlin, "
        "opt_out_stops_monitoring: true}]"
    )
    send("inferences", inference_row(1))
    send("corrections", correction_row(kind="opted_out"), now=LATER)

    assert [persons(1, at=day).reason for day in (NOON, LATER)] == ["", "opted_out"]


@pytest.mark.parametrize("name", ["study", "top"])
def test_a_phantom_is_known_by_the_sites_rule_before_its_id_is_a_pseudonym(name):
    named = {"study": {"patient_id": "PHANTOM-7"}} if name == "study" else {"patient_id": "PHANTOM-7"}
    send("reads", read_row(7, **named))

    assert Study.objects.get().described["study.purpose"] == "phantom_qa"


@pytest.fixture
def integrator(client):
    user = make_user(role="integrator", organisation="north-group")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_page_lists_each_group_filters_by_site_and_refuses_what_it_does_not_know(integrator):
    send("reads", read_row(1) | NAMES["day"])
    page = integrator.get(reverse("corrections:matching"), {"show": "unmet"}).content.decode()
    assert "Read or settled without a product" in page
    assert str(Study.objects.get().pk)[:8] in page
    elsewhere = integrator.get(reverse("corrections:matching"), {"show": "unmet", "site": "east"}).content.decode()
    assert str(Study.objects.get().pk)[:8] not in elsewhere
    assert integrator.get(reverse("corrections:matching"), {"show": "everything"}).status_code == 404


def test_the_page_takes_as_many_queries_for_many_facts_as_for_one(integrator, django_assert_max_num_queries):
    address = reverse("corrections:matching") + "?show=unmet"
    with django_assert_max_num_queries(60) as first:
        send_count = len(first.captured_queries)
        integrator.get(address)
        one = len(first.captured_queries) - send_count
    send("reads", *[read_row(each) for each in range(1, 30)])
    with django_assert_max_num_queries(60) as second:
        integrator.get(address)
    assert len(second.captured_queries) == one


def test_a_quality_officer_of_elsewhere_sees_no_page(client):
    user = make_user(role="quality_officer", organisation="south-clinic")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(reverse("corrections:matching")).status_code == 404


def test_a_patient_who_opted_out_is_shared_with_no_manufacturer_and_read_at_home(client):
    send("inferences", inference_row(1), inference_row(2))
    Sharing.objects.update(level="images")
    merge = correction_row(kind="merge", patient_id="P1", other_patient_id="P1-OLD")
    send("corrections", merge, correction_row(kind="opted_out", patient_id="P1-OLD"))
    out, other = (str(each.study_id) for each in Inference.objects.order_by("id"))
    maker = make_user(role="quality_officer", organisation="cxr-maker")
    officer = make_user(role="quality_officer", organisation="north-group")

    seen = [opens(client, who, study) for who in (maker, officer) for study in (out, other)]

    assert seen == [404, 200, 200, 200]


def opens(client, user, study):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(reverse("cases:counting", args=[study])).status_code
