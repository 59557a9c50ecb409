"""Marks drawn in a greyscale softcopy presentation state: every graphic is a box on the images it is drawn on."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from inference.dicom.results.saying import Mark, box_of
from inference.dicom.values import items_of, numbers_of, text_of

SHAPES = {"CIRCLE": "CIRCLE"}


def marks_in_presentation(dataset: Dataset) -> tuple[Mark, ...]:
    """Return the graphics in pixels of their images. Those drawn on the display area lie on no image and are none."""
    return tuple(
        mark
        for annotation in items_of(dataset, "GraphicAnnotationSequence")
        for mark in marks_in_annotation(annotation, images=images_of(annotation) or shown_images(dataset))
    )


def marks_in_annotation(annotation: Dataset, *, images: list[tuple[str, int | None]]) -> Iterator[Mark]:
    for graphic in items_of(annotation, "GraphicObjectSequence"):
        box = box_of(numbers_of(graphic, "GraphicData"), shape=SHAPES.get(text_of(graphic, "GraphicType"), ""))
        if box is None or text_of(graphic, "GraphicAnnotationUnits") != "PIXEL":
            continue
        for instance, frame in images:
            x, y, width, height = box
            yield Mark(sop_instance_uid=instance, frame=frame, x=x, y=y, width=width, height=height)


def images_of(dataset: Dataset) -> list[tuple[str, int | None]]:
    found: list[tuple[str, int | None]] = []
    for item in items_of(dataset, "ReferencedImageSequence"):
        frames: list[int | None] = [int(each) for each in numbers_of(item, "ReferencedFrameNumber")]
        found += [(text_of(item, "ReferencedSOPInstanceUID"), frame) for frame in frames or [None]]
    return [each for each in found if each[0]]


def shown_images(dataset: Dataset) -> list[tuple[str, int | None]]:
    return [each for series in items_of(dataset, "ReferencedSeriesSequence") for each in images_of(series)]
