"""How a projection radiograph is turned so that the patient stands upright and faces the reader.

PatientOrientation says where rows and columns go (PS3.3 C.7.6.1.1.1): in an
upright chest the columns go to the feet and, in a frontal view, the rows to
the patient's left. Other modalities, and mammograms, are shown as stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from inference.dicom.values import text_of

PROJECTIONS = frozenset({"CR", "DX", "RG"})
OPPOSITE: Mapping[str, str] = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Rows and columns exchanged first, then mirrored left to right, then top to bottom."""

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False

    @property
    def code(self) -> str:
        """A letter for each part: `t`, `m`, `f`."""
        return "t" * self.transposed + "m" * self.mirrored + "f" * self.flipped

    @classmethod
    def of_code(cls, code: str) -> Self:
        return cls(transposed="t" in code, mirrored="m" in code, flipped="f" in code)

    def apply(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        turned = values.swapaxes(0, 1) if self.transposed else values
        turned = turned[:, ::-1] if self.mirrored else turned
        return np.ascontiguousarray(turned[::-1] if self.flipped else turned)

    def box(
        self, *, x: float, y: float, width: float, height: float, columns: int, rows: int
    ) -> tuple[float, float, float, float]:
        """Return where a box of the stored image (of `columns` × `rows`) lies in the turned one."""
        if self.transposed:
            x, y, width, height, columns, rows = y, x, height, width, rows, columns
        left = columns - x - width if self.mirrored else x
        top = rows - y - height if self.flipped else y
        return left, top, width, height


def turn_of(dataset: Dataset) -> Turn:
    """Return the turn that makes this object upright; none where it does not say or is not a radiograph."""
    if text_of(dataset, "Modality").upper() not in PROJECTIONS:
        return Turn()
    parts = text_of(dataset, "PatientOrientation").upper().split("\\")
    if len(parts) != 2 or not all(part[:1] in OPPOSITE for part in parts):
        return Turn()
    along_row, along_column = parts[0][0], parts[1][0]
    transposed = along_row in "HF" and along_column not in "HF"
    if transposed:
        along_row, along_column = along_column, along_row
    if along_column not in "HF":
        return Turn()
    return Turn(transposed=transposed, mirrored=along_row == "R", flipped=along_column == "H")
