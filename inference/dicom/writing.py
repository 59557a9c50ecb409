"""DX objects from arrays: for the simulated network, for tests, and to wrap radiographs that came as pictures."""

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

IMPLEMENTATION_UID = "2.25.158411296530291743017350275630512343567"
TEXTS = {
    "accession_number": "AccessionNumber",
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "patient_sex": "PatientSex",
    "modality": "Modality",
    "body_part": "BodyPartExamined",
    "laterality": "ImageLaterality",
    "view_position": "ViewPosition",
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "software_version": "SoftwareVersions",
    "serial_number": "DeviceSerialNumber",
    "photometric": "PhotometricInterpretation",
}
NUMBERS = {
    "kvp": "KVP",
    "exposure_time_ms": "ExposureTime",
    "exposure_index": "ExposureIndex",
    "relative_exposure": "RelativeXRayExposure",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiographHeader:
    """What the header shall say. Absent texts are empty, absent numbers None.

    `patient_orientation` is where rows and columns go, `window` a centre and a
    width; without one the pixels fill the stored bits.
    """

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    acquired_at: datetime
    bits_stored: int = 12
    photometric: str = "MONOCHROME2"
    modality: str = "DX"
    sop_class_uid: str = str(DigitalXRayImageStorageForPresentation)
    patient_id: str = ""
    patient_name: str = ""
    patient_sex: str = ""
    patient_age_years: float | None = None
    accession_number: str = ""
    body_part: str = "CHEST"
    laterality: str = ""
    view_position: str = ""
    patient_orientation: tuple[str, str] = ("L", "F")
    manufacturer: str = ""
    model: str = ""
    software_version: str = ""
    serial_number: str = ""
    kvp: float | None = None
    exposure_mas: float | None = None
    exposure_time_ms: float | None = None
    exposure_index: float | None = None
    relative_exposure: float | None = None
    pixel_spacing_mm: float | None = None
    window: tuple[float, float] | None = None


def dx_object(pixels: npt.NDArray[Any], *, header: RadiographHeader) -> bytes:
    """Return a DX object, explicit VR little endian, of a (rows, columns) array of stored values.

    Raises:
        ValueError: the array is not one plane of values that fit the stored bits.
    """
    if pixels.ndim != 2:
        raise ValueError(f"a radiograph is one plane, not an array of shape {pixels.shape}")
    if pixels.min() < 0 or pixels.max() >= 2**header.bits_stored:
        raise ValueError(f"values from {pixels.min()} to {pixels.max()} do not fit {header.bits_stored} bits")
    dataset = _described(header)
    _add_pixels(dataset, pixels, bits_stored=header.bits_stored)
    return file_bytes(dataset, transfer_syntax=str(ExplicitVRLittleEndian))


def file_bytes(dataset: Dataset, *, transfer_syntax: str) -> bytes:
    """Return the file of a dataset: preamble, meta group, data."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(transfer_syntax)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    dataset.file_meta = meta
    stream = io.BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def _described(header: RadiographHeader) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = header.sop_class_uid, header.sop_instance_uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = header.study_uid, header.series_uid
    for name, keyword in TEXTS.items():
        setattr(dataset, keyword, getattr(header, name))
    for name, keyword in NUMBERS.items():
        if getattr(header, name) is not None:
            setattr(dataset, keyword, _decimal(getattr(header, name)))
    dataset.PatientOrientation = list(header.patient_orientation)
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.PresentationLUTShape = "INVERSE" if header.photometric == "MONOCHROME1" else "IDENTITY"
    dataset.BurnedInAnnotation = "NO"
    _add_times(dataset, header.acquired_at)
    _add_measures(dataset, header)
    return dataset


def _add_times(dataset: Dataset, acquired_at: datetime) -> None:
    day, time = acquired_at.strftime("%Y%m%d"), acquired_at.strftime("%H%M%S.%f")
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = day
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = time
    if acquired_at.tzinfo is not None:
        dataset.TimezoneOffsetFromUTC = acquired_at.strftime("%z")[:5]


def _add_measures(dataset: Dataset, header: RadiographHeader) -> None:
    if header.patient_age_years is not None:
        dataset.PatientAge = f"{min(int(header.patient_age_years), 999):03d}Y"
    if header.exposure_mas is not None:
        dataset.Exposure = round(header.exposure_mas)
        dataset.ExposureInuAs = round(header.exposure_mas * 1000)
    if header.pixel_spacing_mm is not None:
        dataset.ImagerPixelSpacing = [_decimal(header.pixel_spacing_mm)] * 2
    if header.window is not None:
        dataset.WindowCenter, dataset.WindowWidth = (_decimal(part) for part in header.window)


def _add_pixels(dataset: Dataset, pixels: npt.NDArray[Any], *, bits_stored: int) -> None:
    allocated = 8 if bits_stored <= 8 else 16
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel = 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = allocated, bits_stored, bits_stored - 1
    dataset.PixelRepresentation = 0
    data = pixels.astype(np.uint8 if allocated == 8 else "<u2").tobytes()
    dataset.add_new("PixelData", "OB" if allocated == 8 else "OW", data + b"\x00" * (len(data) % 2))


def _decimal(value: float) -> str:
    return f"{value:.10g}"[:16]
