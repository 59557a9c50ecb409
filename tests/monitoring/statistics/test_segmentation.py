"""Masks that can be measured by hand, and two balls whose distances other software gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from scipy.spatial import distance

from monitoring.statistics.results import NotEstimable
from monitoring.statistics.segmentation import (
    average_surface_distance,
    dice,
    hausdorff,
    iou,
    lesion_counts,
    surface_dice,
    volume,
)

GRID = np.mgrid[:40, :40, :40]
BALL = (GRID[0] - 18) ** 2 + (GRID[1] - 18) ** 2 + (GRID[2] - 18) ** 2 <= 100
MOVED = (GRID[0] - 20) ** 2 + (GRID[1] - 19) ** 2 + (GRID[2] - 18) ** 2 <= 121
EMPTY = np.zeros_like(BALL)
DISTANCES = (
    lambda a, b, spacing: hausdorff(a, b, spacing=spacing),
    lambda a, b, spacing: average_surface_distance(a, b, spacing=spacing),
    lambda a, b, spacing: surface_dice(a, b, spacing=spacing, tolerance_mm=1.0),
)


def square(*corner, size=4, shape=(12, 16)):
    mask = np.zeros(shape, dtype=bool)
    mask[corner[0] : corner[0] + size, corner[1] : corner[1] + size] = True
    return mask


def test_overlap_of_two_squares_by_hand():
    one, other = square(2, 2), square(2, 4)  # 8 voxels in common of 16 and 16

    assert dice(one, other) == 0.5
    assert iou(one, other) == pytest.approx(1 / 3)


def test_overlap_is_that_of_surface_distance():
    assert dice(BALL, MOVED) == pytest.approx(0.8087027914614121)  # DeepMind surface-distance 0.1


def test_distances_of_squares_by_hand():
    one, other = square(2, 2), square(2, 4)

    assert hausdorff(one, other, spacing=1.0, percentile=100) == 2.0
    assert hausdorff(one, other, spacing=(1.0, 3.0), percentile=100) == 6.0
    # 12 surface voxels each; along the shift 4 lie at 2 and 2 at 1, the others on the other surface or inside it.
    assert surface_dice(one, other, spacing=1.0, tolerance_mm=2.0) == 1.0


@pytest.mark.parametrize(("spacing", "value"), [((1, 1, 1), 3.605551275463989), ((3, 0.7, 0.7), 9.027181176868003)])
def test_the_whole_hausdorff_distance_is_that_of_surface_distance(spacing, value):
    assert hausdorff(BALL, MOVED, spacing=spacing, percentile=100) == pytest.approx(value)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.7, 0.7)])
def test_pooled_figures_agree_with_all_distances_between_surface_voxels(spacing):
    points = [
        np.argwhere(mask & ~ndimage.binary_erosion(mask, ndimage.generate_binary_structure(3, 1))) * spacing
        for mask in (BALL, MOVED)
    ]
    apart = distance.cdist(*points)
    pooled = np.concatenate([apart.min(axis=1), apart.min(axis=0)])

    assert hausdorff(BALL, MOVED, spacing=spacing) == pytest.approx(np.percentile(pooled, 95))
    assert average_surface_distance(BALL, MOVED, spacing=spacing) == pytest.approx(pooled.mean())
    assert surface_dice(BALL, MOVED, spacing=spacing, tolerance_mm=1.0) == pytest.approx((pooled <= 1.0).mean())


def test_the_definition_travels_with_the_number():
    assert hausdorff(BALL, MOVED, spacing=1.0).definition == "hausdorff_95_pooled/1"
    assert dice(BALL, MOVED).value == float(dice(BALL, MOVED))


def test_both_empty_cannot_be_estimated_and_one_empty_overlaps_nothing():
    assert isinstance(dice(EMPTY, EMPTY), NotEstimable)
    assert isinstance(iou(EMPTY, EMPTY), NotEstimable)
    assert (dice(BALL, EMPTY), iou(EMPTY, BALL)) == (0.0, 0.0)
    assert isinstance(hausdorff(BALL, EMPTY, spacing=1.0), NotEstimable)
    assert isinstance(average_surface_distance(EMPTY, BALL, spacing=1.0), NotEstimable)
    assert surface_dice(BALL, EMPTY, spacing=1.0, tolerance_mm=1.0) == 0.0
    assert isinstance(surface_dice(EMPTY, EMPTY, spacing=1.0, tolerance_mm=1.0), NotEstimable)


masks = arrays(np.bool_, (5, 6), elements=st.booleans())


@given(masks, masks)
def test_figures_are_symmetric_and_perfect_with_oneself(a, b):
    for measure in (dice, iou):
        assert measure(a, b) == measure(b, a)
    for measure in DISTANCES:
        there, back = measure(a, b, (2.0, 0.5)), measure(b, a, (2.0, 0.5))
        assert there == pytest.approx(back) if not isinstance(there, NotEstimable) else isinstance(back, NotEstimable)
    if a.any():
        assert dice(a, a) == 1.0
        assert hausdorff(a, a, spacing=1.0) == 0.0


@given(masks, masks)
def test_dice_and_iou_are_one_scale(a, b):
    if (a | b).any():
        assert dice(a, b) == pytest.approx(2 * iou(a, b) / (1 + iou(a, b)))


def test_a_lost_lesion_is_seen_where_dice_hardly_moves():
    reference = square(1, 1, size=8) | square(10, 14, size=2)

    found = lesion_counts(square(1, 1, size=8), reference)

    assert (found.found, found.lost, found.extra) == (1, 1, 0)
    assert dice(square(1, 1, size=8), reference) > 0.96


def test_volume_is_in_the_units_of_spacing():
    assert volume(square(2, 2), spacing=(0.5, 2.0)) == 16.0


@pytest.mark.parametrize(
    ("a", "b", "spacing"),
    [
        (BALL, BALL[:10], 1.0),
        (BALL, MOVED, (1.0, 1.0)),
        (BALL, MOVED, (1.0, 0.0, 1.0)),
        (BALL * 2, MOVED, 1.0),
        (np.where(BALL, np.nan, 0), MOVED, 1.0),
    ],
)
def test_impossible_input_is_refused(a, b, spacing):
    with pytest.raises(ValueError, match=r"mask|spacing|must"):
        hausdorff(a, b, spacing=spacing)
