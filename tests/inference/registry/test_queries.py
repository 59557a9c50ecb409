from datetime import UTC, datetime, timedelta

import pytest

from audit.access.scopes import Shared
from inference.registry.models import Deployment, Scanner
from inference.registry.queries import (
    agreements_in_force,
    configuration_in_force,
    deployment_settings,
    ensure_scanners,
    organisation_of_site,
    scanner_key,
    sharing_in_force,
)
from tests.inference.registry.examples import NOW, register_network, register_text
from tests.inference.registry.test_actions import LATER_CONFIGURATION

pytestmark = pytest.mark.django_db

FIRST_START = datetime(2025, 12, 31, 23, 0, tzinfo=UTC)
SECOND_START = datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def deployment():
    register_network()
    register_text(LATER_CONFIGURATION)
    return Deployment.objects.get()


@pytest.mark.parametrize(
    ("at", "version"),
    [
        (FIRST_START - MOMENT, None),
        (FIRST_START, "1.0"),
        (SECOND_START - MOMENT, "1.0"),
        (SECOND_START, "2.0"),
        (datetime(2030, 1, 1, tzinfo=UTC), "2.0"),
    ],
)
def test_a_configuration_is_in_force_until_the_next_one_starts(deployment, at, version):
    found, loaded = configuration_in_force(deployment, at), deployment_settings(deployment).in_force(at)

    assert (found.version.version if found else None) == version
    assert (loaded.version if loaded else None) == version


def test_settings_say_all_that_counting_needs(deployment, django_assert_num_queries):
    with django_assert_num_queries(4):
        settings = deployment_settings(deployment)

    assert (settings.key, settings.product_key, settings.site_key) == ("cxr-north", "cxr", "north")
    assert (settings.organisation_key, settings.timezone) == ("north-group", "Europe/Berlin")
    assert (settings.dimensions, settings.regions) == (("view_position", "smoker"), ())
    assert settings.findings["effusion"].concept == "effusion"
    assert settings.findings["effusion"].range is None
    assert settings.versions == {"1.0": {"effusion": 0.5}, "2.0": {"effusion": 0.4}}
    assert [each.thresholds for each in settings.configurations] == [{"effusion": 0.5}, {"effusion": 0.4}]
    assert settings.configurations[0].role == "second_reader"


def test_an_agreement_is_in_force_until_replaced_or_ended():
    register_network()
    register_text("sharing: [{site: north, product: cxr, to: cxr-maker, level: rows, from: 2026-02-01}]")
    register_text("sharing: [{site: north, product: cxr, to: cxr-maker, level: none, from: 2026-03-01}]")

    def level_on(month, day):
        line = sharing_in_force("north", "cxr", "cxr-maker", datetime(2026, month, day, tzinfo=UTC))
        return line.level if line else None

    assert [level_on(1, 15), level_on(2, 15), level_on(3, 15)] == ["aggregate", "rows", None]
    assert sharing_in_force("north", "cxr", "cxr-maker", datetime(2025, 1, 1, tzinfo=UTC)) is None


def test_agreements_are_given_as_access_takes_them():
    register_network()
    shared = Shared(to="cxr-maker", site="north", product="cxr", level="aggregate", minimum_count=11)

    assert agreements_in_force(to=["cxr-maker"], at=NOW) == (shared,)
    assert agreements_in_force(to=["north-group"], at=NOW) == ()


def test_an_ended_agreement_is_not_in_force():
    register_network()
    register_text("sharing: [{site: north, product: cxr, to: cxr-maker, level: none, from: 2026-01-03}]")

    assert agreements_in_force(to=["cxr-maker"], at=NOW) == ()


def test_a_site_names_who_is_responsible():
    register_network()

    assert organisation_of_site("north") == "north-group"


def test_a_scanner_key_can_be_read_and_tells_machines_apart():
    first = scanner_key("north", "Siemens", "Ysio Max (2)", "1")

    assert first.startswith("ysio-max-2-")
    assert len(first) == len("ysio-max-2-") + 6
    assert first == scanner_key("north", "SIEMENS ", "Ysio Max (2)", "1")
    others = {
        scanner_key(*said)
        for said in (("south", "Siemens", "Ysio Max (2)", "1"), ("north", "Siemens", "Ysio Max (2)", "2"))
    }
    assert len(others | {first}) == 3


def test_a_scanner_without_a_model_has_a_key_too():
    assert scanner_key("north", "", "", "").startswith("scanner-")


def test_scanners_are_registered_once():
    register_network()
    rows = [
        ("ysio-1", "north", "Siemens", "Ysio"),
        ("ysio-1", "north", "Siemens", "Ysio"),
        ("dr-2", "north", "GE", "DR"),
    ]

    ensure_scanners(rows, NOW)
    ensure_scanners([("ysio-1", "north", "Other", "Other")], NOW + timedelta(days=1))

    first = Scanner.objects.get(key="ysio-1")
    assert (first.manufacturer, first.first_seen_at, Scanner.objects.count()) == ("Siemens", NOW, 2)
