"""What the statistics accept: any sequence of finite numbers, whole counts, two classes.

Everything else is a ValueError that says which argument is wrong.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

NO_NUMBERS = "USMmc"  # kinds of arrays: texts, dates, times, complex numbers
LARGEST = 1e150  # the square of a larger number may be infinite
MOST = 2.0**62  # counts beyond it are no counts


def as_vector(values: ArrayLike, *, name: str) -> FloatArray:
    """Return one-dimensional finite floats."""
    vector = _as_floats(values, name=name)
    if vector.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not {vector.ndim}-dimensional")
    return _finite(vector, name=name)


def as_matrix(values: ArrayLike, *, name: str) -> FloatArray:
    """Return two-dimensional finite floats."""
    matrix = _as_floats(values, name=name)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must be two-dimensional, not {matrix.ndim}-dimensional")
    return _finite(matrix, name=name)


def as_counts(values: ArrayLike, *, name: str) -> FloatArray:
    """Return one-dimensional whole numbers, none negative (as floats, for arithmetic)."""
    return _whole(as_vector(values, name=name), name=name)


def as_count(value: float, *, name: str) -> int:
    """Return one whole number, not negative."""
    count = float(as_counts([value], name=name)[0])
    if count > MOST:
        raise ValueError(f"{name} must be a count below {MOST:.0e}")
    return int(count)


def as_measured(values: ArrayLike, *, name: str) -> FloatArray:
    """Return one-dimensional finite floats that can be squared and added up."""
    return _squarable(as_vector(values, name=name), name=name)


def as_labels(labels: ArrayLike, *, name: str = "labels") -> BoolArray:
    """Return classes as booleans; only 0, 1, False and True are classes."""
    array = np.asarray(labels)
    if array.dtype == np.bool_ and array.ndim == 1:
        return array
    vector = as_vector(array, name=name)
    if not np.isin(vector, (0.0, 1.0)).all():
        raise ValueError(f"{name} must hold 0 and 1 only")
    return np.asarray(vector == 1.0, dtype=np.bool_)


def as_probabilities(values: ArrayLike, *, name: str) -> FloatArray:
    """Return one-dimensional floats within [0, 1]."""
    vector = as_vector(values, name=name)
    if vector.size and (vector.min() < 0 or vector.max() > 1):
        raise ValueError(f"{name} must lie within [0, 1]")
    return vector


def as_codes(values: Any, *, name: str, length: int) -> IntArray:
    """Return group keys of any kind as codes 0, 1, … in sorted order."""
    array = np.asarray(values)
    if array.ndim != 1 or array.size != length:
        raise ValueError(f"{name} must hold one key for each of the {length} rows")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} must not hold missing keys")
    if array.dtype == object and any(key is None or (isinstance(key, float) and np.isnan(key)) for key in array):
        raise ValueError(f"{name} must not hold missing keys")
    try:
        return np.unique(array, return_inverse=True)[1].astype(np.int64)
    except TypeError as error:
        raise ValueError(f"{name} must hold keys of one kind") from error


def check_level(level: float) -> float:
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    return level


def check_same_length(**vectors: NDArray[Any]) -> int:
    """Return the common length of vectors, which are named for the message."""
    lengths = {name: len(vector) for name, vector in vectors.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"lengths differ: {lengths}")
    return next(iter(lengths.values()))


def check_option(value: str, *, name: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def _as_floats(values: ArrayLike, *, name: str) -> FloatArray:
    """Return floats; digits in text, dates and complex numbers are none, and a masked entry is missing."""
    message = f"{name} must hold numbers only, in rows of equal length"
    try:
        if np.ma.is_masked(values) or np.asarray(values).dtype.kind in NO_NUMBERS:
            raise ValueError(message)
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(message) from error


def _squarable(array: FloatArray, *, name: str) -> FloatArray:
    if array.size and np.abs(array).max() > LARGEST:
        raise ValueError(f"{name} must not hold numbers beyond {LARGEST:.0e}, whose squares are infinite")
    return array


def _finite(array: FloatArray, *, name: str) -> FloatArray:
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers only")
    return array


def _whole(array: FloatArray, *, name: str) -> FloatArray:
    if (array < 0).any() or (array != np.floor(array)).any():
        raise ValueError(f"{name} must hold whole numbers, none negative")
    return array
