"""Emergency access: for whom, where, how long, and what is known of it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.access.decisions import ACTIONS, may
from audit.access.emergencies import LASTS, acknowledge, break_glass
from audit.access.models import Emergency, Grant, Notice, User
from audit.access.verifying import check_emergencies
from audit.errors import AccessError
from audit.log.models import Act
from inference.registry.break_glass import sites_to_take
from inference.registry.models import Organisation, Site
from inference.studies.models import Study
from tests.factories import inference_row, make_network, make_user, send

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
REASON = "Stroke at night, nobody of the site answers"


@pytest.fixture
def reader(db) -> User:
    """A radiologist of one site of the north group, which has another."""
    make_network()
    Site.objects.create(key="harbour", organisation_id="north-group", name="Harbour Hospital", timezone="Europe/Berlin")
    send("inferences", inference_row(1))
    return make_user(role="radiologist", organisation="north-group", site="harbour")


@pytest.fixture
def client(reader) -> Client:
    client = Client()
    client.force_login(reader, backend=BACKEND)
    return client


@pytest.fixture
def case(reader) -> str:
    return f"/studies/{Study.objects.get(site='north').pk}/"


def take(client: Client, *, site: str = "north", reason: str = REASON):
    return client.post("/break-glass/", {"site": site, "reason": reason})


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def acts(kind: str) -> list[Act]:
    return list(Act.objects.filter(entry__kind=kind).select_related("entry").order_by("id"))


def test_the_glass_opens_a_site_of_ones_own_organisation_to_a_look(client, reader, case):
    assert client.get(case).status_code == 404
    assert take(client).status_code == 302
    assert client.get(case).status_code == 200
    given = {name for name in ACTIONS if may(fresh(reader), name, organisation="north-group", site="north")}
    assert given == {"see_case", "see_image", "see_worklist"}


def test_nothing_can_be_written_through_the_broken_glass(client, case):
    take(client)
    assert client.post(case, {}).status_code == 404


def test_another_organisations_site_is_never_offered_nor_taken(client, reader):
    others = set(Site.objects.exclude(organisation="north-group").values_list("pk", flat=True))
    assert others
    assert {site.pk for site in sites_to_take(reader)} == set(
        Site.objects.filter(organisation="north-group").exclude(pk="harbour").values_list("pk", flat=True)
    )
    for other in others:
        assert take(client, site=other).status_code == 422
    assert not Emergency.objects.exists()


@pytest.mark.parametrize("role", ["quality_officer", "ml_engineer", "integrator", "regulator", "administrator"])
def test_only_who_reads_images_may_break_it(reader, role):
    user = make_user(role=role, organisation="north-group", site="harbour")
    client = Client()
    client.force_login(user, backend=BACKEND)
    assert take(client).status_code == 404


def test_a_manufacturers_reader_takes_nothing(reader):
    assert not sites_to_take(make_user(role="radiologist", organisation="cxr-maker")).exists()
    assert not sites_to_take(make_user(role="radiologist", product="cxr")).exists()


def test_it_needs_a_reason_and_is_taken_once(client, reader):
    assert take(client, reason="short").status_code == 422
    take(client)
    assert take(client).status_code == 422
    assert Emergency.objects.count() == 1


def test_it_closes_by_itself_after_an_hour(client, case):
    take(client)
    grant = Grant.objects.get(is_emergency=True)
    assert grant.expires_at - grant.created_at == LASTS
    Grant.objects.filter(pk=grant.pk).update(expires_at=timezone.now())
    assert client.get(case).status_code == 404


def test_its_owner_ends_it_before(client, case):
    take(client)
    client.post("/break-glass/end/")
    assert client.get(case).status_code == 404
    assert [act.subject for act in acts("break_glass.ended")] == ["site/north"]


def test_the_opening_and_each_thing_seen_are_entries_of_the_organisations_log(client, case):
    take(client)
    for _ in range(2):
        client.get(case)
        client.get("/worklist/")
    opened = acts("break_glass.opened")[0]
    assert (opened.organisation, opened.subject, opened.details["reason"]) == ("north-group", "site/north", REASON)
    study = Study.objects.get(site="north")
    assert [act.subject for act in acts("break_glass.seen")] == [f"study/{study.pk}", "worklist/north"]
    assert acts("grant_added")[-1].details["grant"] == opened.details["grant"]


def test_what_ones_own_right_reaches_is_not_noted_as_seen_in_an_emergency(client, reader):
    take(client)
    send("inferences", {**inference_row(2), "deployment": "cxr-north"})
    Study.objects.update(site="harbour")
    client.get(f"/studies/{Study.objects.first().pk}/")
    assert acts("break_glass.seen") == []


def test_the_banner_stands_on_every_page_while_it_is_open(client):
    assert b"Emergency access to" not in client.get("/worklist/").content
    take(client)
    for address in ("/worklist/", "/account/", "/nowhere/"):
        assert b"Emergency access to" in client.get(address).content


def test_quality_officers_and_administrators_of_the_site_are_told_at_once(client, reader):
    near = [
        make_user(role=role, organisation="north-group", username=role) for role in ("quality_officer", "administrator")
    ]
    make_user(role="quality_officer", organisation="south-clinic", username="far")
    make_user(role="quality_officer", organisation="north-group", site="harbour", username="other-site")
    take(client)
    assert set(Notice.objects.values_list("user__username", flat=True)) == {person.username for person in near}
    other = Client()
    other.force_login(near[0], backend=BACKEND)
    assert b"1 to review" in other.get("/break-glass/bell/").content


def test_somebody_else_reviews_it_with_findings_and_once(client, reader):
    take(client)
    officer = make_user(role="quality_officer", organisation="north-group")
    page = f"/break-glass/reviews/{Emergency.objects.get().pk}/"
    other = Client()
    other.force_login(officer, backend=BACKEND)
    assert REASON.encode() in other.get(page).content
    assert other.post(page, {"verdict": "justified", "findings": "short"}).status_code == 422
    said = {"verdict": "justified", "findings": "The patient was transferred at 23:10."}
    assert b"still open" in other.post(page, said).content
    client.post("/break-glass/end/")
    assert other.post(page, said).status_code == 302
    assert other.post(page, said).status_code == 422
    assert acts("break_glass.acknowledged")[0].details["verdict"] == "justified"
    assert b"none to review" in other.get("/break-glass/bell/").content


def test_nobody_reviews_their_own(reader, now):
    taken = break_glass(user=reader, organisation="north-group", site="north", reason=REASON, now=timezone.now())
    with pytest.raises(AccessError, match="their own"):
        acknowledge(taken, verdict="justified", findings="All well.", by=reader, now=timezone.now())


def test_what_was_not_justified_ends_at_once(client, reader, case):
    take(client)
    officer = make_user(role="quality_officer", organisation="north-group")
    acknowledge(Emergency.objects.get(), verdict="not_justified", findings="Curiosity.", by=officer, now=timezone.now())
    assert client.get(case).status_code == 404


def test_another_organisations_officer_sees_no_emergency(client, reader):
    take(client)
    other = Client()
    other.force_login(make_user(role="quality_officer", organisation="south-clinic"), backend=BACKEND)
    assert b"north" not in other.get("/break-glass/reviews/").content
    assert other.get(f"/break-glass/reviews/{Emergency.objects.get().pk}/").status_code == 404


def test_only_providers_sites_are_taken(reader):
    Organisation.objects.filter(pk="north-group").update(kind="manufacturer")
    assert not sites_to_take(reader).exists()


def test_an_hour_is_the_longest(reader):
    taken = break_glass(user=reader, organisation="north-group", site="north", reason=REASON, now=timezone.now())
    assert taken.grant.expires_at - taken.grant.created_at <= timedelta(hours=1)


def test_an_edited_review_is_named_by_the_verification(client, reader):
    take(client)
    officer = make_user(role="quality_officer", organisation="north-group")
    later = timezone.now() + timedelta(hours=1)
    acknowledge(Emergency.objects.get(), verdict="justified", findings="All well.", by=officer, now=later)
    assert list(check_emergencies("default")) == []
    Emergency.objects.update(findings="Nobody looked.", reason="Another reason")
    (problem,) = check_emergencies("default")
    assert "is not as it was logged: findings, reason" in problem.sentence


def test_two_clicks_take_one_hour(reader):
    """What the second request knew of the person's rights is older than the first one's."""
    assert list(reader.live_grants)
    other, now = fresh(reader), timezone.now()
    break_glass(user=other, organisation="north-group", site="north", reason=REASON, now=now)
    with pytest.raises(AccessError, match="open already"):
        break_glass(user=reader, organisation="north-group", site="north", reason=REASON, now=now)
    assert Emergency.objects.count() == 1
