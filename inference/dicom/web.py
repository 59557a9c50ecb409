"""DICOM JSON and multipart answers of DICOMweb (PS3.18) as datasets and files.

An element that cannot be read is left out, as everywhere in this package:
one bad value must not lose a study.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset

from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import DAMAGED

BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
MAIN_TYPE = re.compile(rb"^content-type:\s*application/dicom", re.IGNORECASE | re.MULTILINE)


def dataset_of_json(attributes: Any) -> Dataset:
    """Return the dataset of one object of DICOM JSON; bulk data stays where it is."""
    dataset = Dataset()
    if not isinstance(attributes, Mapping):
        return dataset
    for tag, element in attributes.items():
        try:
            dataset.update(Dataset.from_json({tag: element}, bulk_data_uri_handler=lambda *_: None))
        except DAMAGED:
            continue
    return dataset


def files_in_multipart(body: bytes, *, content_type: str) -> Iterator[bytes]:
    """Yield the DICOM files of a `multipart/related` answer, or of a plain one.

    Raises:
        UnreadableFileError: it is neither, or was cut short.
    """
    if content_type.lower().startswith("application/dicom"):
        yield body
        return
    match = BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/related") or match is None:
        raise UnreadableFileError("answer", "it is no multipart of DICOM files")
    delimiter = b"--" + match[1].strip().encode()
    if delimiter + b"--" not in body:
        raise UnreadableFileError("answer", "it was cut short")
    for part in (b"\r\n" + body).split(b"\r\n" + delimiter)[1:-1]:
        head, found, content = part.partition(b"\r\n\r\n")
        if found and MAIN_TYPE.search(head.strip()):
            yield content
