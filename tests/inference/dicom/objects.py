"""Small DICOM objects for tests: a radiograph with every identifier a real one has."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from inference.dicom.writing import RadiographHeader, dx_object

BERLIN = ZoneInfo("Europe/Berlin")


def ramp(*, rows: int = 32, columns: int = 24, bits: int = 12) -> np.ndarray:
    """Return values that rise from left to right over all the bits."""
    line = np.linspace(0, 2**bits - 1, columns).round().astype(np.uint16)
    return np.tile(line, (rows, 1))


def header(number: int = 1, **over: Any) -> RadiographHeader:
    """Return the header of the only image of study `number`, which tests.factories.study_part names too."""
    facts: dict[str, Any] = {
        "study_uid": f"1.2.826.0.1.{number}",
        "series_uid": f"1.2.826.0.1.{number}.1",
        "sop_instance_uid": f"1.2.826.0.1.{number}.1.1",
        "acquired_at": datetime(2026, 3, 2, 8, 15, tzinfo=BERLIN),
        "patient_id": f"P{number}",
        "patient_name": "Muster^Erika",
        "accession_number": f"A{number}",
        "serial_number": "SN-4711",
        "manufacturer": "Auerbach Imaging",
        "model": "DuraRay 300",
        "view_position": "PA",
    }
    return RadiographHeader(**facts | over)


def radiograph(number: int = 1, *, pixels: np.ndarray | None = None, **over: Any) -> bytes:
    return dx_object(ramp() if pixels is None else pixels, header=header(number, **over))
