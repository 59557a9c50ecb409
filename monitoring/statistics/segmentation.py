"""How well two masks of one image agree: overlap, and distances between their surfaces.

A mask is a boolean array (or 0 and 1) of any number of dimensions. The surface of a mask is its voxels that
touch the outside by a face; voxels at the image's edge are surface. Distances go from each surface voxel's
centre to the nearest one of the other surface, in the units of `spacing` (mm, one number an axis).

Policy for empty masks: both empty is NotEstimable and to be counted apart; one empty gives overlap 0 and
surface Dice 0, while distances are NotEstimable, since nothing is there to measure to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from monitoring.statistics.inputs import BoolArray, FloatArray
from monitoring.statistics.results import NotEstimable

BOTH_EMPTY = "both masks are empty"
ONE_EMPTY = "one mask is empty, so there is no surface to measure to"


class MaskFigure(float):
    """A number about one pair of masks, with the id and version of its definition; it has no sampling interval."""

    definition: str

    def __new__(cls, value: float, definition: str) -> MaskFigure:
        made = super().__new__(cls, value)
        made.definition = definition
        return made

    @property
    def value(self) -> float:
        return float(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionCounts:
    """Connected parts (sharing a face, edge or corner) of the reference that `a` touches, and those it lost."""

    found: int
    lost: int
    extra: int


def dice(a: ArrayLike, b: ArrayLike) -> MaskFigure | NotEstimable:
    """Return Dice's coefficient 2|a∩b|/(|a|+|b|); one empty mask gives 0, both NotEstimable (Dice, 1945)."""
    one, other = _masks(a, b)
    together = int(one.sum()) + int(other.sum())
    if together == 0:
        return NotEstimable(BOTH_EMPTY)
    return MaskFigure(2 * int((one & other).sum()) / together, "dice/1")


def iou(a: ArrayLike, b: ArrayLike) -> MaskFigure | NotEstimable:
    """Return the intersection over union (Jaccard); one empty mask gives 0, both NotEstimable."""
    one, other = _masks(a, b)
    union = int((one | other).sum())
    if union == 0:
        return NotEstimable(BOTH_EMPTY)
    return MaskFigure(int((one & other).sum()) / union, "iou/1")


def hausdorff(
    a: ArrayLike, b: ArrayLike, *, spacing: float | Sequence[float], percentile: float = 95
) -> MaskFigure | NotEstimable:
    """Return a percentile of the surface distances of both directions pooled; 100 is the Hausdorff distance.

    Linear interpolation between distances. Other software takes the larger of the two directed percentiles, or weighs
    surface elements by area: values differ, so the definition travels with the number. Units of `spacing`.
    """
    if not 0 <= percentile <= 100:
        raise ValueError(f"percentile must lie within [0, 100], not {percentile}")
    found = _pooled(a, b, spacing=spacing)
    if isinstance(found, NotEstimable):
        return found
    return MaskFigure(float(np.percentile(np.concatenate(found), percentile)), f"hausdorff_{percentile:g}_pooled/1")


def average_surface_distance(
    a: ArrayLike, b: ArrayLike, *, spacing: float | Sequence[float]
) -> MaskFigure | NotEstimable:
    """Return the symmetric average surface distance: the mean of both directions' distances pooled.

    Source: Heimann et al., IEEE Trans Med Imaging 2009;28:1251-1265 (ASSD). Units of `spacing`.
    """
    found = _pooled(a, b, spacing=spacing)
    if isinstance(found, NotEstimable):
        return found
    return MaskFigure(float(np.concatenate(found).mean()), "average_surface_distance_pooled/1")


def surface_dice(
    a: ArrayLike, b: ArrayLike, *, spacing: float | Sequence[float], tolerance_mm: float
) -> MaskFigure | NotEstimable:
    """Return the share of both surfaces that lies within a tolerance of the other one.

    Surface voxels count the same, whatever their area. Source: Nikolov et al., J Med Internet Res 2021;23:e26151
    (there by surface elements). One empty mask gives 0, both NotEstimable.
    """
    if not tolerance_mm >= 0:
        raise ValueError(f"tolerance_mm must not be negative, but is {tolerance_mm}")
    found = _pooled(a, b, spacing=spacing)
    definition = f"surface_dice_{tolerance_mm:g}/1"
    if isinstance(found, NotEstimable):
        return found if found.reason == BOTH_EMPTY else MaskFigure(0.0, definition)
    return MaskFigure(float((np.concatenate(found) <= tolerance_mm).mean()), definition)


def volume(mask: ArrayLike, *, spacing: float | Sequence[float]) -> MaskFigure:
    """Return the volume (area in two dimensions) of a mask, in the units of `spacing` to the power of its axes."""
    found = _mask(mask, name="mask")
    return MaskFigure(float(found.sum()) * float(np.prod(_spacing(spacing, axes=found.ndim))), "volume/1")


def lesion_counts(a: ArrayLike, b: ArrayLike) -> LesionCounts:
    """Return how many connected parts of the reference `b` the mask `a` touches or lost, and how many it invents."""
    one, other = _masks(a, b)
    neighbours = ndimage.generate_binary_structure(one.ndim, one.ndim)
    parts, number = ndimage.label(other, neighbours)
    mine, own = ndimage.label(one, neighbours)
    touched = np.unique(parts[one & other]).size
    return LesionCounts(found=touched, lost=number - touched, extra=own - np.unique(mine[one & other]).size)


def _pooled(
    a: ArrayLike, b: ArrayLike, *, spacing: float | Sequence[float]
) -> tuple[FloatArray, FloatArray] | NotEstimable:
    """Return the distances from a's surface to b's and back."""
    one, other = _masks(a, b)
    sizes = _spacing(spacing, axes=one.ndim)
    if not one.any() or not other.any():
        return NotEstimable(ONE_EMPTY if one.any() or other.any() else BOTH_EMPTY)
    near = _around(one | other)
    first, second = _surface(one[near]), _surface(other[near])
    to_second = ndimage.distance_transform_edt(~second, sampling=sizes)
    to_first = ndimage.distance_transform_edt(~first, sampling=sizes)
    return np.asarray(to_second[first]), np.asarray(to_first[second])


def _surface(mask: BoolArray) -> BoolArray:
    inner = ndimage.binary_erosion(mask, ndimage.generate_binary_structure(mask.ndim, 1))
    return np.asarray(mask & ~inner, dtype=np.bool_)


def _around(mask: BoolArray) -> tuple[slice, ...]:
    """Return the box that holds a mask: all distances stay the same inside it, and cost less."""
    found: tuple[slice, ...] = ndimage.find_objects(mask.astype(np.int8))[0]
    return found


def _masks(a: ArrayLike, b: ArrayLike) -> tuple[BoolArray, BoolArray]:
    one, other = _mask(a, name="a"), _mask(b, name="b")
    if one.shape != other.shape:
        raise ValueError(f"masks of different shape: {one.shape} and {other.shape}")
    return one, other


def _mask(values: ArrayLike, *, name: str) -> BoolArray:
    found: NDArray[Any] = np.asarray(values)
    if found.ndim == 0:
        raise ValueError(f"{name} must be an array")
    if found.dtype == np.bool_:
        return found
    if not np.isin(found, (0, 1)).all():
        raise ValueError(f"{name} must hold 0 and 1 only")
    return np.asarray(found == 1, dtype=np.bool_)


def _spacing(spacing: float | Sequence[float], *, axes: int) -> FloatArray:
    found = np.atleast_1d(np.asarray(spacing, dtype=np.float64))
    sizes = np.repeat(found, axes) if found.size == 1 else found
    if sizes.shape != (axes,) or not np.isfinite(sizes).all() or (sizes <= 0).any():
        raise ValueError(f"spacing needs one positive number for each of the {axes} axes")
    return sizes
