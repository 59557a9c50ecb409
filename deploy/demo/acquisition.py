"""From centimetres of tissue to the stored pixels of a digital radiograph.

Polyenergetic attenuation, automatic exposure, scatter, quanta, detector blur,
electronics, look-up table and bit depth, in that order. Attenuation
coefficients are rounded from the NIST tables.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, zoom

from deploy.demo.phantom import SIZE, Anatomy, Plane

ENERGIES_KEV = np.array([40.0, 60.0, 80.0])
SOFT_TISSUE_PER_CM = np.array([0.268, 0.206, 0.184])
CORTICAL_BONE_PER_CM = np.array([1.28, 0.60, 0.43])
TUBE_WEIGHTS = np.array([0.6, 1.0, 0.9])

PIXELS_PER_CELL = (SIZE / 64) ** 2  # quanta and noise are stated per cell of a 64 x 64 grid
SCATTER_SPREAD = 18 / 64  # of the field of view
SCATTER_GRID = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How one radiograph is taken and processed. Quanta and noise are per 6.25 mm cell, at the median."""

    kvp: float = 110.0
    quanta: float = 30_000.0
    electronic_noise: float = 8.0
    blur_cells: float = 0.7
    scatter_fraction: float = 0.25
    lut_gamma: float = 1.0
    bits_stored: int = 12
    monochrome1: bool = False


def radiograph(anatomy: Anatomy, *, exposure: Exposure, generator: np.random.Generator) -> npt.NDArray[np.uint16]:
    """Return the stored pixels; in MONOCHROME1 a higher value is darker."""
    primary = _automatic_exposure(_transmitted(anatomy, kvp=exposure.kvp), exposure)
    counts = _detected(_with_scatter(primary, exposure.scatter_fraction), exposure, generator)
    values = _look_up(counts, exposure.lut_gamma)
    highest = 2**exposure.bits_stored - 1
    stored = np.round(values * highest).astype(np.uint16)
    return (highest - stored).astype(np.uint16) if exposure.monochrome1 else stored


def _spectrum(kvp: float) -> npt.NDArray[np.float64]:
    weights = np.clip(1 - ENERGIES_KEV / kvp, 0, None) * TUBE_WEIGHTS * ENERGIES_KEV**0.3
    return weights / weights.sum()


def _transmitted(anatomy: Anatomy, *, kvp: float) -> Plane:
    beams = zip(_spectrum(kvp), SOFT_TISSUE_PER_CM, CORTICAL_BONE_PER_CM, strict=True)
    parts = (
        np.float32(weight) * np.exp(-np.float32(soft) * anatomy.tissue_cm - np.float32(bone) * anatomy.bone_cm)
        for weight, soft, bone in beams
    )
    return np.add.reduce(list(parts))


def _automatic_exposure(intensity: Plane, exposure: Exposure) -> Plane:
    """Scale so that the median pixel receives the quanta asked for, as an ionisation chamber would."""
    return intensity * np.float32(exposure.quanta / PIXELS_PER_CELL / np.median(intensity))


def _with_scatter(primary: Plane, fraction: float) -> Plane:
    # Scatter is so smooth that a coarse grid carries it.
    block = SIZE // SCATTER_GRID
    coarse = primary.reshape(SCATTER_GRID, block, SCATTER_GRID, block).mean(axis=(1, 3))
    smooth = gaussian_filter(coarse, SCATTER_SPREAD * SCATTER_GRID)
    return primary + np.float32(fraction / (1 - fraction)) * zoom(
        smooth, block, order=1, grid_mode=True, mode="nearest"
    )


def _detected(mean: Plane, exposure: Exposure, rng: np.random.Generator) -> Plane:
    quanta = rng.poisson(mean).astype(np.float32)
    blurred = gaussian_filter(quanta, exposure.blur_cells * SIZE / 64)
    noise = exposure.electronic_noise / np.sqrt(PIXELS_PER_CELL)
    return blurred + np.float32(noise) * rng.standard_normal(mean.shape, dtype=np.float32)


def _look_up(counts: Plane, gamma: float) -> Plane:
    """Return presentation values in [0, 1]: logarithm, window from the histogram, then the gamma."""
    density = -np.log(np.clip(counts, 1, None))
    low, high = np.percentile(density, [8, 99.5])
    return np.clip((density - low) / (high - low), 0, 1) ** gamma
