"""Opening a DICOM object, and saying in words why one cannot be opened."""

import io
import struct
from pathlib import Path
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from inference.dicom.errors import UnreadableFileError

__all__ = ["DAMAGED", "Dataset", "Source", "read_dataset", "source_name"]

Source = Path | str | BinaryIO

# What pydicom raises on damaged bytes, beside its own errors.
DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    RecursionError,
    BytesLengthException,
    struct.error,
)


def source_name(source: Source) -> str:
    """Return the last part of the file's name, or `stream` for an open one without a name."""
    name = source if isinstance(source, (str, Path)) else getattr(source, "name", "")
    return Path(str(name)).name or "stream"


def read_dataset(source: Source, *, with_pixels: bool) -> FileDataset:
    """Return the dataset.

    Raises:
        UnreadableFileError: not a DICOM file, cut short, or no file at all.
    """
    name = source_name(source)
    try:
        dataset = dcmread(_rewound(source), stop_before_pixels=not with_pixels)
    except FileNotFoundError as error:
        raise UnreadableFileError(name, "there is no such file") from error
    except InvalidDicomError as error:
        raise UnreadableFileError(name, "it is not a DICOM file (no DICM prefix)") from error
    except DAMAGED as error:
        raise UnreadableFileError(name, f"its data elements are damaged ({type(error).__name__})") from error
    if not len(dataset):
        raise UnreadableFileError(name, "it holds no data elements")
    return dataset


def _rewound(source: Source) -> Source:
    if not isinstance(source, (str, Path)) and source.seekable():
        source.seek(0, io.SEEK_SET)
    return source
