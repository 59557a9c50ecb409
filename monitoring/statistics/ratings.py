"""Ratings of units by raters, some of them missing, as counts of categories.

Numbers, texts or booleans; NaN and None are missing. Rows are units, columns raters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.statistics.inputs import LARGEST, BoolArray, FloatArray


def as_ratings(ratings: Any, *, name: str = "ratings") -> NDArray[Any]:
    """Return units × raters: floats where all ratings are numbers, else objects.

    Raises:
        ValueError: not a table, or an infinite number.
    """
    try:
        found = np.asarray(ratings, dtype=np.float64)
    except (TypeError, ValueError):
        found = _objects(ratings, name=name)
    if found.ndim != 2:
        raise ValueError(f"{name} must have rows of units and columns of raters")
    if found.dtype != object and np.isinf(found).any():
        raise ValueError(f"{name} must hold finite numbers, or NaN where missing")
    if found.dtype != object and (np.abs(found) > LARGEST).any():
        raise ValueError(f"{name} must not hold numbers beyond {LARGEST:.0e}, whose squares are infinite")
    return found


def as_measured_ratings(ratings: Any, *, name: str = "ratings") -> FloatArray:
    """Return units × raters, numbers only, NaN where missing."""
    found = as_ratings(ratings, name=name)
    if found.dtype != object:
        return np.asarray(found, dtype=np.float64)
    try:
        return np.where(missing(found), np.nan, found).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers only") from error


def _objects(ratings: Any, *, name: str) -> NDArray[Any]:
    try:
        return np.array([list(row) for row in ratings], dtype=object)
    except TypeError as error:
        raise ValueError(f"{name} must have rows of units and columns of raters") from error


def missing(ratings: NDArray[Any]) -> BoolArray:
    """Return which ratings are missing."""
    if ratings.dtype != object:
        return np.asarray(np.isnan(ratings), dtype=np.bool_)
    gone = [[each is None or (isinstance(each, float) and np.isnan(each)) for each in row] for row in ratings]
    return np.array(gone, dtype=np.bool_).reshape(ratings.shape)


def categories_of(ratings: NDArray[Any]) -> list[Any]:
    """Return the values used, in order."""
    return sorted(set(ratings[~missing(ratings)].tolist()))


def counts_of_units(ratings: Any, *, categories: Sequence[Any] | None = None) -> FloatArray:
    """Return units × categories: how many raters chose each; categories in sorted order unless named.

    Raises:
        ValueError: a rating that is none of the categories.
    """
    found = as_ratings(ratings)
    gone = missing(found)
    names = list(categories) if categories is not None else categories_of(found)
    places = {name: place for place, name in enumerate(names)}
    counts = np.zeros((found.shape[0], len(names)))
    for row, column in zip(*np.nonzero(~gone), strict=True):
        said = found[row, column]
        if said not in places:
            raise ValueError(f"{said!r} is none of the categories")
        counts[row, places[said]] += 1
    return counts
