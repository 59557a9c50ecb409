from datetime import UTC, date, datetime

import pytest

from inference.errors import RegistryFileError
from inference.registry.reading import read_registry, start_in_zone
from inference.registry.vocabulary import STANDARDS
from tests.inference.registry.examples import NETWORK

CLAIM = "products: [{{key: p, claims: [{{finding: f, metric: auc, value: 0.9, {}}}]}}]"


def test_every_section_of_the_contract_is_read():
    file = read_registry(NETWORK)

    assert [line.key for line in file.organisations] == ["north-group", "cxr-maker"]
    assert file.sites[0].timezone == "Europe/Berlin"
    assert file.concepts[0].code == "SCT:60046008"
    product = file.products[0]
    assert [market.market for market in product.markets] == ["EU", "US"]
    assert product.markets[0].certified_on == date(2025, 3, 10)
    assert product.dimensions == ("view_position", "smoker")
    assert product.versions[0].thresholds == {"effusion": 0.5}
    assert product.claims[0].truth_rule == "default"
    assert file.deployments[0].start == date(2026, 1, 1)
    assert file.sharing[0].minimum_count == 11


def test_a_claim_says_whom_it_is_about_and_what_it_is_held_against():
    text = CLAIM.format(
        "margin: 0.02, population: {sex: F, age_band: [60-69, 50-59]}, effect: relative, comparator: shadow_reads, "
        "ifu_version: 1.0, direction: at_most"
    )

    claim = read_registry(text).products[0].claims[0]

    assert claim.population == {"age_band": ["50-59", "60-69"], "sex": ["F"]}
    assert (claim.effect, claim.comparator, claim.ifu_version) == ("relative", "shadow_reads", "1.0")
    assert (claim.direction, claim.summary, claim.limit) == ("at_most", "", None)


def test_text_stays_as_it_was_written():
    file = read_registry(
        "organisations: [{key: n, country: NO}]\n"
        "products: [{key: p, udi_di: 04012345678901, versions: [{version: 1.10}]}]\n"
    )

    assert file.organisations[0].country == "NO"
    assert file.products[0].udi_di == "04012345678901"
    assert file.products[0].versions[0].version == "1.10"


def test_what_a_file_does_not_say_is_none():
    product = read_registry("products: [{key: cxr, name: null}]").products[0]

    assert (product.name, product.manufacturer, product.dimensions) == (None, None, None)


def test_one_organisation_registers_its_sites():
    file = read_registry("organisation: {key: north-group, name: North Group}\nsites: [{key: north}]")

    assert file.organisation == "north-group"
    assert file.organisations[0].name == "North Group"
    assert file.sites[0].organisation is None


def test_an_organisation_may_be_given_by_its_key_alone():
    assert read_registry("organisation: north-group").organisation == "north-group"


def test_a_missing_mode_is_live():
    line = "deployments: [{key: d, product: p, site: s, version: 1, role: triage, from: 2026-01-01}]"

    assert read_registry(line).deployments[0].mode == "live"


def test_a_truth_rule_is_read_in_full():
    rule = read_registry("truth_rules: [{key: strict}]").truth_rules[0]

    assert (rule.minimum_certainty, rule.follow_up_days, rule.standards) == ("possible", None, STANDARDS)
    assert STANDARDS[:3] == ("autopsy", "surgery", "pathology")
    assert STANDARDS[-1] == "synthetic"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sites: [{name: North}]", r"Line 1, sites\[0\].key: is required"),
        ("sites:\n  - key: north\n    timezon: UTC", r"Line 3, sites\[0\].timezon: is not a field here"),
        ("sites: [{key: north, timezone: Europe/Bonn}]", r"sites\[0\].timezone: 'Europe/Bonn' is not a time zone"),
        ("sites: [{key: a b}]", r"sites\[0\].key: 'a b' is not a key"),
        ("sites: [{key: north, key: south}]", "key is given twice"),
        ("sites: north", "Line 1, sites: must be a list"),
        ("sites: [north]", r"Line 1, sites\[0\]: must be a mapping"),
        ("organisations: [{key: n, kind: hospital}]", r"organisations\[0\].kind: 'hospital' is not one of provider"),
        ("products: [{key: p, versions: [{weights_sha256: x}]}]", r"products\[0\].versions\[0\].version: is required"),
        ("products: [{key: p, versions: [{version: 1, weights_sha256: ab}]}]", "weights_sha256: is not a SHA-256"),
        ("products: [{key: p, versions: [{version: 1, thresholds: {e: high}}]}]", "thresholds.e: 'high' is not a num"),
        ("products: [{key: p, versions: [{version: 1, thresholds: {e: .nan}}]}]", "thresholds.e: '.nan' is not a num"),
        ("products: [{key: p, findings: [{key: f, kind: guess}]}]", r"findings\[0\].kind: 'guess' is not one of"),
        ("products: [{key: p, findings: [{key: f, range: [10, 0]}]}]", "range: must begin with the lowest"),
        ("products: [{key: p, findings: [{key: f, matching: iou_0}]}]", "matching: must be centre_in_box, or iou_"),
        ("products: [{key: p, findings: [{key: f, matching: near}]}]", "matching: must be centre_in_box, or iou_"),
        ("products: [{key: p, claims: [{finding: f, metric: auc}]}]", r"claims\[0\].value: is required"),
        (CLAIM.format("margin: -0.1"), "margin: is how far a figure may fall short"),
        (CLAIM.format("effect: huge"), "effect: 'huge' is not one of absolute, relative"),
        (CLAIM.format("comparator: frozen_baseline"), "comparator_value: is required"),
        (CLAIM.format("comparator_value: 0.8"), "comparator_value: belongs to the comparator frozen_baseline"),
        (CLAIM.format("summary: share_within"), "limit: is required"),
        (CLAIM.format("limit: 5"), "limit: belongs to the summary share_within"),
        (CLAIM.format("upper: 0"), "upper: is the largest value"),
        (CLAIM.format("population: {sex: {is: F}}"), "population: sex must be one value or a list"),
        ("products: [{key: p, dimensions: [a, a]}]", "dimensions: names something twice"),
        ("truth_rules: [{key: r, standards: [rumour]}]", "standards: 'rumour' is not one of"),
        ("truth_rules: [{key: r, follow_up_days: -1}]", "follow_up_days: '-1' is not a whole number"),
        ("deployments: [{key: d, product: p, site: s, version: 1, from: 2026-01-01}]", "role: is required"),
        ("deployments: [{key: d, product: p, site: s, version: 1, role: triage}]", "from: is required"),
        (
            "deployments: [{key: d, product: p, site: s, version: 1, role: triage, from: May}]",
            "from: 'May' is not a date",
        ),
        ("sharing: [{site: s, product: p, to: m, from: 2026-01-01}]", "level: is required"),
        ("hospitals: []", "Line 1, hospitals: is not a field here"),
        ("sites: [", "this is not YAML"),
        ("", "The file is empty"),
    ],
)
def test_an_error_names_the_line_and_the_field(text, says):
    with pytest.raises(RegistryFileError, match=says):
        read_registry(text)


def test_a_purpose_rule_needs_a_working_pattern():
    with pytest.raises(RegistryFileError, match=r"purpose_rules\[0\].pattern: is not a regular expression"):
        read_registry("sites: [{key: n, purpose_rules: [{field: study.operator, pattern: '(', purpose: test}]}]")


def test_a_development_population_is_kept_as_said():
    text = "products: [{key: p, versions: [{version: 1, development_population: {n: 100, sites: [a, b], share: 0.5}}]}]"

    population = read_registry(text).products[0].versions[0].development_population

    assert population == {"n": 100, "sites": ["a", "b"], "share": 0.5}


@pytest.mark.parametrize(
    ("start", "at"),
    [
        (date(2026, 1, 1), datetime(2025, 12, 31, 23, 0, tzinfo=UTC)),
        (date(2026, 7, 1), datetime(2026, 6, 30, 22, 0, tzinfo=UTC)),
        (datetime.fromisoformat("2026-01-01T08:00"), datetime(2026, 1, 1, 7, 0, tzinfo=UTC)),
        (datetime(2026, 1, 1, 8, 0, tzinfo=UTC), datetime(2026, 1, 1, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_in_the_zone_of_the_site(start, at):
    assert start_in_zone(start, timezone="Europe/Berlin") == at
