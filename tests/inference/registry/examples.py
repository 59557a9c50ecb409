"""A small network as a registry file, and the ways to say it otherwise."""

from datetime import UTC, datetime

from inference.registry.actions import RegisterReport, register

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

NETWORK = """
organisations:
  - {key: north-group, kind: provider, name: North Group, country: DE}
  - {key: cxr-maker, kind: manufacturer, name: CXR Maker, country: DE}
sites: [{key: north, organisation: north-group, name: North Hospital, country: DE, timezone: Europe/Berlin}]
concepts: [{key: effusion, name: Pleural effusion, code: "SCT:60046008"}]
products:
  - key: cxr
    name: CXR Assist
    manufacturer: cxr-maker
    udi_di: 04012345678901
    markets: [{market: EU, pathway: mdr, risk_class: IIa, certified_on: 2025-03-10}, {market: US, number: K000000}]
    dimensions: [view_position, smoker]
    regions: []
    findings:
      - {key: effusion, concept: effusion, kind: binary, scale: probability}
    versions:
      - {version: 1.0, weights_sha256: "HASH", thresholds: {effusion: 0.5}}
    claims: [{finding: effusion, metric: sensitivity, value: 0.90, margin: 0.02, unit: study, market: EU}]
deployments:
  - {key: cxr-north, product: cxr, site: north, version: "1.0", role: second_reader, mode: live, from: 2026-01-01}
sharing:
  - {site: north, product: cxr, to: cxr-maker, level: aggregate, minimum_count: 11, from: 2026-01-01}
""".replace("HASH", "a" * 64)


def register_text(text: str, *, now: datetime = NOW) -> RegisterReport:
    return register(text=text, actor="test", now=now)


def register_network() -> RegisterReport:
    return register_text(NETWORK)


def network_with(old: str, new: str) -> str:
    """Return the network's file with one place said otherwise."""
    assert NETWORK.count(old) == 1, old
    return NETWORK.replace(old, new)


def outcomes(report: RegisterReport) -> dict[str, str]:
    return {line.subject: line.outcome for line in report.lines}


def changes_nothing(report: RegisterReport) -> bool:
    return report.count("unchanged") == len(report.lines) > 0
