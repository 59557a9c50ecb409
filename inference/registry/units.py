"""Units of measurement, as UCUM writes them, and the few conversions that imaging needs."""

from collections.abc import Mapping

SCALES: Mapping[str, tuple[str, float]] = {
    "m": ("length", 1.0),
    "cm": ("length", 1e-2),
    "mm": ("length", 1e-3),
    "um": ("length", 1e-6),
    "m2": ("area", 1.0),
    "cm2": ("area", 1e-4),
    "mm2": ("area", 1e-6),
    "m3": ("volume", 1.0),
    "L": ("volume", 1e-3),
    "dL": ("volume", 1e-4),
    "mL": ("volume", 1e-6),
    "cm3": ("volume", 1e-6),
    "uL": ("volume", 1e-9),
    "mm3": ("volume", 1e-9),
    "s": ("time", 1.0),
    "ms": ("time", 1e-3),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "d": ("time", 86400.0),
    "1": ("ratio", 1.0),
    "%": ("ratio", 1e-2),
    "g": ("mass", 1.0),
    "mg": ("mass", 1e-3),
    "kg": ("mass", 1e3),
}


def convert(value: float, *, unit: str, to: str) -> float | None:
    """Return the value in another unit, or None where the two do not measure the same thing."""
    if unit == to:
        return value
    if unit not in SCALES or to not in SCALES or SCALES[unit][0] != SCALES[to][0]:
        return None
    return value * (SCALES[unit][1] / SCALES[to][1])
