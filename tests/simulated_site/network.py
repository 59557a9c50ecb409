"""The registry of the simulated sites: one chest product at two hospitals of one provider."""

from datetime import date

from deploy.demo.hospitals import EAST, NORTH, Hospital

HOSPITALS: tuple[Hospital, ...] = (NORTH, EAST)

NETWORK = """
organisations:
  - {key: north-group, kind: provider, name: North Group, country: DE}
  - {key: cxr-maker, kind: manufacturer, name: CXR Maker, country: DE}
sites:
  - {key: north, organisation: north-group, name: North Hospital, country: DE, timezone: Europe/Berlin,
     purpose_rules: [{field: patient_id, pattern: "^QA-", purpose: phantom_qa}]}
  - {key: east, organisation: north-group, name: East Hospital, country: DE, timezone: Europe/Berlin}
concepts: [{key: nodule, name: Pulmonary nodule, code: "SCT:427359005"}]
products:
  - key: cxr
    name: CXR Assist
    manufacturer: cxr-maker
    dimensions: [view_position, smoker]
    findings: [{key: nodule, concept: nodule, kind: binary, scale: probability}]
    versions: [{version: "1.0", thresholds: {nodule: 0.5}}, {version: "1.1", thresholds: {nodule: 0.5}}]
    claims:
      - {finding: nodule, metric: sensitivity, value: 0.80, margin: 0.08, unit: study, market: EU}
      - {finding: nodule, metric: specificity, value: 0.93, margin: 0.05, unit: study, market: EU}
deployments:
  - {key: cxr-north, product: cxr, site: north, version: "1.0", role: concurrent, from: START}
  - {key: cxr-east, product: cxr, site: east, version: "1.0", role: concurrent, from: START}
"""


def network_from(start: date) -> str:
    return NETWORK.replace("START", start.isoformat())
