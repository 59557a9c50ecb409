"""The disagreement page: from sent reads to quadrants, for whom it may be shown."""

import csv
import io

import pytest
from django.urls import reverse

from audit.log.models import Entry
from audit.log.sequencing import sequence
from monitoring.rollups.actions import follow
from tests.factories import NOON, inference_row, make_network, make_user, read_row, send, truth_row

pytestmark = pytest.mark.django_db
PAGE, FILE = "/disagreement/", "/disagreement/cells.csv"


def put(first: int, count: int, *, score: float, decision: str, truth: str = "", reader: str = "R1") -> None:
    """Send studies with an AI score, a final read and, where given, a truth."""
    numbers = range(first, first + count)
    send("inferences", *(inference_row(number, score=score) for number in numbers))
    send("reads", *(read_row(number, decision=decision, reader=reader) for number in numbers))
    if truth:
        send("truth", *(truth_row(number, value=truth) for number in numbers))
    sequence(now=NOON)
    follow(now=NOON)


@pytest.fixture
def north():
    make_network()
    put(1, 12, score=0.9, decision="negative", truth="negative")
    put(101, 30, score=0.1, decision="negative")
    put(201, 40, score=0.9, decision="positive", reader="R2")


@pytest.fixture
def officer(north):
    return make_user(role="quality_officer", username="quality", organisation="north-group")


def test_a_stranger_is_sent_to_log_in(client, north):
    for address in (PAGE, FILE):
        assert client.get(address).url.startswith(reverse("access:log_in"))


def test_an_integrator_gets_404(client, north):
    client.force_login(make_user(role="integrator"))
    assert client.get(PAGE).status_code == 404


def test_quadrants_show_counts_and_who_was_right(client, officer):
    client.force_login(officer)
    page = client.get(PAGE)
    found = {(row["decision"], row["read"]): row for row in page.context["quadrants"]}
    assert found["positive", "negative"]["cases"] == 12
    assert found["positive", "negative"]["reader_right"].startswith("100.0 %")
    assert found["negative", "negative"]["cases"] == 30


def test_readers_stand_beside_each_other(client, officer):
    client.force_login(officer)
    readers = {row["name"]: row["verdict"] for row in client.get(PAGE).context["readers"]}
    assert set(readers) == {"R1", "R2"}


def test_another_organisation_sees_nothing_of_it(client, north):
    client.force_login(make_user(role="quality_officer", organisation="south-clinic"))
    assert "No read to compare" in client.get(PAGE).content.decode()


def test_a_manufacturer_sees_neither_readers_nor_small_cells(client, north):
    client.force_login(make_user(role="quality_officer", organisation="cxr-maker", level="aggregate"))
    put(301, 3, score=0.1, decision="positive")
    page = client.get(PAGE).content.decode()
    assert "Readers are not told apart" in page
    assert "R2" not in page
    assert "fewer than 11 or telling so few, hidden by the sharing agreement" in page
    assert "/cases/" not in page


def test_filters_narrow_the_period_and_the_site(client, officer):
    client.force_login(officer)
    assert "No read to compare" in client.get(PAGE + "?first=2026-04-01").content.decode()
    assert "No read to compare" in client.get(PAGE + "?site=east").content.decode()
    assert client.get(PAGE + "?site=north&first=nonsense").context["cases"] == 82


def test_the_file_holds_the_counts_of_the_page(client, officer):
    client.force_login(officer)
    rows = list(csv.DictReader(io.StringIO(client.get(FILE).content.decode())))
    assert sum(int(row["cases"]) for row in rows) == 82
    assert set(rows[0]) == {"site", "deployment", "reader", "ai", "read", "truth", "cases"}


def test_the_page_costs_the_same_for_many_reads(client, officer, django_assert_max_num_queries):
    client.force_login(officer)
    with django_assert_max_num_queries(14) as few:
        client.get(PAGE)
    put(401, 50, score=0.9, decision="negative", reader="R9")
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(PAGE)


def test_a_rate_does_not_tell_a_manufacturer_a_small_count(client, north):
    """3 of 73 overrides: a rate of 4.1 % with its n would give the 3 away."""
    client.force_login(make_user(role="quality_officer", organisation="cxr-maker", level="aggregate"))
    put(301, 3, score=0.1, decision="positive")
    page = client.get(PAGE, {"first": "2026-03-01"})
    shown = {(row["decision"], row["read"]): row for row in page.context["quadrants"]}
    small, partner = shown["negative", "positive"], shown["positive", "negative"]
    assert not isinstance(small["cases"], int)
    assert not isinstance(partner["cases"], int)  # 15 overrides in all less 12 would be the 3
    assert "n =" not in small["ai_right"] + partner["ai_right"] + page.context["coverage"]["discordant"]


def test_the_file_of_a_manufacturer_tells_no_small_count_either(client, north):
    put(301, 3, score=0.1, decision="positive")
    client.force_login(make_user(role="quality_officer", organisation="cxr-maker", level="aggregate"))
    rows = list(csv.DictReader(io.StringIO(client.get(FILE).content.decode())))
    assert {(row["ai"], row["read"]) for row in rows if "hidden" in row["cases"]} >= {
        ("negative", "positive"),
        ("positive", "negative"),
    }


def test_a_readers_key_is_no_formula_in_the_file(client, officer):
    put(401, 1, score=0.9, decision="positive", reader='=HYPERLINK("http://elsewhere")')
    client.force_login(officer)
    rows = list(csv.DictReader(io.StringIO(client.get(FILE).content.decode())))
    assert '\'=HYPERLINK("http://elsewhere")' in {row["reader"] for row in rows}


def test_that_somebody_saw_the_figures_of_readers_stands_in_the_log_once_an_hour(client, officer):
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    for address in (PAGE, PAGE, FILE):
        client.get(address)

    assert Entry.objects.filter(kind="reader_figures.seen", actor="user:quality").count() == 1
