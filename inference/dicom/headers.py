"""What a DICOM header says of a study, by allow-list and in the words of the intake contract.

Any modality is read. Identifiers are given as they stand in the file: turning
them into pseudonyms is the door's job.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset

from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import Source, read_dataset, source_name
from inference.dicom.values import age_of, items_of, moment_of, number_of, numbers_of, text_of, value_of

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
        frames=_frames(dataset) or 1,
        scanner=_scanner(dataset),
        acquisition=acquisition_of(dataset),
    )


def acquisition_of(dataset: Dataset) -> dict[str, Any]:
    """Return the allow-listed acquisition fields that the header has, under the contract's names."""
    values = {name: read(dataset) for name, read in ACQUISITION.items()}
    return {name: value for name, value in values.items() if value not in (None, "")}


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


def _frames(dataset: Dataset) -> int | None:
    frames = number_of(dataset, "NumberOfFrames")
    return int(frames) if frames and frames >= 1 else None


def _body_part(dataset: Dataset) -> str:
    examined = text_of(dataset, "BodyPartExamined")
    regions = items_of(dataset, "AnatomicRegionSequence")
    return examined or (text_of(regions[0], "CodeMeaning") if regions else "")


def _accession_issuer(dataset: Dataset) -> str:
    issuers = items_of(dataset, "IssuerOfAccessionNumberSequence")
    if not issuers:
        return ""
    return text_of(issuers[0], "LocalNamespaceEntityID") or text_of(issuers[0], "UniversalEntityID")


def _shared(dataset: Dataset, *, group: str, keyword: str) -> float | None:
    """Look where classic objects keep a number, then in the functional groups of enhanced ones."""
    direct = number_of(dataset, keyword)
    if direct is not None:
        return direct
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for frame in items_of(dataset, groups)[:1]:
            for item in items_of(frame, group)[:1]:
                return number_of(item, keyword)
    return None


def _pixel_spacing(dataset: Dataset) -> float | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        if numbers_of(dataset, keyword):
            return number_of(dataset, keyword)
    return _shared(dataset, group="PixelMeasuresSequence", keyword="PixelSpacing")


def _exposure_mas(dataset: Dataset) -> float | None:
    microampere_seconds = number_of(dataset, "ExposureInuAs")
    return microampere_seconds / 1000 if microampere_seconds is not None else number_of(dataset, "Exposure")


def _number(keyword: str) -> Callable[[Dataset], float | None]:
    return lambda dataset: number_of(dataset, keyword)


def _whole(keyword: str) -> Callable[[Dataset], int | None]:
    def read(dataset: Dataset) -> int | None:
        number = number_of(dataset, keyword)
        return None if number is None else int(number)

    return read


def _text(keyword: str) -> Callable[[Dataset], str]:
    return lambda dataset: text_of(dataset, keyword)


def _yes_no(keyword: str) -> Callable[[Dataset], bool | None]:
    return lambda dataset: {"YES": True, "NO": False}.get(text_of(dataset, keyword).upper())


ACQUISITION: dict[str, Callable[[Dataset], Any]] = {
    "kvp": _number("KVP"),
    "exposure_mas": _exposure_mas,
    "exposure_time_ms": _number("ExposureTime"),
    "tube_current_ma": _number("XRayTubeCurrent"),
    "exposure_index": _number("ExposureIndex"),
    "deviation_index": _number("DeviationIndex"),
    "view_position": _text("ViewPosition"),
    "patient_position": _text("PatientPosition"),
    "laterality": lambda dataset: text_of(dataset, "ImageLaterality") or text_of(dataset, "Laterality"),
    "protocol": lambda dataset: text_of(dataset, "AcquisitionProtocolName")[:64],
    "grid": _text("Grid"),
    "filter_material": _text("FilterMaterial"),
    "compression_force_n": _number("CompressionForce"),
    "body_part_thickness_mm": _number("BodyPartThickness"),
    "ctdi_vol_mgy": _number("CTDIvol"),
    "convolution_kernel": _text("ConvolutionKernel"),
    "slice_thickness_mm": lambda dataset: _shared(dataset, group="PixelMeasuresSequence", keyword="SliceThickness"),
    "reconstruction_diameter_mm": _number("ReconstructionDiameter"),
    "spiral_pitch": _number("SpiralPitchFactor"),
    "contrast_agent": lambda dataset: None if value_of(dataset, "ContrastBolusAgent") is None else True,
    "field_strength_t": _number("MagneticFieldStrength"),
    "echo_time_ms": _number("EchoTime"),
    "repetition_time_ms": _number("RepetitionTime"),
    "flip_angle_deg": _number("FlipAngle"),
    "scanning_sequence": _text("ScanningSequence"),
    "transducer_frequency_hz": _number("TransducerFrequency"),
    "radionuclide_dose_mbq": lambda dataset: _dose_mbq(dataset),
    "objective_power": lambda dataset: _objective_power(dataset),
    "pixel_spacing_mm": _pixel_spacing,
    "rows": _whole("Rows"),
    "columns": _whole("Columns"),
    "frames": _frames,
    "photometric_interpretation": _text("PhotometricInterpretation"),
    "bits_stored": _whole("BitsStored"),
    "lossy_compression": lambda dataset: {"01": True, "00": False}.get(text_of(dataset, "LossyImageCompression")),
    "burned_in_annotation": _yes_no("BurnedInAnnotation"),
    "presentation_intent": _text("PresentationIntentType"),
    "image_type": _text("ImageType"),
}


def _dose_mbq(dataset: Dataset) -> float | None:
    agents = items_of(dataset, "RadiopharmaceuticalInformationSequence")
    dose_bq = number_of(agents[0], "RadionuclideTotalDose") if agents else None
    if dose_bq is None:
        return None
    return dose_bq / 1e6 if dose_bq > 1e5 else dose_bq  # NM writes MBq, PET Bq


def _objective_power(dataset: Dataset) -> float | None:
    paths = items_of(dataset, "OpticalPathSequence")
    return number_of(paths[0], "ObjectiveLensPower") if paths else None
