"""Where a mark lies, and when a mark counts as a hit: named, versioned criteria.

Marks are mappings as intake stores them: `x`, `y` and optionally `z` with `width`, `height`, `depth` (corner and
size), `radius` (then x, y, z are the centre), or `points` (an outline); `sop_instance_uid` and `frame` say on
which picture. A criterion never changes: another rule is another id, another reading of one a new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import dist, isfinite, prod
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A box by its two corners, and the picture it is on (empty or None: not said). A point has no extent."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    picture: str = ""
    frame: float | None = None

    @property
    def centre(self) -> tuple[float, ...]:
        return tuple((one + other) / 2 for one, other in zip(self.low, self.high, strict=True))

    @property
    def is_point(self) -> bool:
        return self.low == self.high

    def holds(self, point: tuple[float, ...]) -> bool:
        near = zip(self.low, point, self.high, strict=False)
        return all(low <= value <= high for low, value, high in near)

    def may_meet(self, other: Place) -> bool:
        """Return whether both can be on one picture: what is not said is no contradiction."""
        apart = self.picture and other.picture and self.picture != other.picture
        frames = None not in (self.frame, other.frame) and self.frame != other.frame
        return not apart and not frames


def place_of(mark: Mapping[str, Any]) -> Place | None:
    """Return where a mark lies, or None where it names no place.

    Raises:
        ValueError: a place that is not finite, or a negative size.
    """
    picture, frame = str(mark.get("sop_instance_uid") or ""), mark.get("frame")
    if points := mark.get("points"):
        axes = list(zip(*points, strict=True))
        low, high = tuple(float(min(axis)) for axis in axes), tuple(float(max(axis)) for axis in axes)
        return _checked(Place(low=low, high=high, picture=picture, frame=frame))
    names = [name for name in ("x", "y", "z") if mark.get(name) is not None]
    if "x" not in names or "y" not in names:
        return None
    corner = tuple(float(mark[name]) for name in names)
    if mark.get("radius") is not None:
        radius = float(mark["radius"])
        low, high = tuple(each - radius for each in corner), tuple(each + radius for each in corner)
    else:
        sizes = [float(mark.get(name) or 0.0) for name in ("width", "height", "depth")][: len(names)]
        low, high = corner, tuple(each + size for each, size in zip(corner, sizes, strict=True))
    return _checked(Place(low=low, high=high, picture=picture, frame=frame))


def _checked(place: Place) -> Place:
    if not all(isfinite(value) for value in (*place.low, *place.high)):
        raise ValueError("a mark's place must be finite")
    if any(low > high for low, high in zip(place.low, place.high, strict=True)):
        raise ValueError("a mark's size must not be negative")
    return place


class Criterion(Protocol):
    """When a mark is a hit. `closeness` ranks hits, smaller is nearer; None is no hit."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    def closeness(self, mark: Place, lesion: Place) -> float | None: ...


def name_of(criterion: Criterion) -> str:
    """Return the criterion as it is stored with what it decided, such as `centre_in_box/1`."""
    return f"{criterion.id}/{criterion.version}"


@dataclass(frozen=True, slots=True)
class CentreInBox:
    """The mark's centre lies in the lesion's box; where the lesion is a point, the point lies in the mark's box."""

    id: str = field(default="centre_in_box", init=False)
    version: int = field(default=1, init=False)

    def closeness(self, mark: Place, lesion: Place) -> float | None:
        hit = mark.holds(lesion.centre) if lesion.is_point else lesion.holds(mark.centre)
        return _apart(mark, lesion) if hit else None


@dataclass(frozen=True, slots=True)
class OverlapAtLeast:
    """Intersection over union of the two boxes is at least `iou`."""

    iou: float
    version: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        if not 0 < self.iou <= 1:
            raise ValueError(f"iou must lie in (0, 1], not {self.iou}")

    @property
    def id(self) -> str:
        return f"iou_{self.iou:g}"

    def closeness(self, mark: Place, lesion: Place) -> float | None:
        shared = prod(
            max(0.0, min(high, other_high) - max(low, other_low))
            for low, high, other_low, other_high in zip(mark.low, mark.high, lesion.low, lesion.high, strict=False)
        )
        whole = _volume(mark) + _volume(lesion) - shared
        overlap = shared / whole if whole > 0 else 0.0
        return 1 - overlap if overlap >= self.iou else None


def criterion_named(name: str) -> Criterion:
    """Return the criterion that a finding is registered with; without a name, the centre in the box.

    Raises:
        ValueError: there is no such criterion.
    """
    if name in ("", "centre_in_box"):
        return CentreInBox()
    kind, _, share = name.partition("_")
    if kind != "iou":
        raise ValueError(f"there is no criterion {name!r}")
    return OverlapAtLeast(float(share))


@dataclass(frozen=True, slots=True)
class CentreWithin:
    """The two centres lie at most `mm` apart; `spacing` is the size of a unit of each axis (x, y, z) in mm."""

    mm: float
    spacing: tuple[float, ...] = (1.0, 1.0, 1.0)
    version: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        if not self.mm > 0 or not all(each > 0 for each in self.spacing):
            raise ValueError("distance and spacing must be positive")

    @property
    def id(self) -> str:
        return f"centre_within_{self.mm:g}_mm"

    def closeness(self, mark: Place, lesion: Place) -> float | None:
        apart = _apart(mark, lesion, spacing=self.spacing)
        return apart if apart <= self.mm else None


def _apart(mark: Place, lesion: Place, *, spacing: tuple[float, ...] = (1.0, 1.0, 1.0)) -> float:
    axes = list(zip(mark.centre, lesion.centre, spacing, strict=False))
    return dist([one * size for one, _, size in axes], [other * size for _, other, size in axes])


def _volume(place: Place) -> float:
    return prod(high - low for low, high in zip(place.low, place.high, strict=True))
