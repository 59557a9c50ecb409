"""Pixels of a DICOM object: as a person sees them, and as a network takes them.

Values are float32 in [0, 1]. Overlays are not drawn, and what is burned into
the pixels stays there.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from inference.dicom.decoding import Frame, stored_frame
from inference.dicom.files import Source, read_dataset, source_name
from inference.dicom.orientation import Turn, turn_of
from inference.dicom.windowing import displayed, is_inverted

LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as DICOM's YBR uses it
EXACT_BITS = 24  # whole numbers that single precision holds

Values = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """One frame: (rows, columns) or (rows, columns, 3) of [0, 1], how it was turned, and how many frames there are."""

    values: Values
    frames: int = 1
    turn: Turn = Turn()  # noqa: RUF009 - frozen


def read_pixels(source: Source, *, frame: int = 1) -> Pixels:
    """Return one frame as it is to be shown: window applied, MONOCHROME1 inverted, colours as RGB, upright.

    Raises:
        UnreadableFileError: no such frame, no pixels, or they cannot be decoded.
    """
    name = source_name(source)
    return pixels_of(read_dataset(source, with_pixels=True), frame=frame, name=name)


def pixels_of(dataset: Dataset, *, frame: int, name: str) -> Pixels:
    """Return one frame of a dataset already in memory; as `read_pixels`."""
    found = stored_frame(dataset, frame=frame, name=name)
    turn = turn_of(dataset)
    if found.is_colour:
        return Pixels(values=turn.apply(_share_of_bits(found)), frames=found.frames, turn=turn)
    shown = displayed(dataset, found, number=frame, name=name).astype(np.float32)
    return Pixels(values=turn.apply(shown), frames=found.frames, turn=turn)


def read_network_input(source: Source, *, frame: int = 1) -> Values:
    """Return one frame as a network takes it: grey, as a share of the stored bits, bright where MONOCHROME2 is.

    Neither window nor turn is applied: a product sees what the detector stored.

    Raises:
        UnreadableFileError: as `read_pixels`.
    """
    name = source_name(source)
    return network_input_of(read_dataset(source, with_pixels=True), frame=frame, name=name)


def network_input_of(dataset: Dataset, *, frame: int, name: str) -> Values:
    """Return one frame of a dataset already in memory; as `read_network_input`."""
    found = stored_frame(dataset, frame=frame, name=name)
    shares = _share_of_bits(found)
    grey = (shares @ LUMINANCE).astype(np.float32) if found.is_colour else shares
    return 1 - grey if is_inverted(dataset) else grey


def _share_of_bits(frame: Frame) -> Values:
    if frame.bits > EXACT_BITS:
        values = frame.values.astype(np.float64) - frame.lowest
        return np.clip(values / (frame.highest - frame.lowest or 1), 0, 1).astype(np.float32)
    # In single precision and in place: it halves the time of a large radiograph.
    shares: Values = frame.values.astype(np.float32)
    np.subtract(shares, np.float32(frame.lowest), out=shares)
    np.divide(shares, np.float32(frame.highest - frame.lowest or 1), out=shares)
    return np.clip(shares, 0, 1, out=shares)
