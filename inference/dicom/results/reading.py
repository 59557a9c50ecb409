"""Reads any result object: which form it has, which algorithm made it, and what it says.

An object that is none of these is no error: `None` says that it is for another
reader, an image for example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydicom.dataset import Dataset

from inference.dicom.results import codes
from inference.dicom.results.cad_reports import said_in_cad, status_of_report
from inference.dicom.results.content import Item, content_of
from inference.dicom.results.measurement_reports import said_in_report
from inference.dicom.results.presentation_marks import images_of, marks_in_presentation, shown_images
from inference.dicom.results.saying import Algorithm, ResultObject, Said
from inference.dicom.results.segment_volumes import algorithm_of_segments, said_in_segmentation
from inference.dicom.values import items_of, text_of

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
GREYSCALE_PRESENTATION = "1.2.840.10008.5.1.4.1.1.11.1"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
REPORTS = "1.2.840.10008.5.1.4.1.1.88."
MEASUREMENT_REPORT = codes.Code("126000", "DCM")
CAD_REPORTS = {codes.Code("111036", "DCM"): "mammography CAD report", codes.Code("112000", "DCM"): "chest CAD report"}


def read_result(dataset: Dataset, *, name: str) -> ResultObject | None:
    """Return what a result object says, or None if it is none.

    Raises:
        UnreadableFileError: it is a segmentation whose pixels cannot be decoded.
    """
    sop_class = text_of(dataset, "SOPClassUID")
    if reader := READERS.get(sop_class):
        return reader(dataset, name)
    if sop_class.startswith(REPORTS) and sop_class != KEY_OBJECTS:
        return read_report(dataset)
    return None


def read_report(dataset: Dataset) -> ResultObject | None:
    root = content_of(dataset)
    if root.concept in CAD_REPORTS:
        return ResultObject(
            form=CAD_REPORTS[root.concept],
            algorithm=algorithm_of_report(root, dataset),
            status=status_of_report(root),
            said=said_in_cad(root),
            images=images_in(root),
        )
    if root.concept != MEASUREMENT_REPORT:
        return None
    return ResultObject(
        form="measurement report",
        algorithm=algorithm_of_report(root, dataset),
        said=said_in_report(root),
        images=images_in(root),
    )


def algorithm_of_report(root: Item, dataset: Dataset) -> Algorithm:
    """Return the algorithm that the content names, else the device that observed, else the equipment."""

    def first(concepts: frozenset[codes.Code]) -> str:
        return next((item.text for item in root.below(concepts) if item.text), "")

    return Algorithm(
        manufacturer=first(codes.DEVICE_MANUFACTURER) or text_of(dataset, "Manufacturer"),
        name=first(codes.ALGORITHM_NAME)
        or first(codes.DEVICE_MODEL)
        or first(codes.DEVICE_NAME)
        or text_of(dataset, "ManufacturerModelName"),
        version=first(codes.ALGORITHM_VERSION) or text_of(dataset, "SoftwareVersions"),
    )


def images_in(root: Item) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.instance for item in root.walk() if item.kind == "IMAGE" and item.instance))


def read_segmentation(dataset: Dataset, name: str) -> ResultObject:
    return ResultObject(
        form="segmentation",
        algorithm=algorithm_of_segments(dataset),
        said=said_in_segmentation(dataset, name=name),
        images=referenced(dataset),
    )


def read_parametric_map(dataset: Dataset, _name: str) -> ResultObject:
    """Return that a map is there and of what quantity; its pixels are not read."""
    labels = [
        code.meaning
        for groups in items_of(dataset, "SharedFunctionalGroupsSequence")
        for mapping in items_of(groups, "RealWorldValueMappingSequence")
        for quantity in items_of(mapping, "QuantityDefinitionSequence")
        if (code := codes.code_in(quantity, "ConceptCodeSequence")).meaning
    ]
    return ResultObject(
        form="parametric map",
        algorithm=equipment(dataset),
        images=referenced(dataset),
        notes=tuple(labels or filter(None, [text_of(dataset, "ContentLabel")])),
    )


def read_presentation(dataset: Dataset, _name: str) -> ResultObject:
    """Return the marks of a presentation state; what they stand for is said by its label alone."""
    marks, label = marks_in_presentation(dataset), text_of(dataset, "ContentLabel")
    drawn = dict.fromkeys(
        [mark.sop_instance_uid for mark in marks] + [instance for instance, _ in shown_images(dataset)]
    )
    finding = codes.Code(label, "LABEL", label)
    decision = "positive" if marks else "negative"
    return ResultObject(
        form="presentation state",
        algorithm=equipment(dataset),
        said=(Said(finding=finding, decision=decision, marks=marks),) if label else (),
        images=tuple(drawn),
    )


def equipment(dataset: Dataset) -> Algorithm:
    return Algorithm(
        manufacturer=text_of(dataset, "Manufacturer"),
        name=text_of(dataset, "ManufacturerModelName"),
        version=text_of(dataset, "SoftwareVersions"),
    )


def referenced(dataset: Dataset) -> tuple[str, ...]:
    """Return the images that an object refers to: its source images, and those of its referenced series."""
    series = items_of(dataset, "ReferencedSeriesSequence")
    instances = [text_of(item, "ReferencedSOPInstanceUID") for each in series for item in instances_of(each)]
    sources = [text_of(item, "ReferencedSOPInstanceUID") for item in items_of(dataset, "SourceImageSequence")]
    return tuple(dict.fromkeys(filter(None, instances + sources + [uid for uid, _ in images_of(dataset)])))


def instances_of(series: Dataset) -> list[Dataset]:
    return items_of(series, "ReferencedInstanceSequence") + items_of(series, "ReferencedSOPSequence")


READERS: Mapping[str, Callable[[Dataset, str], ResultObject]] = {
    SEGMENTATION: read_segmentation,
    PARAMETRIC_MAP: read_parametric_map,
    GREYSCALE_PRESENTATION: read_presentation,
}
