"""Who opted out is shared with nobody and scored again by nobody; at home the study stays, and monitoring as ruled."""

from datetime import timedelta

import pytest
from django.urls import reverse

from audit.access.decisions import Scope
from audit.log.sequencing import sequence
from inference.corrections.persons import opted_out_persons, opted_out_studies, withheld_rows
from inference.registry.models import Deployment, Sharing, Site
from inference.rescoring.errors import NotRescorableError
from inference.rescoring.inputs import load_items, load_surroundings, tasks_of
from inference.rescoring.models import RescoreItem
from inference.rescoring.sampling import draw_sample
from inference.results.models import Inference
from inference.studies.models import Study
from inference.studies.pixels import store_dicom
from monitoring.cases.models import Case
from monitoring.rollups.actions import follow
from tests.factories import NOON, correction_row, inference_row, make_network, make_user, send
from tests.inference.dicom.objects import radiograph

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def three_studies(settings, tmp_path):
    """Three studies; the patient of the second opts out, under another name they had, one day later."""
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    make_network()
    Sharing.objects.update(level="images")
    send("inferences", *[inference_row(each, status="") for each in (1, 2, 3)])  # without a status: flagged
    merge = correction_row(kind="merge", patient_id="P2", other_patient_id="P2-OLD")
    send("corrections", merge, correction_row(kind="opted_out", patient_id="P2-OLD"), now=LATER)
    sequence(now=LATER)
    follow(now=LATER)


def studies():
    return list(Inference.objects.order_by("id").values_list("study_id", flat=True))


def as_user(client, role, organisation):
    client.force_login(make_user(role=role, organisation=organisation), backend=BACKEND)
    return client


def test_the_studies_of_who_opted_out_are_known_under_every_name_from_when_they_did():
    assert opted_out_studies(sites=["north"], by=LATER) == {studies()[1]}
    assert opted_out_studies(sites=["north"], by=NOON) == opted_out_persons(sites=["north"], by=NOON) == set()
    assert opted_out_studies(sites=["south"], by=LATER) == set()


def test_a_study_that_turns_out_to_be_theirs_is_withheld_and_one_that_was_not_theirs_no_more():
    wrong = [
        correction_row(kind="wrong_patient", patient_id="P2", study_uid="1.2.826.0.1.3"),
        correction_row(kind="wrong_patient", patient_id="P9", study_uid="1.2.826.0.1.2"),
    ]
    send("corrections", *wrong, now=LATER)

    assert opted_out_studies(sites=["north"], by=LATER) == {studies()[2]}


def test_an_opting_out_that_was_an_error_is_taken_back():
    made = correction_row(kind="opted_out", patient_id="P1", correction_uid="c1")
    back = correction_row(kind="opted_out", patient_id="P7", correction_uid="c2", amends="c1")
    send("corrections", made, now=LATER)
    assert studies()[0] in opted_out_studies(sites=["north"], by=LATER)
    send("corrections", back, now=LATER)

    assert studies()[0] not in opted_out_studies(sites=["north"], by=LATER)


@pytest.mark.parametrize(("organisation", "seen"), [("cxr-maker", [True, False, True]), ("north-group", [True] * 3)])
@pytest.mark.parametrize("address", ["dashboards:cases", "feeds:flagged", "feeds:flagged_csv"])
def test_lists_and_their_downloads_leave_the_study_out_for_the_manufacturer_and_keep_it_at_home(
    client, address, organisation, seen
):
    answer = as_user(client, "quality_officer", organisation).get(
        reverse(address), {"since": "2020-01-01", "until": "2099-01-01"} if "cases" not in address else {}
    )
    said = (b"".join(answer) if answer.streaming else answer.content).decode()

    assert answer.status_code == 200
    assert [str(study) in said for study in studies()] == seen


def test_the_list_of_cases_as_csv_is_the_same_list(client):
    answer = as_user(client, "quality_officer", "cxr-maker").get(reverse("dashboards:cases"), {"format": "csv"})
    said = (b"".join(answer) if answer.streaming else answer.content).decode()

    assert [str(study) in said for study in studies()] == [True, False, True]


def test_a_sample_to_score_again_draws_nobody_who_opted_out(settings):
    site, deployment = Site.objects.get(pk="north"), Deployment.objects.get(pk="cxr-north")
    for number in (1, 2, 3):
        store_dicom(radiograph(number), site=site, now=NOON)
    drawn = [set(draw_sample(deployment, size=9, seed=1, now=now)) for now in (NOON, LATER)]

    assert [len(each) for each in drawn] == [3, 2]
    out = Inference.objects.get(study_id=studies()[1])
    assert drawn[0] - drawn[1] == {out.pk}


def test_who_opts_out_after_the_draw_is_not_scored():
    from inference.rescoring.actions import start_run

    site, deployment = Site.objects.get(pk="north"), Deployment.objects.get(pk="cxr-north")
    for number in (1, 2, 3):
        store_dicom(radiograph(number), site=site, now=NOON)
    start_run(deployment=deployment, sample=9, seed=1, tolerance=0.1, plan="", actor="test", now=NOON)
    items = load_items(list(RescoreItem.objects.values_list("pk", flat=True)))
    around = load_surroundings(items, now=LATER)
    (item,) = [each for each in items if each.inference.study_id == studies()[1]]

    with pytest.raises(NotRescorableError, match="opted out"):
        tasks_of(item, around=around)


def test_monitoring_goes_on_unless_the_sites_rule_says_otherwise():
    assert set(Case.objects.values_list("excluded", flat=True)).isdisjoint({"opted_out"})
    make_network(
        "sites: [{key: north, organisation: north-group, name: North Hospital, timezone: Europe/Berlin, "
        "opt_out_stops_monitoring: true}]"
    )
    sequence(now=LATER)
    follow(now=LATER)

    out = Case.objects.filter(excluded="opted_out").values_list("study_id", flat=True)
    assert set(out) == {studies()[1]}


def test_nothing_is_withheld_where_the_whole_site_is_within_reach():
    deployments = list(Deployment.objects.select_related("site"))
    condition = withheld_rows(Scope(), deployments, by=LATER)

    assert list(Case.objects.filter(condition).values_list("study_id", flat=True).distinct()) == [studies()[1]]
    assert Study.objects.count() == 3
