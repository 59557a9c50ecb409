"""Reads a registry file into plain lines, or says where it cannot be understood.

Whether what it says fits what is registered already is decided in
registry.actions.
"""

import re
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from inference.registry.claim_lines import claim_line
from inference.registry.fields import Fields, read_mapping
from inference.registry.lines import (
    ConceptLine,
    DeploymentLine,
    FindingLine,
    MarketLine,
    OrganisationLine,
    ProductLine,
    RegistryFile,
    SharingLine,
    SiteLine,
    TruthRuleLine,
    VersionLine,
)
from inference.registry.models import Configuration, Finding, Organisation, Sharing
from inference.registry.populations import fault_of
from inference.registry.vocabulary import (
    CERTAINTIES,
    DEFAULT_MINIMUM_CERTAINTY,
    DEFAULT_MINIMUM_COUNT,
    ELIGIBLE_FIELDS,
    PURPOSES,
    ROLES,
    SCALES,
    SENSITIVE_DIMENSIONS,
    STANDARDS,
)

SECTIONS = ("organisation", "organisations", "sites", "concepts", "truth_rules", "products", "deployments", "sharing")
MATCHING = re.compile(r"centre_in_box|iou_(0\.\d*[1-9]|1)")


def read_registry(text: str) -> RegistryFile:
    """Return what a registry file says.

    Raises:
        RegistryFileError: naming the line, the place and the field.
    """
    file = read_mapping(text)
    file.only(*SECTIONS)
    registering = registering_organisation(file)
    return RegistryFile(
        organisation=registering.key if registering else "",
        organisations=(
            *((registering,) if registering else ()),
            *map(organisation_line, file.entries("organisations")),
        ),
        sites=tuple(map(site_line, file.entries("sites"))),
        concepts=tuple(map(concept_line, file.entries("concepts"))),
        truth_rules=tuple(map(truth_rule_line, file.entries("truth_rules"))),
        products=tuple(map(product_line, file.entries("products"))),
        deployments=tuple(map(deployment_line, file.entries("deployments"))),
        sharing=tuple(map(sharing_line, file.entries("sharing"))),
    )


def registering_organisation(file: Fields) -> OrganisationLine | None:
    """Return the one organisation given as `organisation:`, as a mapping or by its key alone."""
    if not file.said("organisation"):
        return None
    if file.is_scalar("organisation"):
        return OrganisationLine(line=file.line, key=file.required_key("organisation"))
    return organisation_line(file.inner("organisation"))


def organisation_line(given: Fields) -> OrganisationLine:
    given.only("key", "kind", "name", "country")
    return OrganisationLine(
        line=given.line,
        key=given.required_key("key"),
        kind=given.choice("kind", Organisation.Kind.values),
        name=given.text("name"),
        country=given.text("country", longest=2),
    )


def site_line(given: Fields) -> SiteLine:
    given.only(
        "key", "organisation", "name", "country", "timezone", "patient_id_issuer", "accession_issuer", "purpose_rules",
        "lawful_dimensions", "opt_out_stops_monitoring",
    )  # fmt: skip
    timezone = given.text("timezone", longest=64)
    if timezone is not None and timezone not in available_timezones():
        given.refuse("timezone", f"{timezone!r} is not a time zone such as Europe/Berlin")
    return SiteLine(
        line=given.line,
        key=given.required_key("key"),
        organisation=given.key("organisation"),
        name=given.text("name"),
        country=given.text("country", longest=2),
        timezone=timezone,
        patient_id_issuer=given.text("patient_id_issuer", longest=128),
        accession_issuer=given.text("accession_issuer", longest=128),
        purpose_rules=tuple(map(purpose_rule, given.entries("purpose_rules"))) if given.said("purpose_rules") else None,
        lawful_dimensions=lawful_dimensions(given),
        opt_out_stops_monitoring=given.boolean("opt_out_stops_monitoring"),
    )


def lawful_dimensions(given: Fields) -> tuple[str, ...] | None:
    """Return the sensitive dimensions that a site may be sliced by; others need no leave."""
    said = given.texts("lawful_dimensions")
    for name in said or ():
        if name not in SENSITIVE_DIMENSIONS:
            given.refuse("lawful_dimensions", f"{name!r} is not one of {', '.join(SENSITIVE_DIMENSIONS)}")
    return said


def purpose_rule(given: Fields) -> dict[str, str]:
    """Return a rule that sets the purpose of the studies whose field matches a pattern."""
    given.only("field", "pattern", "purpose")
    pattern = given.required("pattern", longest=200)
    try:
        re.compile(pattern)
    except re.error as error:
        given.refuse("pattern", f"is not a regular expression: {error}")
    purpose = given.choice("purpose", PURPOSES) or given.refuse("purpose", "is required")
    return {"field": given.required("field"), "pattern": pattern, "purpose": purpose}


def concept_line(given: Fields) -> ConceptLine:
    given.only("key", "name", "code", "kind", "unit", "classes")
    return ConceptLine(
        line=given.line,
        key=given.required_key("key"),
        name=given.text("name"),
        code=given.text("code", longest=64),
        kind=given.choice("kind", Finding.Kind.values),
        unit=given.text("unit", longest=32),
        classes=given.texts("classes"),
    )


def truth_rule_line(given: Fields) -> TruthRuleLine:
    given.only("key", "minimum_certainty", "follow_up_days", "standards")
    standards = given.texts("standards") or STANDARDS
    for standard in standards:
        if standard not in STANDARDS:
            given.refuse("standards", f"{standard!r} is not one of {', '.join(STANDARDS)}")
    return TruthRuleLine(
        line=given.line,
        key=given.required_key("key"),
        minimum_certainty=given.choice("minimum_certainty", CERTAINTIES) or DEFAULT_MINIMUM_CERTAINTY,
        follow_up_days=given.integer("follow_up_days"),
        standards=standards,
    )


def product_line(given: Fields) -> ProductLine:
    given.only(
        "key", "name", "manufacturer", "intended_use", "udi_di", "dimensions", "regions", "markets", "findings",
        "versions", "claims",
    )  # fmt: skip
    return ProductLine(
        line=given.line,
        key=given.required_key("key"),
        name=given.text("name"),
        manufacturer=given.key("manufacturer"),
        intended_use=given.text("intended_use", longest=10_000),
        udi_di=given.text("udi_di", longest=64),
        dimensions=given.texts("dimensions"),
        regions=given.texts("regions"),
        markets=tuple(map(market_line, given.entries("markets"))),
        findings=tuple(map(finding_line, given.entries("findings"))),
        versions=tuple(map(version_line, given.entries("versions"))),
        claims=tuple(map(claim_line, given.entries("claims"))),
    )


def market_line(given: Fields) -> MarketLine:
    given.only("market", "pathway", "risk_class", "number", "certificate", "certified_on")
    return MarketLine(
        line=given.line,
        market=given.required("market", longest=16),
        pathway=given.text("pathway", longest=32),
        risk_class=given.text("risk_class", longest=16),
        number=given.text("number", longest=64),
        certificate=given.text("certificate", longest=128),
        certified_on=given.day("certified_on"),
    )


def finding_line(given: Fields) -> FindingLine:
    given.only("key", "concept", "kind", "scale", "unit", "range", "classes", "matching")
    return FindingLine(
        line=given.line,
        key=given.required_key("key"),
        concept=given.key("concept"),
        kind=given.choice("kind", Finding.Kind.values),
        scale=given.choice("scale", SCALES),
        unit=given.text("unit", longest=32),
        range=score_range(given),
        classes=given.texts("classes"),
        matching=matching(given),
    )


def matching(given: Fields) -> str | None:
    """Return the criterion by which a mark is a lesion: `centre_in_box`, or `iou_` with the least overlap of boxes."""
    found = given.text("matching", longest=32)
    if found is not None and not MATCHING.fullmatch(found):
        given.refuse("matching", "must be centre_in_box, or iou_ with a share above 0 and up to 1, such as iou_0.5")
    return found


def score_range(given: Fields) -> tuple[float, float] | None:
    texts = given.texts("range")
    if texts is None:
        return None
    try:
        lowest, highest = (float(text) for text in texts)
    except ValueError:
        given.refuse("range", "must be two numbers, the lowest and the highest score")
    if not lowest < highest or highest - lowest == float("inf"):
        given.refuse("range", "must begin with the lowest score and end with a higher one")
    return (lowest, highest)


def version_line(given: Fields) -> VersionLine:
    given.only(
        "version", "weights_sha256", "base_weights_sha256", "thresholds", "preprocessing", "ifu_version",
        "development_population", "pccp",
    )  # fmt: skip
    return VersionLine(
        line=given.line,
        version=given.required("version"),
        weights_sha256=given.digest("weights_sha256"),
        base_weights_sha256=given.digest("base_weights_sha256"),
        thresholds=given.numbers("thresholds"),
        preprocessing=given.text("preprocessing", longest=10_000),
        ifu_version=given.text("ifu_version", longest=64),
        development_population=development_population(given),
        pccp=given.text("pccp"),
    )


def development_population(given: Fields) -> dict[str, Any] | None:
    said = given.plain("development_population")
    for name, values in (said or {}).items():
        fault = fault_of(values) if isinstance(values, dict) else ""
        if fault:
            given.refuse("development_population", f"{name} {fault}")
    return said


def deployment_line(given: Fields) -> DeploymentLine:
    given.only(
        "key",
        "product",
        "site",
        "version",
        "role",
        "mode",
        "from",
        "thresholds",
        "settings_sha256",
        "reason",
        "eligible",
    )
    return DeploymentLine(
        line=given.line,
        key=given.required_key("key"),
        product=given.required_key("product"),
        site=given.required_key("site"),
        version=given.required("version"),
        role=given.choice("role", ROLES) or given.refuse("role", "is required"),
        mode=given.choice("mode", Configuration.Mode.values) or Configuration.Mode.LIVE.value,
        start=given.day_or_moment("from"),
        thresholds=given.numbers("thresholds"),
        settings_sha256=given.digest("settings_sha256"),
        reason=given.text("reason", longest=300),
        eligible=eligible_studies(given),
    )


def eligible_studies(given: Fields) -> dict[str, tuple[str, ...]] | None:
    """Return which studies a product is meant to see: header fields, each with the values that count."""
    if not given.said("eligible"):
        return None
    fields = given.inner("eligible")
    fields.only(*ELIGIBLE_FIELDS)
    return {name: fields.texts(name) or () for name in ELIGIBLE_FIELDS if fields.said(name)}


def sharing_line(given: Fields) -> SharingLine:
    given.only("site", "product", "to", "level", "minimum_count", "from", "legal_basis")
    minimum = given.integer("minimum_count")
    return SharingLine(
        line=given.line,
        site=given.required_key("site"),
        product=given.required_key("product"),
        to=given.required_key("to"),
        level=given.choice("level", Sharing.Level.values) or given.refuse("level", "is required"),
        start=given.day_or_moment("from"),
        minimum_count=DEFAULT_MINIMUM_COUNT if minimum is None else minimum,
        legal_basis=given.text("legal_basis", longest=300) or "",
    )


def start_in_zone(start: date | datetime, *, timezone: str) -> datetime:
    """Return the moment a line starts: a day begins at midnight in the site's zone, a bare time is read there."""
    zone = ZoneInfo(timezone)
    if not isinstance(start, datetime):
        return datetime.combine(start, time.min, tzinfo=zone)
    return start if start.tzinfo else start.replace(tzinfo=zone)
