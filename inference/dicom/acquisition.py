"""The acquisition fields of a header, by allow-list, under the contract's names and in its units."""

from collections.abc import Callable
from typing import Any

from pydicom.dataset import Dataset

from inference.dicom.enhanced import (
    acceleration,
    dose_of,
    frame_rate,
    magnification,
    number_from,
    number_in,
    probe,
    reconstruction,
    stain,
    text_from,
)
from inference.dicom.values import items_of, number_of, numbers_of, text_of, value_of


def acquisition_of(dataset: Dataset) -> dict[str, Any]:
    """Return the allow-listed acquisition fields that the header has, under the contract's names."""
    values = {name: read(dataset) for name, read in ACQUISITION.items()} | dose_of(dataset)
    return {name: value for name, value in values.items() if value not in (None, "")}


def frames_of(dataset: Dataset) -> int | None:
    frames = number_of(dataset, "NumberOfFrames")
    return int(frames) if frames and frames >= 1 else None


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
    if microampere_seconds is not None:
        return microampere_seconds / 1000
    return number_in(dataset, ("", "Exposure"), ("CTExposureSequence", "ExposureInmAs"))


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


def _dose_mbq(dataset: Dataset) -> float | None:
    agents = items_of(dataset, "RadiopharmaceuticalInformationSequence")
    dose_bq = number_of(agents[0], "RadionuclideTotalDose") if agents else None
    if dose_bq is None:
        return None
    return dose_bq / 1e6 if dose_bq > 1e5 else dose_bq  # NM writes MBq, PET Bq


def _objective_power(dataset: Dataset) -> float | None:
    paths = items_of(dataset, "OpticalPathSequence")
    return number_of(paths[0], "ObjectiveLensPower") if paths else None


ACQUISITION: dict[str, Callable[[Dataset], Any]] = {
    "kvp": number_from(("", "KVP"), ("CTXRayDetailsSequence", "KVP")),
    "exposure_mas": _exposure_mas,
    "exposure_time_ms": number_from(("", "ExposureTime"), ("CTExposureSequence", "ExposureTimeInms")),
    "tube_current_ma": number_from(("", "XRayTubeCurrent"), ("CTExposureSequence", "XRayTubeCurrentInmA")),
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
    "ctdivol_mgy": number_from(("", "CTDIvol"), ("CTExposureSequence", "CTDIvol")),
    "convolution_kernel": text_from(("", "ConvolutionKernel"), ("CTReconstructionSequence", "ConvolutionKernel")),
    "reconstruction": reconstruction,
    "acceleration": acceleration,
    "slice_thickness_mm": lambda dataset: _shared(dataset, group="PixelMeasuresSequence", keyword="SliceThickness"),
    "reconstruction_diameter_mm": _number("ReconstructionDiameter"),
    "spiral_pitch": _number("SpiralPitchFactor"),
    "contrast": lambda dataset: "" if value_of(dataset, "ContrastBolusAgent") is None else "YES",
    "contrast_agent": lambda dataset: None if value_of(dataset, "ContrastBolusAgent") is None else True,
    "field_strength_t": _number("MagneticFieldStrength"),
    "echo_time_ms": number_from(("", "EchoTime"), ("MREchoSequence", "EffectiveEchoTime")),
    "repetition_time_ms": number_from(
        ("", "RepetitionTime"), ("MRTimingAndRelatedParametersSequence", "RepetitionTime")
    ),
    "flip_angle_deg": number_from(("", "FlipAngle"), ("MRTimingAndRelatedParametersSequence", "FlipAngle")),
    "sequence": text_from(("", "ScanningSequence"), ("", "PulseSequenceName")),
    "probe": probe,
    "frame_rate_hz": frame_rate,
    "magnification": magnification,
    "stain": stain,
    "transducer_frequency_hz": _number("TransducerFrequency"),
    "radionuclide_dose_mbq": _dose_mbq,
    "objective_power": _objective_power,
    "pixel_spacing_mm": _pixel_spacing,
    "rows": _whole("Rows"),
    "columns": _whole("Columns"),
    "frames": frames_of,
    "photometric_interpretation": _text("PhotometricInterpretation"),
    "bits_stored": _whole("BitsStored"),
    "lossy_compression": lambda dataset: {"01": True, "00": False}.get(text_of(dataset, "LossyImageCompression")),
    "burned_in_annotation": _yes_no("BurnedInAnnotation"),
    "presentation_intent": _text("PresentationIntentType"),
    "image_type": _text("ImageType"),
}
