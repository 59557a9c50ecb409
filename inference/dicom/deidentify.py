"""What the pixel store keeps of an object: an allow-list, and new names for everything that names.

PS3.15 Annex E (basic profile) lists what must go. Here everything goes but
what is needed to show the pixels and to know the technique: no names, dates,
free text, private elements, overlays or devices' serial numbers; UIDs become
2.25 of random ids. What is burned into the pixels cannot be removed: it is said.
"""

from dataclasses import dataclass
from uuid import UUID

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import DAMAGED
from inference.dicom.values import text_of
from inference.dicom.writing import file_bytes

IMAGE = """
    SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns BitsAllocated BitsStored
    HighBit PixelRepresentation SmallestImagePixelValue LargestImagePixelValue PixelAspectRatio PixelPaddingValue
    PixelPaddingRangeLimit PixelData FloatPixelData DoubleFloatPixelData ExtendedOffsetTable ExtendedOffsetTableLengths
    RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor
    RedPaletteColorLookupTableData GreenPaletteColorLookupTableData BluePaletteColorLookupTableData
    SegmentedRedPaletteColorLookupTableData SegmentedGreenPaletteColorLookupTableData
    SegmentedBluePaletteColorLookupTableData LossyImageCompression LossyImageCompressionRatio BurnedInAnnotation
""".split()
SHOWN = """
    RescaleSlope RescaleIntercept RescaleType WindowCenter WindowWidth VOILUTFunction PresentationLUTShape
    ModalityLUTSequence VOILUTSequence LUTDescriptor LUTData ModalityLUTType PresentationIntentType
    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PixelMeasuresSequence PlaneOrientationSequence
    PlanePositionSequence FrameVOILUTSequence PixelValueTransformationSequence
""".split()
GEOMETRY = """
    PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing SliceThickness SpacingBetweenSlices
    ImageOrientationPatient ImagePositionPatient PatientOrientation ImageLaterality Laterality ViewPosition
    PatientPosition InstanceNumber SeriesNumber
""".split()
TECHNIQUE = """
    Modality BodyPartExamined Manufacturer ManufacturerModelName SoftwareVersions ImageType KVP Exposure ExposureInuAs
    ExposureTime XRayTubeCurrent ExposureIndex DeviationIndex RelativeXRayExposure Grid ConvolutionKernel
    SpiralPitchFactor CTDIvol MagneticFieldStrength EchoTime RepetitionTime FlipAngle ScanningSequence
    TransducerFrequency CompressionForce BodyPartThickness
""".split()
KEPT = frozenset(IMAGE + SHOWN + GEOMETRY + TECHNIQUE)
EMPTIED = """
    StudyDate StudyTime AccessionNumber ReferringPhysicianName StudyID PatientName PatientBirthDate PatientSex
""".split()
METHOD = "Allow-list after PS3.15 E.1, basic profile; UIDs replaced"
OFTEN_ANNOTATED = frozenset({"US", "IVUS", "ES", "XC", "OT", "SC", "OP", "XA", "RF"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNames:
    """The random ids that stand for the object, its series, its study and its patient."""

    patient: UUID
    study: UUID
    series: UUID
    instance: UUID


def deidentify(dataset: Dataset, *, names: NewNames, name: str) -> bytes:
    """Return the file that may be kept.

    Raises:
        UnreadableFileError: an element that must be kept is damaged.
    """
    try:
        kept = _kept(dataset)
        _rename(kept, dataset, names)
        syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", ExplicitVRLittleEndian)
        return file_bytes(kept, transfer_syntax=str(syntax))
    except DAMAGED as error:
        raise UnreadableFileError(name, f"it cannot be de-identified ({type(error).__name__})") from error


def may_show_text(dataset: Dataset) -> bool:
    """Return whether the pixels may carry writing: said so, or not denied where devices often write into them."""
    said = text_of(dataset, "BurnedInAnnotation").upper()
    if said:
        return said != "NO"
    is_capture = text_of(dataset, "SOPClassUID").startswith(str(SecondaryCaptureImageStorage))
    return is_capture or text_of(dataset, "Modality").upper() in OFTEN_ANNOTATED


def random_uid(value: UUID) -> str:
    """Return the UID of a random id (PS3.5 B.2)."""
    return f"2.25.{value.int}"


def _kept(dataset: Dataset) -> Dataset:
    kept = Dataset()
    for element in dataset:
        if element.keyword in KEPT and not element.tag.is_private:
            kept.add(_copy(element))
    return kept


def _copy(element: DataElement) -> DataElement:
    if element.VR != "SQ":
        return element
    return DataElement(element.tag, "SQ", [_kept(item) for item in element.value])


def _rename(kept: Dataset, dataset: Dataset, names: NewNames) -> None:
    for keyword in EMPTIED:
        setattr(kept, keyword, "")
    kept.SpecificCharacterSet = "ISO_IR 192"
    kept.SOPClassUID = text_of(dataset, "SOPClassUID") or str(SecondaryCaptureImageStorage)
    kept.SOPInstanceUID = random_uid(names.instance)
    kept.SeriesInstanceUID = random_uid(names.series)
    kept.StudyInstanceUID = random_uid(names.study)
    kept.PatientID = str(names.patient)
    kept.PatientIdentityRemoved = "YES"
    kept.DeidentificationMethod = METHOD
    kept.LongitudinalTemporalInformationModified = "REMOVED"
