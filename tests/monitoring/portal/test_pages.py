"""The portal's pages: what was shared and nothing else, read-only, each opening an entry of the provider's log."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.log.models import Act, Entry
from audit.proofs.merkle import leaf_hash
from inference.registry.actions import register
from monitoring.evidence.models import Package
from monitoring.signals.actions import acknowledge_signal
from monitoring.signals.models import Signal
from tests.factories import make_user
from tests.monitoring.signals.test_views import make_signal

pytestmark = pytest.mark.django_db


def test_the_first_page_says_what_was_shared_on_which_basis_until_when(client, inspector, page):
    text = page(inspector).content.decode()
    assert "MDR Annex IX 3.4" in text
    assert "until it is ended" in text
    assert "CXR Assist" in text
    assert "Mammo Assist" not in text
    assert "South Clinic" not in text


def test_an_agreement_that_ends_says_until_when_and_then_opens_nothing(client, inspector, now, page):
    line = "sharing: [{site: north, product: cxr, to: notified, level: none, from: 2099-01-01}]"
    register(text=line, actor="test", now=now)
    text = page(inspector).content.decode()
    assert "2099-01-01" in text


def test_what_was_ended_is_no_longer_there(client, inspector, now, page):
    line = "sharing: [{site: north, product: cxr, to: notified, level: none, from: 2026-02-01}]"
    register(text=line, actor="test", now=now)
    assert "Nothing is shared with you" in page(inspector).content.decode()
    assert page(inspector, "/portal/products/cxr/").status_code == 404


def test_the_product_page_has_its_numbered_sections(client, authority, page):
    text = page(authority, "/portal/products/cxr/").content.decode()
    titles = re.findall(r"<h2>(\d+)\.", text)
    assert titles == [str(number) for number in range(1, 12)]
    assert text.count("none recorded") >= 2
    assert "North Hospital" in text


def test_small_counts_stay_hidden_from_whom_sums_are_shared_with(client, inspector, authority, page):
    signal = make_signal(cases=5)
    shared = page(inspector, "/portal/products/cxr/").content.decode()
    assert "hidden by the sharing agreement" in shared
    assert signal.summary not in shared
    assert "East Hospital" not in shared
    assert "East Hospital" in page(authority, "/portal/products/cxr/").content.decode()


def test_whatever_is_opened_is_an_entry_of_the_provider_and_of_the_regulator(client, inspector, page):
    page(inspector, "/portal/products/cxr/")
    opened = Act.objects.filter(entry__kind="portal.opened", subject="portal/product/cxr")
    assert sorted(opened.values_list("organisation", flat=True)) == ["north-group", "notified"]
    assert {act.entry.actor for act in opened} == {"user:inspector"}


def proofs(text):
    return re.findall(r'data-proof="([^"]+)" data-shown="([^"]*)"', text)


def test_each_shown_entry_gives_its_bytes_and_leaf_to_its_reader(client, authority, now, page):
    acknowledge_signal(signal=make_signal(), by=make_user(role="quality_officer"), note="looked at it", now=now)
    text = page(authority, "/portal/products/cxr/").content.decode()
    found = proofs(text)
    assert len(found) >= 3
    for href, _ in found:
        said = client.get(href).json()
        assert leaf_hash(said["body"].encode()).hex() == said["leaf"]
        assert said["keys"] == [] or said["keys"][0].count("+") >= 2


def test_words_with_small_counts_are_withheld_and_their_leaf_is_given(client, inspector, now, page):
    acknowledge_signal(signal=make_signal(cases=5), by=make_user(role="quality_officer"), note="secret", now=now)
    text = page(inspector, "/portal/products/cxr/").content.decode()
    assert "secret" not in text
    answers = [client.get(href).json() for href, _ in proofs(text)]
    withheld = [each for each in answers if each["body"] is None]
    assert withheld
    assert all("withheld" in each["withheld"] for each in withheld)
    assert "secret" not in json.dumps(answers)


def test_the_address_of_an_entry_serves_nobody_else(client, authority, now, page):
    text = page(authority, "/portal/products/cxr/").content.decode()
    href = proofs(text)[-1][0]
    other = make_user(role="regulator", organisation="south-clinic", username="other")
    assert page(other, href).status_code == 404
    assert page(authority, href[:-3] + "aa/").status_code == 404


def test_a_regulator_whose_right_has_ended_opens_nothing(client, authority, now, page):
    authority.grants.update(ended_at=now - timedelta(days=1))
    for path in ("/portal/", "/portal/products/cxr/", "/portal/comments/"):
        assert page(authority, path).status_code == 404


def test_a_regulator_whose_right_has_expired_opens_nothing(client, authority, inspector, page):
    for user in (authority, inspector):
        href = proofs(page(user, "/portal/products/cxr/").content.decode())[-1][0]
        user.grants.update(expires_at=timezone.now() - timedelta(seconds=1))
        for path in ("/portal/", "/portal/products/cxr/", "/portal/products/cxr/report.pdf", "/portal/comments/", href):
            assert page(user, path).status_code == 404, path


def test_a_stranger_logs_in_and_another_role_finds_nothing(client, network, page):
    assert client.get("/portal/").url.startswith("/log-in/")
    for role in ("quality_officer", "radiologist", "administrator", "integrator"):
        user = make_user(role=role, organisation="north-group", username=role)
        assert page(user).status_code == 404
        assert page(user, "/portal/products/cxr/").status_code == 404


def test_the_page_costs_the_same_for_many_rows(client, authority, now, page):
    make_signal(1)
    page(authority, "/portal/products/cxr/")
    first = counted(client)
    for number in range(2, 9):
        make_signal(number)
    make_packages(5, now=now)
    assert counted(client) == first


def counted(client):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert client.get("/portal/products/cxr/").status_code == 200
    return len(queries)


def make_packages(number, *, now):
    for each in range(number):
        Package.objects.create(
            uid=f"{each:032x}", product_id="cxr", deployments=["cxr-north"], since="2026-01-01", until="2026-02-01",
            level="rows", requested_by="user:authority", requested_at=now, state="ready", cases=3, size=9,
            sha256="0" * 64, recipient="outside",
        )  # fmt: skip


def test_a_period_narrows_the_figures(client, authority, page):
    text = page(authority, "/portal/products/cxr/?since=2027-01-01").content.decode()
    assert "from 2027-01-01" in text
    assert page(authority, "/portal/products/cxr/?since=nonsense").status_code == 422


def test_the_check_of_a_package_needs_no_log_in(client, db):
    answer = client.get(reverse("portal:verify"))
    assert answer.status_code == 200
    assert b"never sent" in answer.content


def test_nothing_is_written_by_looking_but_that_it_was_looked_at(client, authority, page):
    make_signal()
    before = Entry.objects.count(), Signal.objects.count()
    page(authority, "/portal/products/cxr/")
    kinds = set(Entry.objects.order_by("-id").values_list("kind", flat=True)[: Entry.objects.count() - before[0]])
    assert kinds == {"portal.opened"}
