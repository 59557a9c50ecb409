"""What an AI result object says, whatever its form: plain values in the words of the intake contract.

Findings are named by code. Which finding of which product a code is, and whose
deployment the algorithm is, is known to the registry and not to this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from inference.dicom.results.codes import NO_CODE, Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A box in pixels of one image (or frame); `width` and `height` are 0 for a point."""

    sop_instance_uid: str
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    frame: int | None = None
    score: float | None = None
    uid: str = ""

    def as_row(self) -> dict[str, Any]:
        row = {
            "mark_uid": self.uid, "x": self.x, "y": self.y, "width": self.width, "height": self.height,
            "score": self.score, "sop_instance_uid": self.sop_instance_uid, "frame": self.frame,
        }  # fmt: skip
        return {name: value for name, value in row.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing said of one finding (and side): a decision, a score from 0 to 1, a number with its UCUM unit, marks."""

    finding: Code
    region: str = ""
    site: Code = NO_CODE
    quantity: Code = NO_CODE
    decision: str = ""
    score: float | None = None
    measurement: float | None = None
    unit: str = ""
    category: str = ""
    marks: tuple[Mark, ...] = ()
    mask: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """Who says it, as the object names itself."""

    manufacturer: str = ""
    name: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultObject:
    """One result object: `status` as in the contract, `form` names what it is, `images` what it refers to."""

    form: str
    algorithm: Algorithm
    status: str = "ok"
    said: tuple[Said, ...] = ()
    images: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def scaled(number: float | None, unit: str) -> float | None:
    """Return a probability between 0 and 1 from a percentage or a plain number; None if it is neither."""
    if number is None:
        return None
    value = number / 100 if unit == "%" else number
    return value if 0 <= value <= 1 else None


def box_of(points: Sequence[float], *, shape: str) -> tuple[float, float, float, float] | None:
    """Return x, y, width, height around a shape (PS3.3 C.18.6.1.2), in pixels; None if it has no points."""
    if len(points) < 2 or len(points) % 2:
        return None
    x, y = list(points[::2]), list(points[1::2])
    if shape == "CIRCLE" and len(x) == 2:
        radius = ((x[0] - x[1]) ** 2 + (y[0] - y[1]) ** 2) ** 0.5
        return x[0] - radius, y[0] - radius, 2 * radius, 2 * radius
    return min(x), min(y), max(x) - min(x), max(y) - min(y)
