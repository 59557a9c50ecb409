"""Objects off the network as files: every transfer syntax is accepted, and the bytes are kept as they were sent."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, AllTransferSyntaxes

ALL_TRANSFER_SYNTAXES = [str(each) for each in AllTransferSyntaxes]
IMPLEMENTATION = "2.25.302043790172249692526321623266752743501"


def part10_bytes(event: Any) -> bytes:
    """Return a C-STORE request's dataset behind a file meta group; the dataset itself is not decoded.

    Raises:
        ValueError, AttributeError: the request names no SOP class, instance or transfer syntax.
    """
    request, context = event.request, event.context
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = request.AffectedSOPClassUID
    meta.MediaStorageSOPInstanceUID = request.AffectedSOPInstanceUID
    meta.TransferSyntaxUID = context.transfer_syntax
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    stream = DicomBytesIO()
    stream.write(b"\x00" * 128 + b"DICM")
    write_file_meta_info(stream, meta, enforce_standard=True)
    stream.write(request.DataSet.getvalue())
    return stream.getvalue()
