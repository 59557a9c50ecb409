"""The stored values of one frame: whatever its transfer syntax, bit layout, sign, colour space or palette."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, pixel_array

from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import DAMAGED
from inference.dicom.values import number_of, text_of

LARGEST_FRAME_SAMPLES = 400_000_000  # a frame beyond this is a damaged header, or meant to exhaust memory

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame as stored: (rows, columns) of grey values or (rows, columns, 3) of colour.

    `bits` is how many bits a value uses, `lowest` the lowest value these bits can hold.
    """

    values: Array
    bits: int
    lowest: int
    frames: int

    @property
    def is_colour(self) -> bool:
        return self.values.ndim == 3

    @property
    def highest(self) -> int:
        return int(self.lowest + 2**self.bits - 1)


def stored_frame(dataset: Dataset, *, frame: int, name: str) -> Frame:
    """Return one frame, counted from 1.

    Raises:
        UnreadableFileError: there are no pixels, not this frame, no decoder, or the data are damaged.
    """
    frames = _check(dataset, frame=frame, name=name)
    if "PixelData" not in dataset:
        return _parametric(dataset, frames=frames, frame=frame, name=name)
    values = _decode(dataset, index=frame - 1, name=name)
    if text_of(dataset, "PhotometricInterpretation") == "PALETTE COLOR":
        return _coloured(dataset, values, frames=frames, name=name)
    bits = int(number_of(dataset, "BitsStored") or 0) or values.dtype.itemsize * 8
    values, bits = _without_low_bits(dataset, values, bits=bits)
    signed = number_of(dataset, "PixelRepresentation") == 1
    return Frame(values=values, bits=bits, lowest=-(2 ** (bits - 1)) if signed else 0, frames=frames)


def _check(dataset: Dataset, *, frame: int, name: str) -> int:
    kinds = [keyword for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if keyword in dataset]
    if not kinds:
        raise UnreadableFileError(name, "it holds no pixels")
    rows, columns = number_of(dataset, "Rows"), number_of(dataset, "Columns")
    if not rows or not columns:
        raise UnreadableFileError(name, "its header does not say how many rows and columns there are")
    if rows * columns * (number_of(dataset, "SamplesPerPixel") or 1) > LARGEST_FRAME_SAMPLES:
        raise UnreadableFileError(name, f"a frame of {int(columns)} × {int(rows)} is larger than can be shown")
    frames = int(number_of(dataset, "NumberOfFrames") or 1) or 1
    if not 1 <= frame <= frames:
        raise UnreadableFileError(name, f"there is no frame {frame}, only {frames}")
    return frames


def _decode(dataset: Dataset, *, index: int, name: str) -> Array:
    """Return the frame with colours as RGB and bits above the stored ones cleared."""
    widened = _with_high_bits(dataset)
    try:
        values = pixel_array(widened, index=index)
    except DAMAGED as error:
        raise UnreadableFileError(name, _reason(error)) from error
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] != 3):
        raise UnreadableFileError(name, f"pixels of shape {values.shape} are no image")
    return values


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, (RuntimeError, NotImplementedError)) and "plugin" in text:
        return "its pixels are compressed in a way this installation cannot decode"
    return f"its pixels cannot be decoded ({text[:160] or type(error).__name__})"


def _with_high_bits(dataset: Dataset) -> Dataset:
    """Return the dataset, its stored bits counted from bit 0 where they lie higher."""
    high, stored = number_of(dataset, "HighBit"), number_of(dataset, "BitsStored")
    if high is None or stored is None or high <= stored - 1:
        return dataset
    widened = Dataset()
    widened.update(dataset)
    widened.file_meta = dataset.file_meta
    widened.add_new("BitsStored", "US", int(high) + 1)  # a new element: assigning would change the shared one
    return widened


def _without_low_bits(dataset: Dataset, values: Array, *, bits: int) -> tuple[Array, int]:
    high = number_of(dataset, "HighBit")
    if high is not None and high > bits - 1:
        values = values >> (int(high) - bits + 1)
    return values, bits


def _coloured(dataset: Dataset, values: Array, *, frames: int, name: str) -> Frame:
    try:
        colours = apply_color_lut(values, dataset)[..., :3]
    except DAMAGED as error:
        raise UnreadableFileError(name, f"its palette is damaged ({type(error).__name__})") from error
    return Frame(values=colours, bits=colours.dtype.itemsize * 8, lowest=0, frames=frames)


def _parametric(dataset: Dataset, *, frames: int, frame: int, name: str) -> Frame:
    """Return the frame of a float map, spread over sixteen bits between its ends."""
    try:
        values = np.nan_to_num(np.asarray(pixel_array(dataset, index=frame - 1), dtype=np.float64))
    except DAMAGED as error:
        raise UnreadableFileError(name, _reason(error)) from error
    low, high = float(values.min()), float(values.max())
    spread = (values - low) / (high - low or 1.0) * 65535
    return Frame(values=spread.round().astype(np.uint16), bits=16, lowest=0, frames=frames)
