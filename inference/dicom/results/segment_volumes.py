"""Segmentations and parametric maps: the volume of each segment, and that a map exists.

Only the geometry and the count of set voxels are read; whose anatomy a segment
is says its code. A fractional segment counts its voxels by their fraction.
"""

from __future__ import annotations

from collections import Counter
from math import prod

import numpy as np
from pydicom.dataset import Dataset

from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import DAMAGED
from inference.dicom.results import codes
from inference.dicom.results.codes import code_in
from inference.dicom.results.saying import Algorithm, Said
from inference.dicom.values import items_of, number_of, numbers_of, text_of


def said_in_segmentation(dataset: Dataset, *, name: str) -> tuple[Said, ...]:
    """Return each segment with its volume in mL, or its area in cm2 where there is no third dimension.

    Raises:
        UnreadableFileError: the pixels cannot be decoded or do not fit the frames.
    """
    voxels = voxels_by_segment(dataset, name=name)
    size = voxel_size(dataset)
    return tuple(said_of(segment, voxels=voxels, size=size) for segment in items_of(dataset, "SegmentSequence"))


def said_of(segment: Dataset, *, voxels: Counter[int], size: tuple[float, ...]) -> Said:
    number = int(number_of(segment, "SegmentNumber") or 0)
    kind = code_in(segment, "SegmentedPropertyTypeCodeSequence")
    modifier = code_in(segment, "SegmentedPropertyTypeModifierCodeSequence")
    measurement, unit = None, ""
    if len(size) == 3:
        measurement, unit = voxels[number] * prod(size) / 1000, "mL"
    elif len(size) == 2:
        measurement, unit = voxels[number] * prod(size) / 100, "cm2"
    return Said(
        finding=kind,
        region=codes.side_of(modifier),
        site=code_in(segment, "AnatomicRegionSequence"),
        decision="positive" if voxels[number] else "negative",
        measurement=measurement,
        unit=unit,
        mask={"segment": number, "voxels": float(voxels[number])},
    )


def voxels_by_segment(dataset: Dataset, *, name: str) -> Counter[int]:
    try:
        pixels = dataset.pixel_array
    except DAMAGED as error:
        raise UnreadableFileError(name, f"its segments cannot be decoded ({type(error).__name__})") from error
    frames = pixels[np.newaxis] if pixels.ndim == 2 else pixels
    segments = segment_of_frames(dataset)
    if len(segments) != len(frames):
        raise UnreadableFileError(name, f"it has {len(frames)} frames and describes {len(segments)}")
    top = number_of(dataset, "MaximumFractionalValue") or 1.0
    fractional = text_of(dataset, "SegmentationType") == "FRACTIONAL"
    found: Counter[int] = Counter()
    for segment, frame in zip(segments, frames, strict=True):
        found[segment] += float(frame.sum()) / top if fractional else int(np.count_nonzero(frame))  # type: ignore[assignment]
    return found


def segment_of_frames(dataset: Dataset) -> list[int]:
    """Return the number of the segment that each frame belongs to."""
    shared = segment_named(items_of(dataset, "SharedFunctionalGroupsSequence")[:1])
    frames = items_of(dataset, "PerFrameFunctionalGroupsSequence")
    return [segment_named([frame]) or shared or 0 for frame in frames]


def segment_named(groups: list[Dataset]) -> int:
    for group in groups:
        for item in items_of(group, "SegmentIdentificationSequence"):
            return int(number_of(item, "ReferencedSegmentNumber") or 0)
    return 0


def voxel_size(dataset: Dataset) -> tuple[float, ...]:
    """Return the size of a voxel in mm: three numbers, two where slices have no distance, none where unknown."""
    groups = items_of(dataset, "SharedFunctionalGroupsSequence") + items_of(dataset, "PerFrameFunctionalGroupsSequence")
    for group in groups[:2]:
        for item in items_of(group, "PixelMeasuresSequence"):
            plane = numbers_of(item, "PixelSpacing")
            depth = number_of(item, "SpacingBetweenSlices") or number_of(item, "SliceThickness")
            if len(plane) == 2:
                return (*plane, depth) if depth else tuple(plane)
    return ()


def algorithm_of_segments(dataset: Dataset) -> Algorithm:
    """Return the algorithm that the first segment made by one names."""
    for segment in items_of(dataset, "SegmentSequence"):
        for item in items_of(segment, "SegmentationAlgorithmIdentificationSequence"):
            return Algorithm(
                manufacturer=text_of(dataset, "Manufacturer"),
                name=text_of(item, "AlgorithmName"),
                version=text_of(item, "AlgorithmVersion"),
            )
    first = items_of(dataset, "SegmentSequence")[:1]
    return Algorithm(
        manufacturer=text_of(dataset, "Manufacturer"),
        name=(text_of(first[0], "SegmentAlgorithmName") if first else "") or text_of(dataset, "ManufacturerModelName"),
        version=text_of(dataset, "SoftwareVersions"),
    )
