"""Groups of set-aside rows: told apart by cause, changed and sent again together, discarded with one signature."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.access.models import User
from audit.log.models import Act, Entry
from audit.signatures.models import Signature
from inference.connectors.changes import REMOVE, RENAME, SET, Change
from inference.connectors.models import Discard, Repair
from inference.connectors.repairs import repair_some, start_repair
from inference.connectors.set_aside_groups import GroupKey, groups_of
from inference.intake.models import SetAside
from inference.truth.models import Truth
from tests.factories import inference_row, make_network, make_user, send, truth_row

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def network():
    make_network()


@pytest.fixture
def now():
    return timezone.now()


def logged_in(**grant):
    client = Client()
    user = make_user(**grant)
    client.force_login(user, backend=BACKEND)
    client.username = user.username
    return client


@pytest.fixture
def integrator():
    return logged_in(role="integrator", site="north")


@pytest.fixture
def hearsay(now):
    rows = [truth_row(number) | {"standard": "hearsay", "reader": "Dr Doe"} for number in range(1, 4)]
    send("truth", *rows, truth_row(8, determined_at="yesterday"), now=now)
    return SetAside.objects.filter(field="standard").order_by("pk")


def key_of(rows):
    (group,) = groups_of(rows, seen_up_to=0)
    return {name: getattr(group.key, name) for name in ("site", "kind", "outcome", "field", "pattern")}


def run(repair):
    while repair_some(repair_id=repair.pk, now=timezone.now(), most=2):
        pass
    repair.refresh_from_db()
    return repair


def repaired(client, rows, **change):
    client.post("/intake/quarantine/group/repair/", key_of(rows) | change)
    return run(Repair.objects.latest("pk"))


def sign(client, address, password=None):
    digest = client.get(address).context["record"].digest
    given = {"username": client.username, "password": password or client.username}
    return client.post(address, {"shown_sha256": digest, "meaning": "responsibility"} | given)


@pytest.mark.parametrize(
    ("change", "row", "wanted"),
    [
        (Change(what=SET, path="a.b", value=1), {}, {"a": {"b": 1}}),
        (Change(what=SET, path="a", value="y", was="x"), {"a": "z"}, {"a": "z"}),
        (Change(what=SET, path="a", value="y", was="2"), {"a": 2}, {"a": "y"}),
        (Change(what=SET, path="p.f", value="n"), {"p": [{"f": 1}, {}]}, {"p": [{"f": "n"}, {"f": "n"}]}),
        (Change(what=SET, path="p.f.g", value="n", was="m"), {"p": [{"f": 1}, {}]}, {"p": [{"f": 1}, {}]}),
        (Change(what=RENAME, path="p.f", name="g"), {"p": [{"f": 1}]}, {"p": [{"g": 1}]}),
        (Change(what=REMOVE, path="a.b"), {"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}),
        (Change(what=REMOVE, path="a.b"), {"a": 7}, {"a": 7}),
        (Change(), [1], [1]),
    ],
)
def test_a_change_reaches_its_field_and_nothing_else(change, row, wanted):
    before = json.dumps(row)
    assert (change.of(row), json.dumps(row)) == (wanted, before)
    assert Change.from_json(change.as_json()) == change


def test_rows_of_one_cause_are_one_group(integrator, hearsay):
    page = integrator.get("/intake/quarantine/")

    assert sorted(group.count for group in page.context["groups"]) == [1, 3]
    assert "Dr Doe" not in page.content.decode()


def test_numbers_of_places_do_not_split_a_group(now):
    twice = [{"finding": "nodule", "score": "high"}]
    send("inferences", *[inference_row(n, predictions=[{"finding": "effusion"}] * n + twice) for n in (1, 2)], now=now)

    assert [group.count for group in groups_of(SetAside.objects.all(), seen_up_to=0)] == [2]


@pytest.mark.parametrize(
    ("words", "found"), [("standard", 1), ("NORTH hospital", 2), ("test", 2), ("Doe", 0), ("P1", 0)]
)
def test_search_looks_at_causes_and_never_at_contents(integrator, hearsay, words, found):
    assert len(integrator.get("/intake/quarantine/", {"q": words}).context["groups"]) == found


def test_a_group_goes_in_by_one_change(integrator, hearsay):
    repair = repaired(integrator, hearsay, what="set", path="standard", value="pathology")

    assert (repair.rows, repair.went_in, repair.stayed, Truth.objects.count()) == (3, 3, 0, 3)
    assert not hearsay.filter(state="waiting").exists()
    assert Entry.objects.filter(kind="row.replayed", actor="user:integrator-north").count() == 3
    assert Act.objects.get(entry__kind="repair.finished").details["went_in"] == 3


def test_what_does_not_go_in_stays_as_it_was_and_the_page_says_why(integrator, hearsay, now):
    send("truth", truth_row(9) | {"standard": "hearsay", "determined_at": "yesterday"}, now=now)
    before = SetAside.objects.count()
    repair = repaired(integrator, hearsay, what="set", path="standard", value="pathology")

    assert (repair.went_in, repair.stayed) == (3, 1)
    assert SetAside.objects.count() == before
    assert "determined_at" in integrator.get(f"/intake/quarantine/repairs/{repair.pk}/").content.decode()


def started(rows, change, *, now):
    """Return a repair that no worker has seen."""
    by = User.objects.get(username="integrator-north")
    return start_repair(SetAside.objects.all(), key=GroupKey(**key_of(rows)), change=change, by=by, now=now)


def test_a_repair_that_runs_twice_or_meets_closed_rows_does_nothing_twice(integrator, hearsay, now):
    repair = started(hearsay, Change(what=SET, path="standard", value="panel"), now=now)
    SetAside.objects.filter(pk=hearsay[1].pk).update(state="discarded")

    assert (run(repair).went_in, run(repair).went_in, Truth.objects.count()) == (2, 2, 2)
    assert Entry.objects.filter(kind="repair.finished").count() == 1


def test_the_value_of_a_change_is_kept_sealed_and_not_for_longer_than_needed(integrator, hearsay, now):
    repair = started(hearsay, Change(what=SET, path="standard", value="Dr Doe said so"), now=now)
    assert repair.sealed_change and b"Doe" not in repair.sealed_change

    assert bytes(run(repair).sealed_change) == b""
    assert "Doe" not in repair.words
    assert "Doe" not in str(list(Act.objects.values_list("details", flat=True)))


def test_a_row_whose_content_has_expired_is_shown_without_it_and_stays(integrator, hearsay, now):
    SetAside.objects.filter(pk=hearsay[0].pk).update(ciphertext=b"")

    assert "has expired" in integrator.get(f"/intake/quarantine/{hearsay[0].pk}/").content.decode()
    repair = repaired(integrator, hearsay, what="set", path="standard", value="panel")
    assert (repair.went_in, repair.stayed) == (2, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"what": "set", "path": "no field!"},
        {"what": "rename", "path": "a"},
        {"what": "set", "path": "a", "as_json": "on", "value": "{"},
    ],
)
def test_a_change_that_cannot_be_understood_is_refused(integrator, hearsay, change):
    answer = integrator.post("/intake/quarantine/group/repair/", key_of(hearsay) | change)

    assert (answer.status_code, Repair.objects.count()) == (422, 0)


def test_progress_polls_until_it_is_done(integrator, hearsay, now):
    repair = started(hearsay, Change(), now=now)
    address = f"/intake/quarantine/repairs/{repair.pk}/progress/"
    assert "every 2s" in integrator.get(address).content.decode()

    run(repair)
    assert integrator.get(address)["HX-Refresh"] == "true"


def test_a_group_is_discarded_by_one_signature_that_lists_the_rows(integrator, hearsay):
    answer = integrator.post("/intake/quarantine/group/discard/", key_of(hearsay) | {"reason": "test_data"})
    assert not hearsay.filter(state="discarded").exists()
    sign(integrator, answer["Location"])

    signature, act = Signature.objects.get(), Act.objects.get(entry__kind="rows.discarded")
    assert signature.content["keyed_digests_of_the_rows"] == list(hearsay.values_list("digest", flat=True))
    assert act.details["content_sha256"] == signature.content_sha256
    assert set(hearsay.values_list("state", "closed_by")) == {("discarded", "user:integrator-north")}


def test_one_row_is_discarded_the_same_way_and_keeps_its_content(integrator, hearsay):
    row = hearsay[0]
    sign(integrator, integrator.post(f"/intake/quarantine/{row.pk}/discard/", {"reason": "test_data"})["Location"])

    row.refresh_from_db()
    assert (row.state, hearsay.filter(state="waiting").count()) == ("discarded", 2)
    assert "hearsay" in integrator.get(f"/intake/quarantine/{row.pk}/").content.decode()


def test_a_wrong_password_discards_nothing(integrator, hearsay):
    answer = integrator.post("/intake/quarantine/group/discard/", key_of(hearsay) | {"reason": "test_data"})

    assert sign(integrator, answer["Location"], password="wrong").status_code == 422
    assert hearsay.filter(state="waiting").count() == 3


def test_nothing_is_signed_where_a_row_was_closed_meanwhile_or_twice(integrator, hearsay, now):
    address = integrator.post("/intake/quarantine/group/discard/", key_of(hearsay) | {"reason": "test_data"})[
        "Location"
    ]
    SetAside.objects.filter(pk=hearsay[0].pk).update(state="replayed")

    assert "Prepare the discard again" in sign(integrator, address).content.decode()
    assert (Signature.objects.count(), Discard.objects.get().carried_out_at) == (0, None)


def test_another_sites_integrator_reaches_no_group(hearsay):
    south, key = logged_in(role="integrator", site="south"), key_of(hearsay)
    south.post("/intake/quarantine/group/repair/", key | {"what": "nothing"})
    south.post("/intake/quarantine/group/discard/", key | {"reason": "test_data"})

    assert (Repair.objects.count(), Discard.objects.count()) == (0, 0)
    assert "hearsay" not in south.get("/intake/quarantine/group/", key).content.decode()


def test_a_discard_of_another_site_cannot_be_read_or_signed(integrator, hearsay):
    answer = integrator.post("/intake/quarantine/group/discard/", key_of(hearsay) | {"reason": "test_data"})

    for other in (logged_in(role="integrator", site="south"), logged_in(role="quality_officer", site="north")):
        assert other.get(answer["Location"]).status_code == 404


def bell_of(client, query=""):
    return client.get(f"/intake/bell/{query}").content.decode()


def test_the_bell_counts_what_is_new_since_this_person_looked(integrator, hearsay, now):
    colleague = logged_in(role="integrator", organisation="north-group")
    assert "Quarantine: 4 new rows" in bell_of(integrator)
    assert integrator.get("/intake/quarantine/").context["groups"][0].fresh == 3
    assert ("nothing new" in bell_of(integrator), "4 new rows" in bell_of(colleague)) == (True, True)

    send("truth", {"finding": "nodule", "value": 3}, now=now + timedelta(seconds=1))
    assert '1 new row"' in bell_of(integrator)


def test_the_bell_asks_less_often_the_longer_nothing_changes(integrator, hearsay):
    assert "delay:30s" in bell_of(integrator)
    assert "delay:60s" in bell_of(integrator, "?said=4&wait=30")
    assert "delay:480s" in bell_of(integrator, "?said=4&wait=480")
    assert "delay:30s" in bell_of(integrator, "?said=3&wait=480")


@pytest.mark.parametrize("role", ["quality_officer", "radiologist", "regulator", "administrator", "ml_engineer"])
def test_nobody_else_has_a_bell_or_its_count(role, hearsay):
    client = logged_in(role=role, organisation="north-group")

    assert client.get("/intake/bell/").status_code == 404
    page = client.get("/account/").content.decode()
    assert "/intake/bell/" not in page and 'aria-label="Quarantine"' not in page


def test_another_site_hears_nothing(hearsay):
    south = logged_in(role="integrator", site="south")

    assert "nothing new" in bell_of(south)
    assert 'aria-label="Quarantine"' in south.get("/account/").content.decode()


@pytest.mark.parametrize("page", ["/intake/quarantine/", "group", "/intake/bell/"])
def test_a_page_costs_the_same_for_many_rows(integrator, hearsay, now, page, django_assert_max_num_queries):
    address, query = (page, {}) if page != "group" else ("/intake/quarantine/group/", key_of(hearsay))
    integrator.get(address, query)
    with django_assert_max_num_queries(100) as few:
        integrator.get(address, query)
    cost = len(few)
    send("truth", *[truth_row(number) | {"standard": "hearsay"} for number in range(20, 60)], now=now)
    integrator.get(address, query)
    with django_assert_max_num_queries(cost):
        integrator.get(address, query)
