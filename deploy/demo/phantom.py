"""Chest phantoms: centimetres of soft tissue and bone along every ray.

The shapes are ellipsoids with biological spread, not anatomy. What X-rays
make of them is deploy.demo.acquisition's business.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

SIZE = 128  # pixels a side; the field of view is 40 cm
FIELD_OF_VIEW_CM = 40.0
PIXEL_SPACING_MM = FIELD_OF_VIEW_CM * 10 / SIZE

Plane = npt.NDArray[np.float32]
_Y, _X = (axis.astype(np.float32) for axis in np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesion:
    """A rounded opacity: its half-width as a share of half the field, and its thickness along the ray."""

    radius: float
    thickness_cm: float

    @property
    def diameter_mm(self) -> float:
        return self.radius * FIELD_OF_VIEW_CM * 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in pixels of the image, from its upper left corner."""

    x: int
    y: int
    width: int
    height: int

    def covers(self, *, x: float, y: float) -> bool:
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    tissue_cm: Plane
    bone_cm: Plane
    lesion_box: Box | None


def draw_anatomy(*, patient: np.random.Generator, study: np.random.Generator, lesion: Lesion | None) -> Anatomy:
    """Return a chest whose build follows the patient and whose vessels and lesion follow the study."""
    body, half_width = _body(patient)
    lungs = _lungs(patient)
    tissue = np.clip(body - 0.75 * lungs + 0.6 * _heart(patient), 0, None)
    bone = _ribs_and_spine(patient, half_width)
    tissue += np.where(lungs > 3, _vessels(study), 0)
    if lesion is None:
        return Anatomy(tissue_cm=tissue, bone_cm=bone, lesion_box=None)
    mass, box = _mass(study, lesion, lungs)
    return Anatomy(tissue_cm=tissue + mass, bone_cm=bone, lesion_box=box)


def _ellipsoid(*, x: float, y: float, half_width: float, half_height: float) -> Plane:
    """Return the chord through an ellipsoid of unit depth."""
    inside = 1 - ((_X - x) / half_width) ** 2 - ((_Y - y) / half_height) ** 2
    return np.sqrt(np.clip(inside, 0, None), dtype=np.float32)


def _body(rng: np.random.Generator) -> tuple[Plane, float]:
    half_width, half_height = 0.78 * rng.normal(1, 0.04), 0.95 * rng.normal(1, 0.03)
    depth_cm = 22 * rng.normal(1, 0.06)
    return depth_cm * _ellipsoid(x=0, y=0, half_width=half_width, half_height=half_height), half_width


def _lungs(rng: np.random.Generator) -> Plane:
    def lung(side: int) -> Plane:
        x, y = side * 0.36 * rng.normal(1, 0.05), -0.02 + rng.normal(0, 0.03)
        return 16 * _ellipsoid(x=x, y=y, half_width=0.27 * rng.normal(1, 0.07), half_height=0.62 * rng.normal(1, 0.06))

    return np.maximum(lung(-1), lung(1))


def _heart(rng: np.random.Generator) -> Plane:
    x, half_width, half_height = 0.12 + rng.normal(0, 0.03), 0.27 * rng.normal(1, 0.1), 0.3 * rng.normal(1, 0.08)
    return 9 * _ellipsoid(x=x, y=0.32, half_width=half_width, half_height=half_height)


def _ribs_and_spine(rng: np.random.Generator, half_width: float) -> Plane:
    first = -0.75 + rng.uniform(0, 0.2)
    bone = 2.2 * np.exp(-((_X / 0.07) ** 2))
    for rib in range(8):
        centre = first + 0.2 * rib + 0.35 * _X**2
        bone += 0.45 * np.exp(-(((_Y - centre) / 0.022) ** 2)) * (np.abs(_X) < half_width * 0.95)
    return bone


def _vessels(rng: np.random.Generator) -> Plane:
    texture = gaussian_filter(rng.standard_normal((SIZE, SIZE), dtype=np.float32), 1.6 * SIZE / 64)
    return np.abs(texture * (0.45 / texture.std()))


def _mass(rng: np.random.Generator, lesion: Lesion, lungs: Plane) -> tuple[Plane, Box]:
    places = np.argwhere(lungs > 6)
    row, column = places[rng.integers(len(places))]
    distance2 = ((_X - _X[row, column]) ** 2 + (_Y - _Y[row, column]) ** 2) / lesion.radius**2
    return lesion.thickness_cm * np.exp(-(distance2**1.5)), _box_around(int(column), int(row), lesion.radius)


def _box_around(column: int, row: int, radius: float) -> Box:
    reach = max(2, round(radius * SIZE / 2))
    x, y = max(0, column - reach), max(0, row - reach)
    return Box(x=x, y=y, width=min(SIZE, column + reach) - x, height=min(SIZE, row + reach) - y)
