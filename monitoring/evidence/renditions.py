"""The runs of a package in the forms of others: FHIR R4 observations, and DICOM measurement reports (TID 1500).

They say no more than the facts they are made from, each with the place in the log that proves it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from audit.log.canonical_bytes import canonical_bytes
from audit.packages.bags import BagWriter
from inference.dicom.results.codes import Code
from inference.dicom.results.report_writing import Answer, Run, report_bytes
from monitoring.errors import UnknownScopeError
from monitoring.evidence.facts import Frozen, entries_at
from monitoring.evidence.under_way import Making

FHIR, DICOM_SR = "fhir", "dicom-sr"
RENDITIONS = (DICOM_SR, FHIR)
MOST_REPORTS = 10_000
SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "RADLEX": "http://radlex.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
}
VALUES = {
    "positive": ("52101004", "Present"),
    "negative": ("2667000", "Absent"),
    "indeterminate": ("82334004", "Indeterminate"),
}
OWN_SCHEME = "99RADVIGIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the product and its findings are called."""

    product: str
    manufacturer: str
    codes: Mapping[str, Code]


def write_renditions(bag: BagWriter, making: Making, *, frozen: Frozen) -> None:
    """Write the forms that were asked for.

    Raises:
        UnknownScopeError: there are too many runs for one DICOM object each.
    """
    names = names_of(making)
    if DICOM_SR in making.scope.wanted.renditions:
        for number, (log, position, entry) in enumerate(runs_in(frozen), start=1):
            if number > MOST_REPORTS:
                raise UnknownScopeError(f"DICOM SR is for at most {MOST_REPORTS} runs; narrow the scope, or take FHIR.")
            name = f"data/renditions/dicom-sr/{log}-{position}.dcm"
            bag.add(name, [report_bytes(run_of(log, position, entry, names=names))], about="One run as DICOM SR.")
    if FHIR in making.scope.wanted.renditions:
        lines = (canonical_bytes(each) + b"\n" for each in observations(frozen, names=names))
        counted = making.counted(lines, step="writing the facts as FHIR")
        bag.add("data/renditions/fhir/Observation.ndjson", counted, about="Predictions as FHIR R4, one a line.")


def names_of(making: Making) -> Names:
    product = making.scope.product
    findings = product.findings.select_related("concept").order_by("key")
    return Names(
        product=product.name,
        manufacturer=product.manufacturer.name,
        codes={
            each.key: code_from(each.concept.code, key=each.concept.key, name=each.concept.name) for each in findings
        },
    )


def code_from(text: str, *, key: str, name: str) -> Code:
    """Return a registered code such as SCT:60046008, else one of our own."""
    scheme, _, value = text.partition(":")
    return Code(value, scheme, name) if value else Code(key[:16], OWN_SCHEME, name)


def runs_in(frozen: Frozen) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    for log, positions in sorted(frozen.items()):
        for position, entry in entries_at(log, positions):
            if entry["kind"] == "inference" and "predictions" in entry["payload"]:
                yield log, position, entry


# 1. DICOM.


def run_of(log: str, position: int, entry: Mapping[str, Any], *, names: Names) -> Run:
    payload = entry["payload"]
    return Run(
        person=payload["person"],
        study=UUID(payload["study"]),
        series=named("series", log, position),
        report=named("report", log, position),
        made_at=datetime.fromisoformat(payload.get("finished_at") or payload["acquired_at"]),
        product=names.product,
        version=payload.get("version", ""),
        manufacturer=names.manufacturer,
        answers=[answer_of(each, names=names) for each in payload["predictions"]],
    )


def answer_of(part: Mapping[str, Any], *, names: Names) -> Answer:
    category = part.get("category")
    return Answer(
        finding=names.codes.get(part["finding"], Code(part["finding"][:16], OWN_SCHEME, part["finding"])),
        decision=part.get("decision", ""),
        score=part.get("score"),
        measurement=part.get("measurement"),
        unit=part.get("unit", ""),
        category=", ".join(category) if isinstance(category, list) else str(category or ""),
    )


def named(what: str, log: str, position: int) -> UUID:
    return uuid5(NAMESPACE_URL, f"urn:radvigil:{what}:{log}:{position}")


# 2. FHIR.


def observations(frozen: Frozen, *, names: Names) -> Iterator[dict[str, Any]]:
    for log, position, entry in runs_in(frozen):
        for number, part in enumerate(entry["payload"]["predictions"], start=1):
            yield observation(entry["payload"], part, place=f"{log}/{position}/{number}", names=names)


def observation(payload: Mapping[str, Any], part: Mapping[str, Any], *, place: str, names: Names) -> dict[str, Any]:
    code = names.codes.get(part["finding"], Code(part["finding"], OWN_SCHEME, part["finding"]))
    coding = {
        "system": SYSTEMS.get(code.scheme, f"urn:radvigil:{code.scheme}"),
        "code": code.value,
        "display": code.meaning,
    }
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "id": str(uuid5(NAMESPACE_URL, f"urn:radvigil:{place}")),
        "identifier": [{"system": "urn:radvigil:log-position", "value": place}],
        "status": "final",
        "code": {"coding": [coding], "text": part["finding"]},
        "subject": {"identifier": {"system": "urn:radvigil:person", "value": payload["person"]}},
        "focus": [{"identifier": {"system": "urn:radvigil:study", "value": payload["study"]}}],
        "effectiveDateTime": payload["acquired_at"],
        "device": {"display": f"{names.product} {payload.get('version', '')}".strip()},
    }
    if part.get("region"):
        found["bodySite"] = {"text": part["region"]}
    if components := list(components_of(part)):
        found["component"] = components
    return found | value_of(part)


def value_of(part: Mapping[str, Any]) -> dict[str, Any]:
    if part.get("measurement") is not None:
        return {"valueQuantity": quantity(part["measurement"], unit=part.get("unit", ""))}
    if part.get("decision"):
        known = VALUES.get(part["decision"])
        coding = [{"system": SYSTEMS["SCT"], "code": known[0], "display": known[1]}] if known else []
        concept = {"text": part["decision"]} | ({"coding": coding} if coding else {})
        return {"valueCodeableConcept": concept}
    return {} if part.get("score") is not None else {"dataAbsentReason": {"text": "the run says nothing of it"}}


def components_of(part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("score", "threshold"):
        if part.get(name) is not None:
            yield {"code": {"text": name}, "valueQuantity": quantity(part[name], unit="1")}
    category = part.get("category")
    for each in category if isinstance(category, Sequence) and not isinstance(category, str) else [category]:
        if each:
            yield {"code": {"text": "category"}, "valueString": str(each)}


def quantity(value: float, *, unit: str) -> dict[str, Any]:
    said = {"system": "http://unitsofmeasure.org", "code": unit, "unit": unit} if unit else {}
    return {"value": value} | said
