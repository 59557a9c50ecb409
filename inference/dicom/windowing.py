"""From stored grey values to what is displayed: modality transform, window or look-up table, inversion.

PS3.3 C.11.1 (modality), C.11.2 (VOI, all three functions) and C.7.6.3.1.2
(MONOCHROME1). Classic and enhanced objects are read alike.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut

from inference.dicom.decoding import Frame
from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import DAMAGED
from inference.dicom.values import items_of, number_of, numbers_of, text_of, value_of

Plane = npt.NDArray[np.float64]
GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")


def displayed(dataset: Dataset, frame: Frame, *, number: int, name: str) -> Plane:
    """Return grey values in [0, 1], 1 brightest, as the object asks to be shown.

    An object that asks for no window is spread over its stored bits when it is
    meant for presentation, else between its lowest and highest value.
    """
    try:
        values = _modality(dataset, frame.values, number=number)
        shown = _windowed(dataset, values, frame=frame, number=number)
    except DAMAGED as error:
        raise UnreadableFileError(name, f"its window cannot be applied ({type(error).__name__})") from error
    if is_inverted(dataset):
        shown = 1.0 - shown
    padding = _padding(dataset, frame.values)
    return shown if padding is None else np.where(padding, 0.0, shown)


def is_inverted(dataset: Dataset) -> bool:
    return text_of(dataset, "PhotometricInterpretation") == "MONOCHROME1"


def _padding(dataset: Dataset, stored: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    value = number_of(dataset, "PixelPaddingValue")
    if value is None:
        return None
    limit = number_of(dataset, "PixelPaddingRangeLimit")
    other = value if limit is None else limit
    found = (stored >= min(value, other)) & (stored <= max(value, other))
    return found if found.any() and not found.all() else None


def _groups(dataset: Dataset, *, group: str, number: int) -> Iterator[Dataset]:
    """Yield the frame's own functional group, then the shared one, of an enhanced object."""
    for keyword in GROUPS:
        items = items_of(dataset, keyword)
        position = number - 1 if keyword == GROUPS[0] else 0
        if position < len(items):
            yield from items_of(items[position], group)[:1]


def _modality(dataset: Dataset, stored: npt.NDArray[Any], *, number: int) -> Plane:
    for item in _groups(dataset, group="PixelValueTransformationSequence", number=number):
        slope, intercept = number_of(item, "RescaleSlope"), number_of(item, "RescaleIntercept")
        return np.asarray(stored, dtype=np.float64) * (1.0 if slope is None else slope) + (intercept or 0.0)
    return np.asarray(apply_modality_lut(stored, dataset), dtype=np.float64)


def _windowed(dataset: Dataset, values: Plane, *, frame: Frame, number: int) -> Plane:
    tables = items_of(dataset, "VOILUTSequence")
    if tables and value_of(tables[0], "LUTData") is not None:
        return _looked_up(values, tables[0])
    for holder in (*_groups(dataset, group="FrameVOILUTSequence", number=number), dataset):
        centres, widths = numbers_of(holder, "WindowCenter"), numbers_of(holder, "WindowWidth")
        if centres and widths and widths[0] > 0:
            function = text_of(holder, "VOILUTFunction") or "LINEAR"
            return window(values, centre=centres[0], width=widths[0], function=function)
    return _spread(dataset, values, frame=frame)


def window(values: Plane, *, centre: float, width: float, function: str = "LINEAR") -> Plane:
    """Return the values through a window: `LINEAR`, `LINEAR_EXACT` or `SIGMOID` (PS3.3 C.11.2.1.2, C.11.2.1.3)."""
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0, 1)
    if width <= 1:
        return (values > centre - 0.5).astype(np.float64)
    return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _looked_up(values: Plane, table: Dataset) -> Plane:
    entries, first, bits = (int(part) for part in numbers_of(table, "LUTDescriptor"))
    entries = entries or 65536  # PS3.3 C.11.2.1.1: zero stands for 2^16
    data = np.asarray(_table_data(table, entries=entries), dtype=np.float64)[:entries]
    places = np.clip(np.rint(values) - _signed(first, values), 0, len(data) - 1).astype(np.int64)
    return np.asarray(np.clip(data[places] / (2**bits - 1), 0, 1), dtype=np.float64)


def _table_data(table: Dataset, *, entries: int) -> Any:
    """Return the table's entries: two bytes each, or one where there are no more bytes than entries."""
    data = table.LUTData
    if isinstance(data, bytes):
        return np.frombuffer(data, dtype="u1" if len(data) < 2 * entries else "<u2")
    return np.atleast_1d(np.asarray(data))


def _signed(first: int, values: Plane) -> int:
    """The first mapped value is read as unsigned by some writers although the pixels are signed."""
    return first - 65536 if first > 32767 and values.min() < 0 else first


def _spread(dataset: Dataset, values: Plane, *, frame: Frame) -> Plane:
    low, high = float(frame.lowest), float(frame.highest)
    if text_of(dataset, "PresentationIntentType") != "FOR PRESENTATION" or "RescaleSlope" in dataset:
        padding = _padding(dataset, frame.values)
        kept = values if padding is None else values[~padding]
        low, high = float(kept.min()), float(kept.max())
    return np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros_like(values)
