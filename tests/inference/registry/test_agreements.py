"""Sharing agreements: in both parties' logs, in effect at their dates, signed, listed and taken away."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from audit.access.decisions import may
from audit.log.models import Act
from inference.registry.actions import register
from inference.registry.models import Registration, Sharing
from inference.registry.queries import agreements_in_force
from tests.factories import make_network, make_user

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
LINE = (
    "sharing: [{{site: north, product: mammo, to: {to}, level: {level}, minimum_count: {least}, from: {day}, "
    "legal_basis: 'contract 9'}}]\n"
)


@pytest.fixture
def network(db):
    make_network()


def agree(*, level: str = "aggregate", day: str = "2026-02-01", least: int = 20, to: str = "cxr-maker") -> None:
    register(text=LINE.format(level=level, day=day, least=least, to=to), actor="user:admin", now=datetime.now(UTC))


def client_of(**grant: str) -> Client:
    client = Client()
    client.force_login(make_user(**grant), backend=BACKEND)
    return client


def levels(day: datetime) -> list[tuple[str, int]]:
    shared = agreements_in_force(to=["cxr-maker"], at=day)
    return [(each.level, each.minimum_count) for each in shared if each.product == "mammo"]


def test_start_change_and_end_are_entries_of_both_parties_logs(network):
    for level, day in (("aggregate", "2026-02-01"), ("rows", "2026-03-01"), ("none", "2026-04-01")):
        agree(level=level, day=day)
    for organisation in ("north-group", "cxr-maker"):
        said = Registration.objects.filter(organisation=organisation, subject__startswith="sharing/north/mammo/")
        assert [each.values["level"] for each in said.order_by("id")] == ["aggregate", "rows", "none"]
        assert {each.values["legal_basis"] for each in said} == {"contract 9"}
        assert all(each.entry.organisation == organisation for each in said)


def test_each_line_takes_effect_at_its_day_in_the_sites_zone(network):
    agree(level="aggregate", day="2026-02-01")
    agree(level="rows", day="2026-03-01", least=5)
    agree(level="none", day="2026-04-01")
    start = datetime(2026, 1, 31, 23, 0, tzinfo=UTC)  # midnight in Berlin
    assert levels(start - timedelta(seconds=1)) == []
    assert levels(start) == [("aggregate", 20)]
    assert levels(datetime(2026, 3, 15, tzinfo=UTC)) == [("rows", 5)]
    assert levels(datetime(2026, 4, 15, tzinfo=UTC)) == []


def test_a_line_of_the_future_shows_nothing_yet(network):
    ahead = datetime.now(UTC) + timedelta(days=30)
    agree(level="rows", day=ahead.date().isoformat())
    manufacturer = client_of(role="quality_officer", organisation="cxr-maker")
    assert manufacturer.get("/registry/deployment/mammo-north/").status_code == 404
    assert "to come" in manufacturer.get("/sharing/").content.decode()


def test_both_parties_see_it_and_nobody_else(network):
    agree()
    line = Sharing.objects.get(product="mammo", to="cxr-maker")
    for organisation, status in (("north-group", 200), ("cxr-maker", 200), ("south-clinic", 404)):
        client = client_of(role="quality_officer", organisation=organisation)
        assert client.get(f"/sharing/{line.pk}/").status_code == status
        assert ("contract 9" in client.get("/sharing/").content.decode()) == (status == 200)


def sign(client: Client, line: Sharing, *, username: str) -> int:
    address = f"/sign/sharing/{line.pk}/"
    shown = re.search(r'name="shown_sha256" value="(\w+)"', client.get(address).content.decode())
    assert shown
    said = {"shown_sha256": shown[1], "meaning": "approval", "username": username, "password": username}
    return client.post(address, said).status_code


def test_each_party_signs_in_its_own_log_and_the_page_says_who(network):
    agree()
    line = Sharing.objects.get(product="mammo", to="cxr-maker")
    for organisation in ("north-group", "cxr-maker"):
        client = client_of(role="quality_officer", organisation=organisation)
        assert sign(client, line, username=f"quality_officer-{organisation}") == 302
    page = client.get(f"/sharing/{line.pk}/").content.decode()
    assert "Quality_Officer-North-Group" in page
    assert "Quality_Officer-Cxr-Maker" in page
    signed = {row["signed_for_provider"] + row["signed_for_recipient"] for row in rows_of(client)}
    assert "Quality_Officer-North-GroupQuality_Officer-Cxr-Maker" in signed


def test_who_reads_images_signs_no_agreement(network):
    agree()
    line = Sharing.objects.get(product="mammo", to="cxr-maker")
    client = client_of(role="radiologist", organisation="north-group")
    assert b'name="password"' not in client.get(f"/sign/sharing/{line.pk}/").content


def rows_of(client: Client) -> list[dict[str, str]]:
    lines = b"".join(client.get("/sharing/?format=csv")).decode().splitlines()
    names = lines[0].split(",")
    return [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]


def test_the_csv_has_every_dated_line_and_is_an_act(network):
    agree()
    agree(level="none", day="2026-06-01")
    client = client_of(role="quality_officer", organisation="north-group")
    states = {(row["product"], row["state"]) for row in rows_of(client)}
    assert {("mammo", "replaced"), ("mammo", "ended")} <= states
    assert Act.objects.filter(entry__kind="sharing_exported", organisation="north-group").exists()


def test_the_filters_stand_in_the_address(network):
    agree()
    client = client_of(role="quality_officer", organisation="north-group")
    assert "mammo" not in client.get("/sharing/", {"q": "cxr-maker", "state": "ended"}).content.decode().lower()
    assert "Contract 9".lower() in client.get("/sharing/", {"q": "contract 9"}).content.decode()


def test_the_list_costs_the_same_for_many_lines(network, django_assert_num_queries):
    client = client_of(role="quality_officer", organisation="north-group")
    client.get("/sharing/")
    with django_assert_num_queries(QUERIES):
        client.get("/sharing/")
    for month in range(2, 9):
        agree(day=f"2026-{month:02}-01", least=month + 1)
    with django_assert_num_queries(QUERIES):
        client.get("/sharing/")


QUERIES = 9


def test_an_agreement_gives_looking_and_never_acting(network, now):
    agree(level="images", least=0)
    user = make_user(role="quality_officer", organisation="cxr-maker")
    shared = agreements_in_force(to=["cxr-maker"], at=datetime.now(UTC))
    place = {"organisation": "north-group", "site": "north", "product": "mammo"}
    assert may(user, "see_image", **place, sharing=shared)
    assert not may(user, "review_signal", **place, sharing=shared)
    assert not may(user, "export_package", **place, sharing=shared)
