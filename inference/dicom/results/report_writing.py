"""Writes a run of a product as a measurement report, Comprehensive 3D SR by TID 1500, under random ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import Comprehensive3DSRStorage, ExplicitVRLittleEndian

from inference.dicom.results.codes import Code
from inference.dicom.writing import file_bytes

LARGEST_TEXT = 64
PRESENCE = Code("705057003", "SCT", "Presence")
DECISIONS = {
    "positive": Code("52101004", "SCT", "Present"),
    "negative": Code("2667000", "SCT", "Absent"),
    "indeterminate": Code("82334004", "SCT", "Indeterminate"),
}
PERCENT_LIKE = Code("1", "UCUM", "no units")
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
ENGLISH = Code("en", "RFC5646", "English")
PROCEDURE = Code("363679005", "SCT", "Imaging procedure")
DEVICE = Code("121007", "DCM", "Device")
MEASURED = Code("246205007", "SCT", "Quantity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the run says of one finding. A unit is in UCUM."""

    finding: Code
    decision: str = ""
    score: float | None = None
    measurement: float | None = None
    unit: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: whose, when, of which product, and its answers. Patient, study and report are named by random ids."""

    person: str
    study: UUID
    series: UUID
    report: UUID
    made_at: datetime
    product: str
    version: str
    manufacturer: str
    answers: Sequence[Answer] = field(default_factory=tuple)


def report_bytes(run: Run) -> bytes:
    """Return the report as a DICOM file."""
    dataset = header_of(run)
    root = container(Code("126000", "DCM", "Imaging Measurement Report"), content_of(run), how="")
    for element in root:
        dataset.add(element)
    dataset.ContentTemplateSequence = Items([template("1500")])
    return file_bytes(dataset, transfer_syntax=str(ExplicitVRLittleEndian))


def header_of(run: Run) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = Comprehensive3DSRStorage
    dataset.SOPInstanceUID = uid_of(run.report)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid_of(run.study), uid_of(run.series)
    dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate, dataset.PatientSex = run.person[:64], "", "", ""
    dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", "Random ids; see deidentification.json"
    dataset.StudyDate = dataset.ContentDate = dataset.SeriesDate = run.made_at.strftime("%Y%m%d")
    dataset.StudyTime = dataset.ContentTime = dataset.SeriesTime = run.made_at.strftime("%H%M%S")
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.AccessionNumber = dataset.ReferringPhysicianName = dataset.StudyID = ""
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "SR", "1", "1"
    dataset.Manufacturer, dataset.ManufacturerModelName = run.manufacturer[:64], run.product[:64]
    dataset.SoftwareVersions, dataset.DeviceSerialNumber = run.version[:64], "none"
    dataset.ReferencedPerformedProcedureStepSequence = Items([])
    dataset.PerformedProcedureCodeSequence = Items([])
    dataset.CompletionFlag, dataset.VerificationFlag = "COMPLETE", "UNVERIFIED"
    return dataset


def content_of(run: Run) -> Iterable[Dataset]:
    yield coded(Code("121049", "DCM", "Language of Content Item and Descendants"), ENGLISH, how="HAS CONCEPT MOD")
    yield coded(Code("121005", "DCM", "Observer Type"), DEVICE, how="HAS OBS CONTEXT")
    yield item("UIDREF", Code("121012", "DCM", "Device Observer UID"), how="HAS OBS CONTEXT", UID=uid_of(run.series))
    yield text(Code("121013", "DCM", "Device Observer Name"), f"{run.product} {run.version}", how="HAS OBS CONTEXT")
    yield coded(Code("121058", "DCM", "Procedure Reported"), PROCEDURE, how="HAS CONCEPT MOD")
    groups = (group_of(run, number, answer) for number, answer in enumerate(run.answers, start=1))
    yield container(Code("126010", "DCM", "Imaging Measurements"), groups, how="CONTAINS")


def group_of(run: Run, number: int, answer: Answer) -> Dataset:
    parts = [
        text(Code("112039", "DCM", "Tracking Identifier"), str(number), how="HAS OBS CONTEXT"),
        item(
            "UIDREF",
            Code("112040", "DCM", "Tracking Unique Identifier"),
            how="HAS OBS CONTEXT",
            UID=uid_of(UUID(int=run.report.int ^ number)),
        ),
        coded(Code("121071", "DCM", "Finding"), answer.finding, how="CONTAINS"),
        text(Code("111001", "DCM", "Algorithm Name"), run.product, how="HAS CONCEPT MOD"),
        text(Code("111003", "DCM", "Algorithm Version"), run.version, how="HAS CONCEPT MOD"),
    ]
    if answer.decision in DECISIONS:
        parts.append(coded(PRESENCE, DECISIONS[answer.decision], how="CONTAINS"))
    if answer.score is not None:
        parts.append(measured(CERTAINTY, answer.score, unit=PERCENT_LIKE))
    if answer.measurement is not None:
        unit = Code(answer.unit or "1", "UCUM", answer.unit or "no units")
        parts.append(measured(MEASURED, answer.measurement, unit=unit))
    if answer.category:
        parts.append(text(Code("276214006", "SCT", "Finding category"), answer.category, how="CONTAINS"))
    group = container(Code("125007", "DCM", "Measurement Group"), parts, how="CONTAINS")
    group.ContentTemplateSequence = Items([template("1501")])
    return group


# The kinds of content items.


def item(kind: str, concept: Code, *, how: str, **values: object) -> Dataset:
    made = Dataset()
    if how:
        made.RelationshipType = how
    made.ValueType = kind
    made.ConceptNameCodeSequence = Items([code_item(concept)])
    for name, value in values.items():
        setattr(made, name, value)
    return made


def container(concept: Code, parts: Iterable[Dataset], *, how: str) -> Dataset:
    return item("CONTAINER", concept, how=how, ContinuityOfContent="SEPARATE", ContentSequence=Items(list(parts)))


def coded(concept: Code, value: Code, *, how: str) -> Dataset:
    return item("CODE", concept, how=how, ConceptCodeSequence=Items([code_item(value)]))


def text(concept: Code, value: str, *, how: str) -> Dataset:
    return item("TEXT", concept, how=how, TextValue=value or "none")


def measured(concept: Code, value: float, *, unit: Code) -> Dataset:
    number = Dataset()
    number.NumericValue, number.FloatingPointValue = f"{value:.10g}"[:16], float(value)
    number.MeasurementUnitsCodeSequence = Items([code_item(unit)])
    return item("NUM", concept, how="CONTAINS", MeasuredValueSequence=Items([number]))


def code_item(code: Code) -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator = code.value[:16], code.scheme[:16]
    made.CodeMeaning = (code.meaning or code.value)[:LARGEST_TEXT]
    return made


def template(number: str) -> Dataset:
    made = Dataset()
    made.MappingResource, made.TemplateIdentifier = "DCMR", number
    return made


def uid_of(one: UUID) -> str:
    return f"2.25.{one.int}"
