"""What a registry file says, line by line, as plain values. None is a field that the file does not say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationLine:
    line: int
    key: str
    kind: str | None = None
    name: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLine:
    line: int
    key: str
    organisation: str | None = None
    name: str | None = None
    country: str | None = None
    timezone: str | None = None
    patient_id_issuer: str | None = None
    accession_issuer: str | None = None
    purpose_rules: tuple[Mapping[str, str], ...] | None = None
    lawful_dimensions: tuple[str, ...] | None = None
    opt_out_stops_monitoring: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptLine:
    line: int
    key: str
    name: str | None = None
    code: str | None = None
    kind: str | None = None
    unit: str | None = None
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthRuleLine:
    """A rule is always said in full: what is missing is as in the default rule."""

    line: int
    key: str
    minimum_certainty: str
    follow_up_days: int | None
    standards: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketLine:
    line: int
    market: str
    pathway: str | None = None
    risk_class: str | None = None
    number: str | None = None
    certificate: str | None = None
    certified_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    line: int
    key: str
    concept: str | None = None
    kind: str | None = None
    scale: str | None = None
    unit: str | None = None
    range: tuple[float, float] | None = None
    classes: tuple[str, ...] | None = None
    matching: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    line: int
    version: str
    weights_sha256: str | None = None
    base_weights_sha256: str | None = None
    thresholds: Mapping[str, float] | None = None
    preprocessing: str | None = None
    ifu_version: str | None = None
    development_population: Mapping[str, Any] | None = None
    pccp: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    line: int
    finding: str
    metric: str
    value: float
    margin: float | None
    unit: str
    market: str
    truth_rule: str
    source: str | None = None
    verified: bool | None = None
    population: Mapping[str, list[str]] = field(default_factory=dict)
    effect: str = "absolute"
    comparator: str = ""
    comparator_value: float | None = None
    direction: str | None = None
    summary: str = ""
    limit: float | None = None
    upper: float | None = None
    ifu_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductLine:
    line: int
    key: str
    name: str | None = None
    manufacturer: str | None = None
    intended_use: str | None = None
    udi_di: str | None = None
    dimensions: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    markets: tuple[MarketLine, ...] = ()
    findings: tuple[FindingLine, ...] = ()
    versions: tuple[VersionLine, ...] = ()
    claims: tuple[ClaimLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentLine:
    """A deployment and one of its configurations. `start` is a day, or a moment with or without its offset."""

    line: int
    key: str
    product: str
    site: str
    version: str
    role: str
    mode: str
    start: date | datetime
    thresholds: Mapping[str, float] | None = None
    settings_sha256: str | None = None
    reason: str | None = None
    eligible: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingLine:
    line: int
    site: str
    product: str
    to: str
    level: str
    start: date | datetime
    minimum_count: int
    legal_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryFile:
    """A whole file. `organisation` is the one that registers, or empty."""

    organisation: str
    organisations: tuple[OrganisationLine, ...]
    sites: tuple[SiteLine, ...]
    concepts: tuple[ConceptLine, ...]
    truth_rules: tuple[TruthRuleLine, ...]
    products: tuple[ProductLine, ...]
    deployments: tuple[DeploymentLine, ...]
    sharing: tuple[SharingLine, ...]
