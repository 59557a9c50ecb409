"""What a DICOM header says of a study, by allow-list and in the words of the intake contract.

Any modality is read. Identifiers are given as they stand in the file: turning
them into pseudonyms is the door's job.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID

from inference.dicom.acquisition import acquisition_of, frames_of
from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import Source, read_dataset, source_name
from inference.dicom.values import age_of, items_of, moment_of, text_of

SEXES = frozenset({"M", "F", "O"})
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerHeader:
    """The equipment as it names itself; `serial_number` falls back on the station name."""

    manufacturer: str = ""
    model: str = ""
    software_version: str = ""
    serial_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyHeader:
    """One object's header. Absent text is empty, an absent number or time is None."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    modality: str
    patient_id: str = ""
    patient_id_issuer: str = ""
    accession_number: str = ""
    accession_issuer: str = ""
    body_part: str = ""
    laterality: str = ""
    acquired_at: datetime | None = None
    patient_age_years: float | None = None
    patient_sex: str = ""
    operator: str = ""
    frames: int = 1
    scanner: ScannerHeader = field(default_factory=ScannerHeader)
    acquisition: dict[str, Any] = field(default_factory=dict)


def read_header(source: Source) -> StudyHeader:
    """Return the header of one DICOM file or open binary stream.

    Raises:
        UnreadableFileError: not DICOM, damaged, a DICOMDIR, or without the UIDs that name it.
    """
    return header_of(read_dataset(source, with_pixels=False), name=source_name(source))


def header_of(dataset: Dataset, *, name: str) -> StudyHeader:
    """Return the header of a dataset already in memory; raises as `read_header`."""
    _refuse_nameless(dataset, name)
    return StudyHeader(
        study_uid=text_of(dataset, "StudyInstanceUID"),
        series_uid=text_of(dataset, "SeriesInstanceUID"),
        sop_instance_uid=text_of(dataset, "SOPInstanceUID"),
        sop_class_uid=text_of(dataset, "SOPClassUID"),
        modality=text_of(dataset, "Modality").upper(),
        patient_id=text_of(dataset, "PatientID"),
        patient_id_issuer=text_of(dataset, "IssuerOfPatientID"),
        accession_number=text_of(dataset, "AccessionNumber"),
        accession_issuer=_accession_issuer(dataset),
        body_part=_body_part(dataset),
        laterality=text_of(dataset, "ImageLaterality") or text_of(dataset, "Laterality"),
        acquired_at=moment_of(dataset),
        patient_age_years=age_of(dataset),
        patient_sex=_sex(dataset),
        operator=text_of(dataset, "OperatorsName"),
        frames=frames_of(dataset) or 1,
        scanner=_scanner(dataset),
        acquisition=acquisition_of(dataset),
    )


def kind_of(dataset: Dataset) -> str:
    """Return what an object is, as the standard calls its class; a class that is not known stays a number."""
    uid = text_of(dataset, "SOPClassUID")
    return UID(uid).name[:80] if uid else "of no class"


def _refuse_nameless(dataset: Dataset, name: str) -> None:
    sop_class = text_of(getattr(dataset, "file_meta", Dataset()), "MediaStorageSOPClassUID")
    if sop_class == MEDIA_STORAGE_DIRECTORY or "DirectoryRecordSequence" in dataset:
        raise UnreadableFileError(name, "it is a DICOMDIR, an index of files; give the files themselves")
    for keyword, words in (("StudyInstanceUID", "study"), ("SOPInstanceUID", "SOP instance")):
        if not text_of(dataset, keyword):
            raise UnreadableFileError(name, f"it has no {words} UID, so nothing can be joined to it")


def _scanner(dataset: Dataset) -> ScannerHeader:
    return ScannerHeader(
        manufacturer=text_of(dataset, "Manufacturer"),
        model=text_of(dataset, "ManufacturerModelName"),
        software_version=text_of(dataset, "SoftwareVersions"),
        serial_number=text_of(dataset, "DeviceSerialNumber") or text_of(dataset, "StationName"),
    )


def _sex(dataset: Dataset) -> str:
    sex = text_of(dataset, "PatientSex").upper()[:1]
    return sex if sex in SEXES else ""


def _body_part(dataset: Dataset) -> str:
    examined = text_of(dataset, "BodyPartExamined")
    regions = items_of(dataset, "AnatomicRegionSequence")
    return examined or (text_of(regions[0], "CodeMeaning") if regions else "")


def _accession_issuer(dataset: Dataset) -> str:
    issuers = items_of(dataset, "IssuerOfAccessionNumberSequence")
    if not issuers:
        return ""
    return text_of(issuers[0], "LocalNamespaceEntityID") or text_of(issuers[0], "UniversalEntityID")
