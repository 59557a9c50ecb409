"""The completeness page: who should have been seen and was not, counts that add up, and for whom."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from audit.log.models import Act
from inference.imaging.models import Archive, ArchivedStudy
from inference.registry.models import Site
from inference.studies.models import Study
from monitoring.feeds.completeness import FAILED, LOGGED, MISSED, NOT_LIVE, OTHER, UNTOLD, completeness_of
from monitoring.feeds.eligibility import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN, judge
from tests.factories import NETWORK, inference_row, make_network, make_user, send, study_part

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ASKED = "?deployment=cxr-north&until=2026-03-10"
PAGE, CSV = f"/feeds/completeness/{ASKED}", f"/feeds/completeness.csv{ASKED}"
RULE = NETWORK.replace(
    "{key: cxr-north, product: cxr,",
    "{key: cxr-north, eligible: {modality: [DX, CR], body_part: [CHEST]}, product: cxr,",
)


def seen_event(number, **over):
    return {"kind": "available", "at": "2026-03-02T08:00:00+01:00", "study": study_part(number, **over)}


@pytest.fixture
def north():
    make_network(RULE)
    send("inferences", inference_row(1), inference_row(2, status="failed", predictions=[]), now=NOW)
    send("events", seen_event(3), seen_event(4, modality="CT"), seen_event(5, body_part=""), seen_event(6), now=NOW)
    archive = Archive.objects.create(site=Site.objects.get(pk="north"), url="http://pacs.example/dicom-web")
    for number, study in enumerate(Study.objects.order_by("created_at", "pk")):
        ArchivedStudy.objects.create(
            archive=archive, study=study, study_on=date(2026, 3, 2), first_seen_at=NOW, seen_at=NOW,
            settled_at=NOW, series=1, instances=number,
        )  # fmt: skip
    return archive


def found(deployment, **over):
    days = {"since": date(2026, 2, 11), "until": date(2026, 3, 10)} | over
    return completeness_of(deployment, **days)


@pytest.fixture
def deployment(north):
    return Site.objects.get(pk="north").deployments.select_related("site").get(pk="cxr-north")


def test_every_study_of_the_archive_has_one_place(deployment):
    state = found(deployment)
    assert dict(state.counts) == {LOGGED: 1, FAILED: 1, MISSED: 2, OTHER: 1, UNTOLD: 1}
    assert state.total == ArchivedStudy.objects.count() == 6
    assert (state.coverage.value, state.coverage.cases) == (0.5, 4)


def test_a_day_before_live_use_misses_nobody(deployment):
    ArchivedStudy.objects.update(study_on=date(2025, 6, 1))
    state = found(deployment, since=date(2025, 5, 1), until=date(2025, 7, 1))
    assert set(state.counts) == {NOT_LIVE} and state.total == 6


def test_a_logged_study_that_no_archive_holds_is_counted_apart(deployment):
    send("inferences", inference_row(9), now=NOW)
    assert found(deployment).only_logged == 1


def test_without_a_rule_nothing_is_called_missed(deployment):
    deployment.eligible = {}
    assert found(deployment).counts[MISSED] == 0


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"modality": ["dx"], "body_part": ["Chest"]}, ELIGIBLE),
        ({"modality": ["CT"], "body_part": []}, NOT_ELIGIBLE),
        ({"modality": ["DX"], "body_part": [""]}, UNKNOWN),
    ],
)
def test_what_contradicts_decides_before_what_is_missing(facts, verdict):
    assert judge({"modality": ["DX"], "body_part": ["CHEST"]}, facts) == verdict


def test_the_page_lists_whom_the_product_did_not_see(client, north):
    client.force_login(make_user(role="integrator", organisation="north-group"))
    text = client.get(PAGE).content.decode()
    assert "50.0 %" in text and "should have been seen, and was not" in text
    missed = Study.objects.filter(modality="DX", body_part="CHEST").exclude(pk__in=[])
    assert sum(str(each.pk) in text for each in missed) == 2


def test_the_file_has_the_same_rows_and_is_an_act(client, north):
    client.force_login(make_user(role="integrator", organisation="north-group"))
    lines = b"".join(client.get(CSV)).decode().splitlines()
    assert len(lines) == 3
    assert Act.objects.filter(entry__kind="completeness_exported").exists()


def test_a_stranger_is_sent_to_log_in(client, north):
    assert client.get(PAGE).url.startswith(reverse("access:log_in"))


@pytest.mark.parametrize("role", ["radiologist", "ml_engineer", "administrator"])
def test_other_roles_get_404(client, north, role):
    client.force_login(make_user(role=role, organisation="north-group"))
    assert client.get(PAGE).status_code == 404


def test_who_sees_sums_alone_gets_404(client, north):
    client.force_login(make_user(role="quality_officer", organisation="north-group", level="aggregate"))
    assert client.get(PAGE).status_code == 404


def test_another_organisation_sees_none_of_it(client, north):
    client.force_login(make_user(role="quality_officer", organisation="south-clinic"))
    text = client.get(PAGE).content.decode()
    assert ">cxr-north<" not in text and "pacs.example" not in text


def test_a_grant_of_one_product_does_not_open_the_archive(client, north):
    client.force_login(make_user(role="quality_officer", organisation="north-group", product="cxr"))
    assert "pacs.example" not in client.get(PAGE).content.decode()


def test_twice_the_studies_cost_the_same_queries(client, north, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(make_user(role="integrator", organisation="north-group"))
    client.get(PAGE)
    with CaptureQueriesContext(connection) as before:
        client.get(PAGE)
    send("events", *(seen_event(number) for number in range(20, 30)), now=NOW)
    for study in Study.objects.exclude(archived__isnull=False):
        ArchivedStudy.objects.create(
            archive=north, study=study, study_on=date(2026, 3, 2), first_seen_at=NOW, seen_at=NOW
        )
    with django_assert_num_queries(len(before)):
        client.get(PAGE)


def test_the_hours_of_a_week_are_shown(client, north):
    client.force_login(make_user(role="quality_officer", organisation="north-group"))
    assert "fewer than 4 whole weeks" in client.get("/feeds/cxr-north/hours/").content.decode()
    client.force_login(make_user(role="quality_officer", organisation="south-clinic", username="other"))
    assert client.get("/feeds/cxr-north/hours/").status_code == 404
