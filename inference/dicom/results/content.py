"""The content tree of a structured report as plain values, and how to walk it.

References between items ("see 1.2.3") are resolved; an item that cannot be
read is left out, for one bad item must not lose the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from inference.dicom.results.codes import NO_CODE, Code, code_in
from inference.dicom.values import items_of, number_of, numbers_of, text_of

DEEPEST = 32


@dataclass(slots=True, kw_only=True, eq=False)
class Item:
    """One content item: `concept` is its name, `code`, `text`, `number`, `points` or `instance` its value."""

    kind: str
    relationship: str
    concept: Code
    code: Code = NO_CODE
    text: str = ""
    number: float | None = None
    unit: str = ""
    shape: str = ""
    points: tuple[float, ...] = ()
    instance: str = ""
    frame: int | None = None
    reference: tuple[int, ...] = ()
    children: list[Item] = field(default_factory=list)

    def walk(self) -> Iterator[Item]:
        """Yield this item and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def named(self, concepts: frozenset[Code]) -> Iterator[Item]:
        """Yield the children of these names."""
        return (child for child in self.children if child.concept in concepts)

    def first(self, concepts: frozenset[Code]) -> Item | None:
        return next(self.named(concepts), None)

    def below(self, concepts: frozenset[Code]) -> Iterator[Item]:
        """Yield the items of these names, at any depth."""
        return (item for item in self.walk() if item.concept in concepts)


def content_of(dataset: Dataset) -> Item:
    """Return the root of a report, with references resolved."""
    root = item_of(dataset, depth=0)
    for item in list(root.walk()):
        item.children = [resolved(child, root=root) for child in item.children]
    return root


def item_of(dataset: Dataset, *, depth: int) -> Item:
    measured = items_of(dataset, "MeasuredValueSequence")[:1]
    images = items_of(dataset, "ReferencedSOPSequence")[:1]
    frames = numbers_of(images[0], "ReferencedFrameNumber") if images else []
    deeper = items_of(dataset, "ContentSequence") if depth < DEEPEST else []
    return Item(
        kind=text_of(dataset, "ValueType"),
        relationship=text_of(dataset, "RelationshipType"),
        concept=code_in(dataset, "ConceptNameCodeSequence"),
        code=code_in(dataset, "ConceptCodeSequence"),
        text=text_of(dataset, "TextValue") or text_of(dataset, "UID"),
        number=number_of(measured[0], "NumericValue") if measured else None,
        unit=code_in(measured[0], "MeasurementUnitsCodeSequence").value if measured else "",
        shape=text_of(dataset, "GraphicType"),
        points=tuple(numbers_of(dataset, "GraphicData")),
        instance=text_of(images[0], "ReferencedSOPInstanceUID") if images else "",
        frame=int(frames[0]) if frames else None,
        reference=tuple(int(each) for each in numbers_of(dataset, "ReferencedContentItemIdentifier")),
        children=[item_of(child, depth=depth + 1) for child in deeper],
    )


def resolved(item: Item, *, root: Item) -> Item:
    """Return what a reference points at; the item itself if it is none, or points nowhere."""
    if not item.reference:
        return item
    found = root
    for place in item.reference[1:]:
        if not 1 <= place <= len(found.children):
            return item
        found = found.children[place - 1]
    return found
