"""A small registered network, and rows with honest defaults: a test names only the facts it is about.

`make_network` registers through the public action, `send` goes through the
one way in, so a test meets what a hospital would.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from audit.access.models import EXPIRING_ROLES, Grant, User
from inference.connectors.kinds import KINDS
from inference.intake.actions import accept
from inference.intake.kinds import RawRow, Receipt, Source
from inference.registry.actions import register

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # noon in Berlin
REGISTERED = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
FAR_AHEAD = datetime(2999, 1, 1, tzinfo=UTC)
WEIGHTS = "a" * 64

NETWORK = f"""
organisations:
  - {{key: north-group, kind: provider, name: North Group, country: DE}}
  - {{key: south-clinic, kind: provider, name: South Clinic, country: FR}}
  - {{key: cxr-maker, kind: manufacturer, name: CXR Maker, country: DE}}
sites:
  - {{key: north, organisation: north-group, name: North Hospital, country: DE, timezone: Europe/Berlin,
      purpose_rules: [{{field: study.patient_id, pattern: "^PHANTOM", purpose: phantom_qa}}]}}
  - {{key: east, organisation: north-group, name: East Hospital, country: DE, timezone: Europe/Berlin}}
  - {{key: south, organisation: south-clinic, name: South Clinic, country: FR, timezone: Europe/Paris}}
concepts:
  - {{key: nodule, name: Pulmonary nodule, code: "SCT:427359005"}}
  - {{key: effusion, name: Pleural effusion, code: "SCT:60046008"}}
  - {{key: malignancy, name: Breast malignancy}}
  - {{key: ejection_fraction, name: Ejection fraction, kind: measurement, unit: "%"}}
products:
  - key: cxr
    name: CXR Assist
    manufacturer: cxr-maker
    dimensions: [view_position, smoker]
    findings:
      - {{key: nodule, concept: nodule, kind: binary, scale: probability}}
      - {{key: effusion, concept: effusion, kind: binary, scale: probability}}
    versions:
      - {{version: "1.0", weights_sha256: "{WEIGHTS}", thresholds: {{nodule: 0.5, effusion: 0.4}}}}
      - {{version: "2.0", weights_sha256: "{WEIGHTS}", thresholds: {{nodule: 0.6, effusion: 0.4}}}}
    claims: [{{finding: nodule, metric: sensitivity, value: 0.90, margin: 0.02, unit: study, market: EU}}]
  - key: mammo
    name: Mammo Assist
    manufacturer: cxr-maker
    regions: [L, R]
    findings: [{{key: malignancy, concept: malignancy, kind: binary, scale: raw, range: [0, 10]}}]
    versions: [{{version: "1.0", thresholds: {{malignancy: 5}}}}]
  - key: echo
    name: Echo Assist
    manufacturer: cxr-maker
    findings: [{{key: ef, concept: ejection_fraction, kind: measurement, scale: none}}]
    versions: [{{version: "1.0"}}]
deployments:
  - {{key: cxr-north, product: cxr, site: north, version: "1.0", role: second_reader, mode: live, from: 2026-01-01}}
  - {{key: mammo-north, product: mammo, site: north, version: "1.0", role: second_reader, from: 2026-01-01}}
  - {{key: echo-north, product: echo, site: north, version: "1.0", role: measurement, from: 2026-01-01}}
  - {{key: cxr-east, product: cxr, site: east, version: "1.0", role: second_reader, from: 2026-01-01}}
  - {{key: cxr-south, product: cxr, site: south, version: "1.0", role: second_reader, from: 2026-01-01}}
sharing:
  - {{site: north, product: cxr, to: cxr-maker, level: aggregate, minimum_count: 11, from: 2026-01-01}}
"""


def make_network(text: str = NETWORK, *, now: datetime = REGISTERED) -> None:
    """Register two providers, a manufacturer, three products and their deployments."""
    register(text=text, actor="test", now=now)


def send(
    kind: str, *rows: Mapping[str, Any], site: str = "north", deployment: str = "", now: datetime = NOON
) -> list[Receipt]:
    """Send rows of one kind, by its plural name, as the site's token would."""
    source = Source(site_key=site, actor="token:test", origin="test", deployment_key=deployment)
    raw = [RawRow(number=number, value=row) for number, row in enumerate(rows, start=1)]
    return accept(rows=raw, kind=KINDS[kind], source=source, now=now)


def study_part(number: int = 1, **over: Any) -> dict[str, Any]:
    """Return what a row says of the study with this number."""
    return {
        "study_uid": f"1.2.826.0.1.{number}",
        "patient_id": f"P{number}",
        "accession_number": f"A{number}",
        "modality": "DX",
        "body_part": "CHEST",
        "acquired_at": "2026-03-02T08:15:00+01:00",
        "patient_age_years": 62,
        "patient_sex": "F",
    } | over


def inference_row(number: int = 1, *, score: float = 0.83, finding: str = "nodule", **over: Any) -> dict[str, Any]:
    """Return a run of cxr-north on study `number` with one prediction; `over` replaces whole fields."""
    return {
        "inference_uid": f"run-{number}",
        "deployment": "cxr-north",
        "version": "1.0",
        "status": "ok",
        "study": study_part(number),
        "scanner": {"manufacturer": "Siemens", "model": "Ysio Max", "serial_number": "1"},
        "acquisition": {"kvp": 120, "view_position": "PA"},
        "predictions": [{"finding": finding, "score": score}],
    } | over


def read_row(number: int = 1, *, decision: str = "positive", **over: Any) -> dict[str, Any]:
    return {
        "study_uid": f"1.2.826.0.1.{number}",
        "finding": "nodule",
        "reader": "R1",
        "stage": "final",
        "decision": decision,
        "read_at": "2026-03-02T09:00:00+01:00",
    } | over


def response_row(number: int = 1, *, response: str = "agree", **over: Any) -> dict[str, Any]:
    return {
        "inference_uid": f"run-{number}",
        "deployment": "cxr-north",
        "finding": "nodule",
        "reader": "R1",
        "response": response,
        "at": "2026-03-02T09:00:00+01:00",
    } | over


def truth_row(number: int = 1, *, value: str = "positive", **over: Any) -> dict[str, Any]:
    return {
        "study_uid": f"1.2.826.0.1.{number}",
        "finding": "nodule",
        "value": value,
        "standard": "pathology",
        "determined_at": "2026-03-02T10:00:00+01:00",
    } | over


def event_row(number: int = 1, *, kind: str = "displayed", **over: Any) -> dict[str, Any]:
    return {
        "inference_uid": f"run-{number}",
        "deployment": "cxr-north",
        "kind": kind,
        "at": "2026-03-02T08:30:00+01:00",
        "to": "R1",
    } | over


def correction_row(*, kind: str = "died", **over: Any) -> dict[str, Any]:
    return {"kind": kind, "patient_id": "P1", "at": "2026-03-02T10:30:00+01:00"} | over


def make_user(
    *,
    role: str,
    organisation: str = "",
    site: str = "",
    product: str = "",
    level: str = "images",
    username: str = "",
    now: datetime = REGISTERED,
) -> User:
    """Return a user with one grant; the password is the username."""
    username = username or f"{role}-{organisation or site or product or 'all'}"
    user = User(username=username, printed_name=username.title(), created_at=now)
    user.set_password(username)
    user.save()
    Grant.objects.create(
        user=user, role=role, organisation=organisation, site=site, product=product, level=level, created_at=now,
        expires_at=FAR_AHEAD if role in EXPIRING_ROLES else None,
    )  # fmt: skip
    return user
