from datetime import UTC, datetime

import pytest

from audit.log.models import Entry
from inference.errors import HistoryError, RegistryFileError
from inference.registry.actions import ensure_default_rule
from inference.registry.models import (
    Claim,
    Concept,
    Configuration,
    Deployment,
    Finding,
    Market,
    Organisation,
    Product,
    Registration,
    Sharing,
    Site,
    TruthRule,
    Version,
)
from inference.registry.queries import history_of
from inference.registry.vocabulary import STANDARDS
from tests.inference.registry.examples import (
    NETWORK,
    NOW,
    changes_nothing,
    network_with,
    outcomes,
    register_network,
    register_text,
)

pytestmark = pytest.mark.django_db

LATER_CONFIGURATION = """
products: [{key: cxr, versions: [{version: "2.0", thresholds: {effusion: 0.4}}]}]
deployments: [{key: cxr-north, product: cxr, site: north, version: "2.0", role: second_reader, from: 2026-03-01}]
"""
OTHER_PARTIES = """
organisations: [{key: south-group}, {key: other-maker, kind: manufacturer}]
sites: [{key: south, organisation: south-group}]
products: [{key: ctx, manufacturer: other-maker, versions: [{version: "1.0"}]}]
"""


def test_a_network_is_registered_from_one_file():
    report = register_network()

    assert report.count("created") == len(report.lines) == 14
    assert outcomes(report)["configuration/cxr-north/2025-12-31T23:00:00Z"] == "created"
    assert Version.objects.get().weights_sha256 == "a" * 64
    assert Market.objects.count() == 2
    assert Claim.objects.get().value == 0.9
    configuration = Configuration.objects.get()
    assert (configuration.thresholds, configuration.recorded_by) == ({"effusion": 0.5}, "test")
    assert Sharing.objects.get().starts_at == datetime(2025, 12, 31, 23, 0, tzinfo=UTC)


def test_the_second_run_changes_nothing_and_logs_nothing():
    register_network()
    entries = Entry.objects.count()

    report = register_network()

    assert changes_nothing(report)
    assert (Entry.objects.count(), Configuration.objects.count(), Claim.objects.count()) == (entries, 1, 1)


def test_every_line_is_in_the_log_of_whom_it_concerns():
    register_network()

    logs = set(Registration.objects.values_list("subject", "organisation"))

    assert ("site/north", "north-group") in logs
    assert ("deployment/cxr-north", "north-group") in logs
    assert ("version/cxr/1.0", "cxr-maker") in logs
    assert ("concept/effusion", "operator") in logs
    assert ("truth_rule/default", "operator") in logs
    assert {organisation for subject, organisation in logs if subject.startswith("sharing/")} == {
        "north-group",
        "cxr-maker",
    }


def test_a_registration_proves_what_was_registered():
    register_network()

    registration = Registration.objects.select_related("entry").get(subject="version/cxr/1.0")

    assert registration.values["thresholds"] == {"effusion": 0.5}
    assert (registration.values["product"], registration.values["version"]) == ("cxr", "1.0")
    assert (registration.entry.kind, registration.entry.actor, registration.entry.at) == ("registration", "test", NOW)


@pytest.mark.parametrize(
    ("old", "new", "subject"),
    [
        ("name: North Hospital", "name: North Campus", "site/north"),
        ("name: CXR Maker", "name: CXR Makers", "organisation/cxr-maker"),
        ("certified_on: 2025-03-10", "certified_on: 2026-03-10", "market/cxr/EU"),
        ("market: EU}]", 'market: EU, source: "IFU 7"}]', "claim/cxr/effusion/sensitivity/EU/study"),
        ("[view_position, smoker]", "[view_position, smoker, bmi]", "product/cxr"),
        ("name: CXR Assist", "name: CXR Assist\n    intended_use: Adults", "product/cxr"),
    ],
)
def test_what_rewrites_nothing_is_updated(old, new, subject):
    register_network()

    report = register_text(network_with(old, new))

    assert [line.subject for line in report.lines if line.outcome == "updated"] == [subject]
    assert history_of(subject).count() == 2


def test_what_a_file_does_not_say_stays():
    register_network()

    report = register_text("products: [{key: cxr, intended_use: Adults with cough}]")

    product = Product.objects.get()
    assert outcomes(report)["product/cxr"] == "updated"
    assert (product.name, product.dimensions, product.manufacturer_id) == (
        "CXR Assist",
        ["view_position", "smoker"],
        "cxr-maker",
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("a" * 64, "b" * 64, r"version/cxr/1.0: weights_sha256 .* register a new version"),
        ("thresholds: {effusion: 0.5}", "thresholds: {effusion: 0.6}", r"version/cxr/1.0: thresholds .* new version"),
        ("kind: binary", "kind: detection", r"finding/cxr/effusion: kind is binary .* register a new finding"),
        ("scale: probability", "scale: raw", r"finding/cxr/effusion: scale"),
        ("scale: probability", "scale: probability, unit: mm", r"finding/cxr/effusion: unit is not given"),
        ("scale: probability", "scale: probability, range: [0, 2]", r"finding/cxr/effusion: range"),
        ("scale: probability", "scale: probability, classes: [a, b]", r"finding/cxr/effusion: classes"),
        ("concept: effusion", "concept: fluid", r"finding/cxr/effusion: concept is effusion and would become fluid"),
        ("timezone: Europe/Berlin", "timezone: Europe/Paris", r"site/north: timezone is Europe/Berlin .* new site"),
        ("organisation: north-group", "organisation: cxr-maker", r"site/north: organisation is north-group"),
        ("timezone: Europe/Berlin", "timezone: Europe/Berlin, patient_id_issuer: X", r"site/north: patient_id_issuer"),
        ("kind: provider", "kind: operator", r"organisation/north-group: kind"),
        ("manufacturer: cxr-maker", "manufacturer: north-group", r"product/cxr: manufacturer .* new product"),
        ("[view_position, smoker]", "[smoker]", r"product/cxr: dimensions would lose view_position"),
        ("regions: []", "regions: [L, R]", r"product/cxr: regions are not given and would become .*'L', 'R'"),
        ("value: 0.90", "value: 0.85", r"claim/cxr/effusion/sensitivity/EU/study: value is 0.9 and would become 0.85"),
        ("margin: 0.02", "margin: 0.05", r"claim/.*: margin"),
        ("role: second_reader", "role: triage", r"configuration/cxr-north/.*: role is second_reader .* later `from`"),
        ("mode: live", "mode: shadow", r"configuration/.*: mode is live"),
        ("mode: live, from: 2026-01-01", "from: 2025-12-01", r"would start before the configuration"),
        ("mode: live, from: 2026-01-01", "from: 2026-02-01", r"the same settings are in force since .* does not move"),
        ("level: aggregate", "level: rows", r"sharing/north/cxr/cxr-maker/.*: level is aggregate"),
        ("11, from: 2026-01-01", "11, from: 2025-01-01", r"would start before the agreement"),
    ],
)
def test_what_would_rewrite_history_is_refused(old, new, says):
    register_network()
    entries = Entry.objects.count()

    with pytest.raises(HistoryError, match=says):
        register_text(network_with(old, new))

    assert Entry.objects.count() == entries
    assert changes_nothing(register_network())


def test_a_deployment_stays_at_its_site_with_its_product():
    register_network()
    register_text(OTHER_PARTIES)

    with pytest.raises(HistoryError, match=r"deployment/cxr-north: site is north and would become south"):
        register_text(network_with("site: north, version", "site: south, version"))
    with pytest.raises(HistoryError, match=r"deployment/cxr-north: product is cxr and would become ctx"):
        register_text(network_with("product: cxr, site: north, version", "product: ctx, site: north, version"))


def test_two_lines_of_one_deployment_name_the_same_site():
    second = "  - {key: cxr-north, product: cxr, site: south, version: '1.0', role: triage, from: 2026-02-01}\nsharing:"

    with pytest.raises(HistoryError, match="it is cxr at north and would become cxr at south"):
        register_text(network_with("sharing:", second))


def test_a_base_model_stays():
    register_network()
    register_text(network_with("thresholds: {", f"base_weights_sha256: {'c' * 64}, thresholds: {{"))

    with pytest.raises(HistoryError, match="base_weights_sha256"):
        register_text(network_with("thresholds: {", f"base_weights_sha256: {'d' * 64}, thresholds: {{"))


def test_a_concept_keeps_its_kind_and_unit():
    register_text("concepts: [{key: ef, kind: measurement, unit: '%'}]")

    for said in ("kind: binary", "unit: mL"):
        with pytest.raises(HistoryError, match=r"concept/ef: .* register a new concept"):
            register_text(f"concepts: [{{key: ef, {said}}}]")


def test_a_claim_of_other_patients_or_another_ifu_is_another_claim():
    register_network()

    for said in (
        "population: {sex: F}", "ifu_version: '1.1'", "effect: relative", "summary: share_within, limit: 5",
        "comparator: shadow_reads",
    ):  # fmt: skip
        register_text(network_with("market: EU}]", f"market: EU, {said}}}]"))

    assert Claim.objects.count() == 6
    assert history_of("claim/cxr/effusion/sensitivity/EU/study/sex=F").count() == 1


def test_a_margin_may_be_filled_once():
    register_text(network_with("margin: 0.02, ", ""))

    register_network()

    assert Claim.objects.get().margin == 0.02
    with pytest.raises(HistoryError, match="margin is 0"):
        register_text(network_with("margin: 0.02", "margin: 0.05"))


def test_a_claim_names_dimensions_that_its_product_has():
    with pytest.raises(RegistryFileError, match="population: 'eye_colour' is not a dimension of cxr"):
        register_text(network_with("market: EU}]", "market: EU, population: {eye_colour: blue}}]"))


def test_a_truth_rule_keeps_its_content():
    register_text(
        "truth_rules: [{key: strict, minimum_certainty: definite, follow_up_days: 365, standards: [surgery]}]"
    )

    for said in ("follow_up_days: 365, standards: [surgery]", "minimum_certainty: definite, standards: [surgery]"):
        with pytest.raises(HistoryError, match=r"truth_rule/strict: .* register a rule under a new key"):
            register_text(f"truth_rules: [{{key: strict, {said}}}]")


def test_the_default_rule_exists_even_if_no_file_names_it():
    register_text("organisation: north-group")

    rule = TruthRule.objects.get()
    assert (rule.key, rule.minimum_certainty, rule.follow_up_days) == ("default", "possible", None)
    assert rule.standards == list(STANDARDS)


def test_the_default_rule_is_made_once():
    first, second = ensure_default_rule(NOW), ensure_default_rule(NOW)

    assert first == second
    assert history_of("truth_rule/default").count() == 1


def test_a_later_from_adds_a_configuration():
    register_network()

    report = register_text(LATER_CONFIGURATION)

    first, second = Configuration.objects.select_related("version")
    assert outcomes(report)["configuration/cxr-north/2026-02-28T23:00:00Z"] == "created"
    assert (first.version.version, first.thresholds) == ("1.0", {"effusion": 0.5})
    assert (second.version.version, second.thresholds) == ("2.0", {"effusion": 0.4})
    assert changes_nothing(register_network())


def test_configurations_of_one_file_are_dated_in_any_order():
    lines = NETWORK.split("sharing:")[0].split("deployments:")[0] + (
        "deployments:\n"
        "  - {key: d, product: cxr, site: north, version: '1.0', role: second_reader, mode: live, from: 2026-03-01}\n"
        "  - {key: d, product: cxr, site: north, version: '1.0', role: second_reader, mode: shadow, from: 2026-01-01}\n"
    )
    register_text(lines)

    assert [each.mode for each in Configuration.objects.all()] == ["shadow", "live"]
    assert register_text(lines).count("created") == 0


def test_a_deployment_may_have_thresholds_of_its_own():
    register_text(network_with("mode: live,", "mode: live, thresholds: {effusion: 0.35},"))

    assert Configuration.objects.get().thresholds == {"effusion": 0.35}


def test_a_later_line_replaces_and_ends_an_agreement():
    register_network()
    register_text("sharing: [{site: north, product: cxr, to: cxr-maker, level: rows, from: 2026-02-01}]")
    register_text("sharing: [{site: north, product: cxr, to: cxr-maker, level: none, from: 2026-03-01}]")

    assert [line.level for line in Sharing.objects.all()] == ["aggregate", "rows", "none"]


def test_a_site_belongs_to_the_organisation_that_registers():
    register_text("organisation: {key: north-group}\nsites: [{key: north, timezone: Europe/Berlin}]")

    assert Site.objects.get().organisation_id == "north-group"
    assert Organisation.objects.get().kind == "provider"


def test_a_missing_manufacturer_is_the_organisation_that_registers():
    register_text("organisation: {key: maker, kind: manufacturer}\nproducts: [{key: cxr}]")

    assert Product.objects.get().manufacturer_id == "maker"


def test_a_finding_without_a_concept_is_about_the_concept_of_its_own_key():
    report = register_text("organisation: m\nproducts: [{key: cxr, findings: [{key: hernia, kind: binary}]}]")

    assert Finding.objects.get().concept_id == "hernia"
    assert outcomes(report)["concept/hernia"] == "created"
    assert Concept.objects.get().name == "hernia"


def test_a_finding_inherits_from_its_concept():
    register_text(
        "organisation: m\nconcepts: [{key: ef, kind: measurement, unit: '%'}]\n"
        "products: [{key: echo, findings: [{key: ef}]}]"
    )

    finding = Finding.objects.get()
    assert (finding.kind, finding.unit, finding.scale) == ("measurement", "%", "raw")


def test_a_finding_must_agree_with_its_concept():
    with pytest.raises(RegistryFileError, match="unit mL does not agree with the concept ef, which has %"):
        register_text(
            "organisation: m\nconcepts: [{key: ef, unit: '%'}]\n"
            "products: [{key: echo, findings: [{key: ef, kind: measurement, unit: mL}]}]"
        )


def test_a_concept_described_later_must_agree_with_its_findings():
    register_text("organisation: m\nproducts: [{key: echo, findings: [{key: ef, kind: measurement, unit: mL}]}]")

    with pytest.raises(RegistryFileError, match="unit % does not agree with the finding ef of echo"):
        register_text("concepts: [{key: ef, unit: '%'}]")


@pytest.mark.parametrize(
    ("kind", "scale"),
    [
        ("binary", "probability"),
        ("triage", "none"),
        ("measurement", "raw"),
        ("ordinal", "ordinal"),
        ("report_text", "none"),
    ],
)
def test_a_missing_scale_follows_the_kind(kind, scale):
    register_text(f"organisation: m\nproducts: [{{key: p, findings: [{{key: f, kind: {kind}}}]}}]")

    assert Finding.objects.get().scale == scale


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sites: [{key: n, organisation: nobody}]", "the organisation 'nobody' is not registered"),
        ("sites: [{key: n}]", "organisation is required"),
        ("products: [{key: p}]", "manufacturer is required"),
        ("organisation: m\nproducts: [{key: p, findings: [{key: f}]}]", "finding/p/f: kind is required"),
        (
            "organisation: m\nproducts: [{key: p, versions: [{version: 1, thresholds: {f: 1}}]}]",
            "thresholds: 'f' is not a finding of p",
        ),
        (
            "organisation: m\nproducts: [{key: p, findings: [{key: f, kind: binary}], "
            "versions: [{version: 1, thresholds: {f: 50}}]}]",
            "f is 50.0, outside its scores of 0.0 to 1.0",
        ),
        (
            "organisation: m\nproducts: [{key: p, claims: [{finding: f, metric: auc, value: 0.9}]}]",
            "'f' is not a finding of p",
        ),
        (
            "deployments: [{key: d, product: p, site: s, version: 1, role: triage, from: 2026-01-01}]",
            "deployment/d: the product 'p' is not registered",
        ),
        (
            "organisation: m\nproducts: [{key: p}]\nsites: [{key: s}]\n"
            "deployments: [{key: d, product: p, site: s, version: 1, role: triage, from: 2026-01-01}]",
            "the version '1' of p is not registered",
        ),
    ],
)
def test_what_is_not_registered_is_named(text, says):
    with pytest.raises(RegistryFileError, match=says):
        register_text(text)

    assert (Organisation.objects.count(), Deployment.objects.count(), Entry.objects.count()) == (0, 0, 0)
