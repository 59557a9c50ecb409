"""Mammography CAD and chest CAD reports (TID 4000, 4100): marks on images, and detections that found nothing.

A detection that succeeded and marked nothing is a negative, not an absence; a
mark that is not for presentation does not make a positive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from inference.dicom.results import codes
from inference.dicom.results.codes import NO_CODE, Code
from inference.dicom.results.content import Item
from inference.dicom.results.saying import Mark, Said, box_of, scaled

SINGLE_IMAGE_FINDING, COMPOSITE_FEATURE = codes.dcm("111059"), codes.dcm("111015")
RENDERING_INTENT, NOT_FOR_PRESENTATION = codes.dcm("111056"), codes.dcm("111152")
CENTRE, OUTLINE = codes.dcm("111010"), codes.dcm("111041")
SUMMARY_OF_DETECTIONS, DETECTION_PERFORMED = codes.dcm("111064"), codes.dcm("111022")
SUCCESSFUL_DETECTIONS = codes.dcm("111063")
IMAGE_LIBRARY = codes.dcm("111028")
OUTCOMES = {"111222": "ok", "111223": "partial", "111224": "failed", "111225": "not_run"}


def status_of_report(root: Item) -> str:
    """Return the status that the summary of detections gives."""
    summary = next(root.below(SUMMARY_OF_DETECTIONS), None)
    return OUTCOMES.get(summary.code.value, "ok") if summary else "ok"


def said_in_cad(root: Item) -> tuple[Said, ...]:
    """Return the marks of a report by finding and side, and a negative for every detection that marked nothing."""
    sides = image_sides(root)
    found: dict[tuple[Code, str], list[tuple[Item, Mark | None]]] = defaultdict(list)
    for item in root.walk():
        if item.concept in SINGLE_IMAGE_FINDING | COMPOSITE_FEATURE and item.code != NO_CODE:
            mark = mark_of(item)
            side = sides.get(mark.sop_instance_uid, "") if mark else ""
            found[item.code, side].append((item, mark))
    marked = tuple(said_of(code, side, items) for (code, side), items in found.items())
    regions = sorted({side for side in sides.values() if side}) or [""]
    return marked + tuple(negatives(root, regions=regions, marked={(code, side) for code, side in found}))


def said_of(code: Code, side: str, items: list[tuple[Item, Mark | None]]) -> Said:
    shown = [is_shown(item) for item, _ in items]
    scores = [score for item, _ in items if (score := score_of(item)) is not None]
    return Said(
        finding=code,
        region=side,
        decision="positive" if any(shown) else "negative",
        score=max(scores, default=None),
        marks=tuple(replace(mark, score=score_of(item)) for item, mark in items if mark is not None),
    )


def negatives(root: Item, *, regions: list[str], marked: set[tuple[Code, str]]) -> Iterator[Said]:
    for detections in root.below(SUCCESSFUL_DETECTIONS):
        for performed in detections.below(DETECTION_PERFORMED):
            for region in regions:
                if performed.code != NO_CODE and (performed.code, region) not in marked:
                    yield Said(finding=performed.code, region=region, decision="negative")


def image_sides(root: Item) -> dict[str, str]:
    """Return the side of each image in the library."""
    images = [item for library in root.below(IMAGE_LIBRARY) for item in library.walk() if item.kind == "IMAGE"]
    return {each.instance: side_of_image(each) for each in images}


def side_of_image(image: Item) -> str:
    concepts = codes.IMAGE_LATERALITY | codes.LATERALITY
    return next((codes.side_of(item.code) for item in image.walk() if item.concept in concepts), "")


def is_shown(item: Item) -> bool:
    intent = item.first(RENDERING_INTENT)
    return intent is None or intent.code not in NOT_FOR_PRESENTATION


def score_of(item: Item) -> float | None:
    found = (scaled(each.number, each.unit) for each in item.children if each.concept in codes.PROBABILITIES)
    return next((score for score in found if score is not None), None)


def mark_of(item: Item) -> Mark | None:
    """Return the outline of a finding, else its centre."""
    for concepts in (OUTLINE, CENTRE):
        shape = next((each for each in item.walk() if each.concept in concepts and each.kind == "SCOORD"), None)
        box = box_of(shape.points, shape=shape.shape) if shape else None
        image = next((each for each in shape.children if each.kind == "IMAGE"), None) if shape else None
        if box and image and image.instance:
            x, y, width, height = box
            return Mark(sop_instance_uid=image.instance, frame=image.frame, x=x, y=y, width=width, height=height)
    return None
