"""The evidence pages: who may ask for what, how deep it goes, and who may download it."""

import io
import zipfile
from dataclasses import replace
from datetime import date

import pytest

from audit.log.models import Act
from monitoring.evidence.actions import cancel_package, make_in_turn, make_requested, request_package
from monitoring.evidence.headline import without_lone_sites
from monitoring.evidence.models import Package
from monitoring.evidence.queries import path_of
from monitoring.evidence.scopes import Wanted
from monitoring.evidence.tasks import sweep_packages_task
from tests.audit.access.people import make_user
from tests.monitoring.evidence.conftest import fill_log, run_verifier
from tests.monitoring.signals.test_views import make_signal

pytestmark = pytest.mark.django_db
ASKED = {"product": "cxr", "site": "north", "since": "2026-01-01", "until": "2027-01-01"}

WANTED = Wanted(product="cxr", site="north", since=date(2026, 1, 1), until=date(2027, 1, 1))


@pytest.fixture
def log(now):
    fill_log(now)


@pytest.fixture
def officer(client):
    user = make_user("quality_officer", organisation="north-group")
    client.force_login(user)
    return user


def ask(client, django_capture_on_commit_callbacks, **over):
    with django_capture_on_commit_callbacks(execute=True):
        return client.post("/evidence/new/", ASKED | over)


def test_an_officer_asks_for_a_package_and_downloads_it(client, log, officer, django_capture_on_commit_callbacks):
    assert ask(client, django_capture_on_commit_callbacks).status_code == 302
    package = Package.objects.get()
    assert (package.state, package.level) == ("ready", "rows")
    assert path_of(package).stat().st_mode & 0o777 == 0o600
    assert b"Download" in client.get("/evidence/").content
    answer = client.get(f"/evidence/{package.uid}.zip")
    data = b"".join(answer.streaming_content)
    assert "data/cases.ndjson" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert Act.objects.filter(entry__kind="package.downloaded").exists()


def test_what_was_downloaded_verifies(client, log, officer, django_capture_on_commit_callbacks, tmp_path):
    ask(client, django_capture_on_commit_callbacks)
    package = Package.objects.get()
    path = tmp_path / "downloaded.zip"
    path.write_bytes(b"".join(client.get(f"/evidence/{package.uid}.zip").streaming_content))
    code, said = run_verifier(str(path), "--key", package.keys["north-group"])
    assert code == 0, said


def test_the_page_passes_on_purpose_receiver_and_the_package_before(
    client, log, officer, django_capture_on_commit_callbacks
):
    ask(client, django_capture_on_commit_callbacks)
    first = Package.objects.get()
    more = {"purpose": "research", "recipient": "cxr-maker", "previous": first.uid}
    assert ask(client, django_capture_on_commit_callbacks, **more).status_code == 302
    package = Package.objects.exclude(pk=first.pk).get()
    assert (package.state, package.purpose, package.recipient) == ("ready", "research", "cxr-maker")
    with zipfile.ZipFile(path_of(package)) as archive:
        assert "data/previous/north-group" in archive.namelist()
        assert b"Contact-Name: user:" in archive.read("bag-info.txt")


def test_a_receiver_who_is_not_of_the_house_is_outside_whatever_they_say(
    client, log, django_capture_on_commit_callbacks
):
    client.force_login(make_user("quality_officer", organisation="cxr-maker"))
    ask(client, django_capture_on_commit_callbacks)
    assert Package.objects.get().recipient == "outside"


def test_a_package_that_waits_can_be_cancelled_and_is_never_made(client, log, officer, now):
    package = request_package(WANTED, by=officer, now=now)
    assert b"Cancel" in client.get("/evidence/").content
    assert client.post(f"/evidence/{package.uid}/cancel/").status_code == 302
    make_requested(package, now=now)
    package.refresh_from_db()
    assert package.state == "cancelled" and not path_of(package).exists()
    assert client.post(f"/evidence/{package.uid}/cancel/").status_code == 302  # once more changes nothing


def test_a_package_cancelled_under_way_stops_and_leaves_nothing(client, log, officer, now):
    package = request_package(WANTED, by=officer, now=now)
    cancel_package(package)
    make_in_turn(package, now=now)  # by a worker that was at it already
    package.refresh_from_db()
    assert package.state == "cancelled"
    assert [each for each in path_of(package).parent.iterdir() if package.uid[:8] in each.name] == []
    assert not Act.objects.filter(entry__kind="package.exported").exists()


def test_a_package_is_made_again_with_what_is_known_by_now(client, log, officer, django_capture_on_commit_callbacks):
    ask(client, django_capture_on_commit_callbacks)
    first = Package.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"/evidence/{first.uid}/again/").status_code == 302
    second = Package.objects.exclude(pk=first.pk).get()
    assert (second.state, second.cases, second.deployments) == ("ready", first.cases, first.deployments)


def test_how_far_it_is_stands_in_its_row(client, log, officer, now):
    package = request_package(WANTED, by=officer, now=now)
    Package.objects.filter(pk=package.pk).update(state="making", step="writing the cases", done=12_000, of=48_000)
    row = client.get(f"/evidence/{package.uid}/row/").content.decode()
    assert 'value="12000" max="48000"' in row and "writing the cases" in row


def test_a_manufacturer_gets_aggregates_alone(client, log, django_capture_on_commit_callbacks):
    client.force_login(make_user("quality_officer", organisation="cxr-maker"))
    assert ask(client, django_capture_on_commit_callbacks).status_code == 302
    package = Package.objects.get()
    assert (package.state, package.level, package.minimum_count) == ("ready", "aggregate", 11)
    names = zipfile.ZipFile(path_of(package)).namelist()
    assert "data/cases.ndjson" not in names


def test_a_manufacturer_never_sees_the_hospitals_package(client, log, officer, django_capture_on_commit_callbacks):
    ask(client, django_capture_on_commit_callbacks)
    package = Package.objects.get()
    client.force_login(make_user("quality_officer", username="maker", organisation="cxr-maker"))
    assert package.uid.encode() not in client.get("/evidence/").content
    assert client.get(f"/evidence/{package.uid}.zip").status_code == 404
    assert client.get(f"/evidence/{package.uid}/row/").status_code == 404


@pytest.mark.parametrize("bound", [{"organisation": "north-group"}, {}, {"product": "cxr"}])
def test_a_package_that_stays_in_the_house_is_none_of_a_regulators(client, log, officer, bound, now):
    """Who opted out of what leaves the house is in it, whoever orders or makes it once more."""
    inside = request_package(WANTED, by=officer, now=now)
    outside = request_package(replace(WANTED, recipient="outside"), by=officer, now=now)
    Package.objects.update(state="ready")
    path_of(inside).parent.mkdir(parents=True, exist_ok=True)
    path_of(inside).write_bytes(b"with those who opted out")
    assert client.get(f"/evidence/{inside.uid}.zip").status_code == 200
    client.force_login(make_user("regulator", username="inspector", **bound))
    page = client.get("/evidence/").content
    assert inside.uid.encode() not in page and outside.uid.encode() in page
    assert client.get(f"/evidence/{inside.uid}.zip").status_code == 404
    assert client.get(f"/evidence/{inside.uid}/row/").status_code == 404
    assert client.post(f"/evidence/{inside.uid}/again/").status_code == 404
    assert client.post(f"/evidence/{outside.uid}/again/").status_code == 302


def test_a_lone_hidden_site_is_not_told_by_the_figure_of_all():
    def block(site, **estimate):
        return {"site": site, "finding": "nodule", "truth_rule": "default", "estimates": [
            {"metric": "sensitivity", "slice": {}} | estimate]}  # fmt: skip

    few = {"not_estimable": "fewer than 11, hidden by the sharing agreement"}
    sets = [block("a", **few), block("b", cases=90), block("c", cases=40)]
    shown = ["cases" in each["estimates"][0] for each in without_lone_sites(sets, is_shared=True)]
    assert shown == [False, True, False]
    none = block("a", not_estimable="there are no positives")
    assert "cases" in without_lone_sites([none, block("b", cases=90)], is_shared=True)[1]["estimates"][0]


def test_a_signal_of_another_house_and_none_at_all_answer_alike(client, log, django_capture_on_commit_callbacks):
    signal = make_signal()
    client.force_login(make_user("quality_officer", organisation="south-clinic"))
    asked = ASKED | {"site": ""}
    said = []
    for uid in (signal.uid, "f" * 32):
        answer = client.post("/evidence/new/", asked | {"signal": uid})
        said.append((answer.status_code, str(answer.context["form"].errors).replace(uid, "")))
    assert said[0] == said[1]


def test_another_hospital_cannot_ask_for_this_one(client, log, django_capture_on_commit_callbacks):
    client.force_login(make_user("quality_officer", organisation="south-clinic"))
    assert ask(client, django_capture_on_commit_callbacks).status_code == 422
    assert not Package.objects.exists()


@pytest.mark.parametrize("path", ["/evidence/", "/evidence/x.zip", "/evidence/x/row/", "/evidence/x/again/"])
def test_a_stranger_is_sent_to_log_in(client, path):
    assert client.get(path).url.startswith("/log-in/")


def test_a_wrong_role_gets_404(client, log):
    client.force_login(make_user("radiologist", organisation="north-group"))
    assert client.get("/evidence/").status_code == 404
    for path in ("new", "x/again", "x/cancel"):
        assert client.post(f"/evidence/{path}/", ASKED).status_code == 404


def test_a_period_that_ends_before_it_begins_is_refused(client, log, officer):
    answer = client.post("/evidence/new/", ASKED | {"until": "2025-01-01"})
    assert answer.status_code == 422
    assert b"ends before it begins" in answer.content


def test_the_page_costs_the_same_for_many_packages(client, log, officer, now, django_assert_num_queries):
    make_packages(3, now=now)
    with django_assert_num_queries(11):
        client.get("/evidence/")
    make_packages(10, now=now)
    with django_assert_num_queries(11):
        client.get("/evidence/")


def make_packages(count, *, now):
    for _ in range(count):
        Package.objects.create(
            uid=f"{Package.objects.count():032x}",
            product_id="cxr",
            deployments=["cxr-north"],
            since="2026-01-01",
            until="2026-02-01",
            level="rows",
            requested_by="test",
            requested_at=now,
        )


def test_what_a_dead_worker_left_is_begun_again_and_what_is_done_is_not(client, log, officer, now):
    package = request_package(WANTED, by=officer, now=now)
    Package.objects.update(state="making", step="computing the figures")
    sweep_packages_task()
    assert Package.objects.get().state == "ready"
    first = Package.objects.get().sha256
    make_requested(package, now=now)
    assert Package.objects.get().sha256 == first
