"""FHIR R4 DiagnosticReport, Observation and Bundle as reports that a site's rules read. Pure.

What is read: status, patient and accession identifiers, the imaging study's
UID, texts, coded conclusions, and observations. Names and addresses are not.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inference.messages.hl7_messages import PatientName, UnreadableMessageError
from inference.messages.hl7_rows import Coded, Report

STATUSES = {
    "registered": "P", "partial": "P", "preliminary": "P", "final": "F", "amended": "C", "corrected": "C",
    "appended": "C", "cancelled": "X", "entered-in-error": "X", "unknown": "P",
}  # fmt: skip
READ = ("DiagnosticReport", "Observation")
HELD = (*READ, "Patient", "ServiceRequest", "ImagingStudy", "Practitioner")
ACCESSION = "ACSN"
TAGS = re.compile(r"<[^<>]+>")
MOST_RESOURCES = 5_000

Resource = Mapping[str, Any]


def resources_in(data: bytes) -> list[Resource]:
    """Return the resource, or those of a bundle, each with the ones it refers to under `contained`.

    Raises:
        UnreadableMessageError: it is no FHIR in JSON, or of another type.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnreadableMessageError("the body is not JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("resourceType"), str):
        raise UnreadableMessageError("resourceType is missing")
    if found["resourceType"] != "Bundle":
        return [known(found)]
    entries = found.get("entry", [])
    if not isinstance(entries, list) or len(entries) > MOST_RESOURCES:
        raise UnreadableMessageError(f"a bundle has a list of at most {MOST_RESOURCES} entries")
    return bundled([each for each in entries if isinstance(each, dict)])


def known(resource: Resource) -> Resource:
    if resource["resourceType"] not in READ:
        raise UnreadableMessageError(f"this type of resource is not read here; {', '.join(READ)} are")
    return resource


def bundled(entries: Sequence[Mapping[str, Any]]) -> list[Resource]:
    """Return the reports of a bundle, and the observations that none of them holds."""
    held = {}
    for entry in entries:
        resource = entry.get("resource")
        if isinstance(resource, dict) and resource.get("resourceType") in HELD:
            kind, key = resource["resourceType"], resource.get("id", "")
            for name in (entry.get("fullUrl"), f"{kind}/{key}" if key else None):
                if name and isinstance(name, str):
                    held[name] = resource
    reports = [each for each in unique(held.values()) if each["resourceType"] == "DiagnosticReport"]
    used = {id(held[name]) for each in reports for name in references(each.get("result")) if name in held}
    lone = [each for each in unique(held.values()) if each["resourceType"] == "Observation" and id(each) not in used]
    return [with_contained(each, held=held) for each in (*reports, *lone)]


def unique(resources: Any) -> list[dict[str, Any]]:
    return list({id(each): each for each in resources}.values())


def with_contained(resource: Resource, *, held: Mapping[str, Resource]) -> Resource:
    fields = ("subject", "basedOn", "imagingStudy", "result", "resultsInterpreter", "performer")
    names = dict.fromkeys(name for field in fields for name in references(resource.get(field)))
    contained = [dict(held[name]) | {"id": name} for name in names if name in held]
    return dict(resource) | {"contained": [*listed(resource.get("contained")), *contained]}


def references(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict) and isinstance(each.get("reference"), str):
            yield each["reference"].removeprefix("#")


def report_in(resource: Resource) -> Report:
    """Return the report that a resource is.

    Raises:
        UnreadableMessageError: its status is none, or it names no study.
    """
    status = STATUSES.get(str(resource.get("status", "")))
    if status is None:
        raise UnreadableMessageError("status is missing or not of FHIR R4")
    contained = {str(each.get("id", "")): each for each in listed(resource.get("contained"))}
    observations = [resource] if resource["resourceType"] == "Observation" else results_of(resource, contained)
    accession, study_uid = accession_of(resource, contained), study_uid_of(resource, contained)
    if not accession and not study_uid:
        raise UnreadableMessageError("neither an accession number (type ACSN) nor the UID of an imaging study is named")
    return Report(
        patient=patient_of(resource, contained),
        accession_number=accession,
        study_uid=study_uid,
        procedure=code_of(resource.get("code"))[0],
        status=status,
        at=text_of(resource.get("issued")) or text_of(resource.get("effectiveDateTime")) or None,
        reader=reader_of(resource, contained),
        text="\n".join(filter(None, texts_of(resource))),
        observations=tuple(coded for each in observations for coded in coded_in(each))
        + tuple(Coded(code=code, name=name, value=code) for code, name in conclusions_of(resource)),
        names=tuple(names_in(resource)),
    )


NAMING = frozenset({"display", "family", "given", "text", "line", "city"})


def names_in(value: Any, *, inside: bool = False) -> Iterator[str]:
    """Yield words under subject, performers and names, to be taken out of a text before a model sees it."""
    if isinstance(value, dict):
        for name, part in value.items():
            people = inside or name in ("subject", "performer", "resultsInterpreter", "contained", "name", "address")
            if isinstance(part, str) and people and name in NAMING:
                yield from part.split()
            else:
                yield from names_in(part, inside=people)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, str) and inside:
                yield from part.split()
            else:
                yield from names_in(part, inside=inside)


def results_of(resource: Resource, contained: Mapping[str, Resource]) -> list[Resource]:
    return [contained[name] for name in references(resource.get("result")) if name in contained]


def patient_of(resource: Resource, contained: Mapping[str, Resource]) -> PatientName | None:
    for found in identifiers(resource.get("subject"), contained):
        return PatientName(text_of(found.get("value")), text_of(found.get("system")))
    return None


def accession_of(resource: Resource, contained: Mapping[str, Resource]) -> str:
    sources = [listed(resource.get("identifier"))]
    sources += [list(identifiers(resource.get(field), contained)) for field in ("basedOn", "imagingStudy")]
    for source in sources:
        for found in source:
            if any(each.get("code") == ACCESSION for each in listed(as_dict(found.get("type")).get("coding"))):
                return text_of(found.get("value"))
    return ""


def study_uid_of(resource: Resource, contained: Mapping[str, Resource]) -> str:
    sources = [*identifiers(resource.get("imagingStudy"), contained), *listed(resource.get("identifier"))]
    values = (text_of(each.get("value")) for each in sources)
    return next((value.removeprefix("urn:oid:") for value in values if value.startswith("urn:oid:")), "")


def reader_of(resource: Resource, contained: Mapping[str, Resource]) -> str:
    for field in ("resultsInterpreter", "performer"):
        for found in identifiers(resource.get(field), contained):
            return text_of(found.get("value"))
    return ""


def identifiers(value: Any, contained: Mapping[str, Resource]) -> Iterator[Resource]:
    """Yield the identifiers of references: their own, and those of the resources they point at."""
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, dict):
            continue
        if isinstance(each.get("identifier"), dict):
            yield each["identifier"]
        yield from listed(contained.get(next(references(each), ""), {}).get("identifier"))


def texts_of(resource: Resource) -> Iterator[str]:
    yield text_of(resource.get("conclusion"))
    for form in listed(resource.get("presentedForm")):
        if text_of(form.get("contentType")).startswith(("text/plain", "text/html")):
            yield TAGS.sub(" ", unpacked(text_of(form.get("data"))))
    yield TAGS.sub(" ", text_of(as_dict(resource.get("text")).get("div")))


def unpacked(data: str) -> str:
    try:
        return base64.b64decode(data).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def coded_in(observation: Resource) -> Iterator[Coded]:
    code, name = code_of(observation.get("code"))
    quantity = as_dict(observation.get("valueQuantity"))
    answer = code_of(observation.get("valueCodeableConcept"))[0]
    number = quantity.get("value", observation.get("valueInteger"))
    value = answer or (str(number) if number is not None else text_of(observation.get("valueString")))
    if code and value:
        yield Coded(code=code, name=name, value=value, unit=text_of(quantity.get("code") or quantity.get("unit")))


def conclusions_of(resource: Resource) -> Iterator[tuple[str, str]]:
    for concept in listed(resource.get("conclusionCode")):
        code, name = code_of(concept)
        if code:
            yield code, name


def code_of(concept: Any) -> tuple[str, str]:
    for coding in listed(as_dict(concept).get("coding")):
        if text_of(coding.get("code")):
            return text_of(coding["code"]), text_of(coding.get("display"))
    return "", ""


def listed(value: Any) -> list[Resource]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def as_dict(value: Any) -> Resource:
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
