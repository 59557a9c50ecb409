"""From stored-bit-normalised pixels to what the networks take; training and re-scoring share it.

Any image size comes in: it is averaged (or spread) over the network's grid by
exact pixel areas, so the same pixels always give the same numbers.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

INPUT_SIZE = 64
CENTRE, GAIN = 0.5, 4.0

Image = npt.NDArray[np.float32]


def preprocess(pixels: npt.ArrayLike) -> Image:
    """Return (1, 64, 64) values around zero from a (rows, columns) array of values in [0, 1].

    Raises:
        ValueError: the array has not two dimensions.
    """
    plane = np.asarray(pixels, dtype=np.float32)
    if plane.ndim != 2:
        raise ValueError(f"a network takes one plane of pixels, not an array of shape {plane.shape}")
    rows, columns = _shares(plane.shape[0]), _shares(plane.shape[1])
    resized = rows @ plane.astype(np.float64) @ columns.T
    return ((resized - CENTRE) * GAIN).astype(np.float32)[None]


@lru_cache(maxsize=32)
def _shares(length: int) -> npt.NDArray[np.float64]:
    """Return how much of each of `length` pixels falls into each of the network's cells; rows add up to 1."""
    edges = np.linspace(0, length, INPUT_SIZE + 1)
    pixels = np.arange(length)
    starts = np.maximum(edges[:-1, None], pixels[None, :])
    ends = np.minimum(edges[1:, None], pixels[None, :] + 1)
    overlap = np.clip(ends - starts, 0, None)
    return np.asarray(overlap / overlap.sum(axis=1, keepdims=True), dtype=np.float64)
