"""Pictures of a study with the marks that runs put on them, in the coordinates of the picture as shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from inference.dicom.orientation import Turn
from inference.studies.models import StoredImage

SMALLEST = 4.0  # a point is shown as a box of this half-width


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMark:
    """One box over a picture, in its pixels, and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str
    frame: int
    text_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One image as the page shows it: `width` and `height` are those of the turned pixels."""

    image: StoredImage
    label: str
    width: int
    height: int
    marks: Sequence[ShownMark]

    @property
    def stroke(self) -> float:
        """Line width that looks the same whatever the size of the pixels."""
        return max(self.width, self.height) / 200

    @property
    def text_size(self) -> float:
        return max(self.width, self.height) / 28


def pictures_of(images: Sequence[StoredImage], runs: Iterable[Any]) -> list[Picture]:
    """Return the pictures of a study, each with its marks; one that names no image is on the only one."""
    marks = [(mark, run, part) for run in runs for part in run.predictions.all() for mark in part.marks or []]
    return [picture_of(image, marks=marks, is_only=len(images) == 1) for image in images]


def picture_of(image: StoredImage, *, marks: Iterable[tuple[Any, Any, Any]], is_only: bool) -> Picture:
    turn = Turn.of_code(image.turn)
    width, height = (image.rows, image.columns) if turn.transposed else (image.columns, image.rows)
    own = [each for each in marks if is_on(each[0], image=image, region=each[2].region, is_only=is_only)]
    shown = [shown_mark(mark, image=image, turn=turn, label=mark_label(mark, part)) for mark, _, part in own]
    words = [image.laterality, image.view_position] if image.laterality or image.view_position else [image.modality]
    label = " ".join(word for word in words if word) or "image"
    return Picture(
        image=image, label=label, width=width, height=height, marks=[mark for mark in shown if mark is not None]
    )


def is_on(mark: dict[str, Any], *, image: StoredImage, region: str, is_only: bool) -> bool:
    named = mark.get("sop_instance_uid")
    if named:
        return bool(named == str(image.instance))
    return is_only or bool(region and region == image.laterality)


def mark_label(mark: dict[str, Any], prediction: Any) -> str:
    words = mark.get("label") or prediction.finding
    score = mark.get("score", prediction.score)
    return f"{words} {score:.2f}" if isinstance(score, int | float) else str(words)


def shown_mark(mark: dict[str, Any], *, image: StoredImage, turn: Turn, label: str) -> ShownMark | None:
    """Return the mark's box as the picture shows it, or None for a mark without a place in the plane."""
    box = box_of(mark)
    if box is None:
        return None
    x, y, width, height = turn.box(
        x=box[0], y=box[1], width=box[2], height=box[3], columns=image.columns, rows=image.rows
    )
    frame = int(mark.get("frame") or 1)
    gap = max(image.rows, image.columns) / 100
    above = y - gap if y > 6 * gap else y + height + 4 * gap
    return ShownMark(x=x, y=y, width=width, height=height, label=label, frame=frame, text_y=above)


def box_of(mark: dict[str, Any]) -> tuple[float, float, float, float] | None:
    """Return the box (x, y, width, height) around a box, circle, outline or point."""
    points = mark.get("points")
    if points:
        across, down = [point[0] for point in points], [point[1] for point in points]
        return min(across), min(down), max(across) - min(across), max(down) - min(down)
    if "x" not in mark or "y" not in mark:
        return None
    if "radius" in mark or "width" not in mark or "height" not in mark:
        radius = float(mark.get("radius") or SMALLEST)
        return mark["x"] - radius, mark["y"] - radius, 2 * radius, 2 * radius
    return float(mark["x"]), float(mark["y"]), float(mark["width"]), float(mark["height"])
