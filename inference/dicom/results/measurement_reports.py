"""Measurement reports (TID 1500), the form that IHE AI Results gives to findings and numbers.

Every measurement group becomes what is said of its finding: numbers that are
probabilities are scores, other numbers measurements, and a coded presence the decision.
"""

from __future__ import annotations

from collections.abc import Iterator

from inference.dicom.results import codes
from inference.dicom.results.codes import NO_CODE, Code
from inference.dicom.results.content import Item
from inference.dicom.results.saying import Mark, Said, box_of, scaled


def said_in_report(root: Item) -> tuple[Said, ...]:
    """Return what the measurement groups of a report say, in order."""
    return tuple(said for group in root.below(codes.MEASUREMENT_GROUP) for said in said_in_group(group))


def said_in_group(group: Item) -> Iterator[Said]:
    finding, site = code_of(group, codes.FINDING), code_of(group, codes.FINDING_SITE)
    score, region = score_of(group), region_of(group)
    marks = tuple(marks_of(group, score=score))
    decision = next((found for each in group.children if (found := presence_of(each))), "")
    numbers = [each for each in group.children if each.kind == "NUM" and each.concept not in codes.PROBABILITIES]
    for each in numbers:
        yield Said(
            finding=finding if finding != NO_CODE else each.concept,
            region=region,
            site=site,
            quantity=each.concept,
            measurement=each.number,
            unit=each.unit,
            decision=decision,
            score=score,
            marks=marks,
        )
    if not numbers and finding != NO_CODE:
        yield Said(
            finding=finding,
            region=region,
            site=site,
            decision=decision or ("" if score is not None or category_of(group) else "positive"),
            score=score,
            category=category_of(group),
            marks=marks,
        )


def code_of(group: Item, concepts: frozenset[Code]) -> Code:
    found = group.first(concepts)
    return found.code if found else NO_CODE


def presence_of(item: Item) -> str:
    """Return the decision in a presence, as its own item or as a property of the finding."""
    if item.concept in codes.PRESENCE:
        return codes.decision_of(item.code)
    return next((found for each in item.children if (found := presence_of(each))), "") if item.kind == "CODE" else ""


def score_of(group: Item) -> float | None:
    for item in group.below(codes.PROBABILITIES):
        found = scaled(item.number, item.unit)
        if found is not None:
            return found
    return None


def region_of(group: Item) -> str:
    """Return the side that the group or its finding site names."""
    sides = (codes.side_of(item.code) for item in group.walk() if item.concept in codes.LATERALITY)
    sites = (codes.side_of(item.code) for item in group.named(codes.FINDING_SITE))
    return next(filter(None, (*sides, *sites)), "")


NOT_A_CATEGORY = codes.FINDING | codes.FINDING_SITE | codes.FINDING_CATEGORY | codes.PRESENCE | codes.LATERALITY


def category_of(group: Item) -> str:
    """Return the coded answer of a qualitative evaluation."""
    answers = (each for each in group.children if each.kind == "CODE" and each.concept not in NOT_A_CATEGORY)
    return next((str(each.code) for each in answers if each.code != NO_CODE), "")


def marks_of(group: Item, *, score: float | None) -> Iterator[Mark]:
    """Yield a box for every shape that lies on an image."""
    for shape in group.walk():
        box = box_of(shape.points, shape=shape.shape) if shape.kind == "SCOORD" else None
        image = next((each for each in shape.children if each.kind == "IMAGE" and each.instance), None)
        if box and image:
            uid = group.first(codes.TRACKING_UID)
            yield Mark(
                sop_instance_uid=image.instance,
                frame=image.frame,
                x=box[0],
                y=box[1],
                width=box[2],
                height=box[3],
                score=score,
                uid=uid.text if uid else "",
            )
