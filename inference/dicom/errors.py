"""Errors that the DICOM package raises on purpose."""

from inference.errors import InferenceError


class DicomError(InferenceError):
    """Base of what can go wrong with a DICOM object."""


class UnreadableFileError(DicomError):
    """A file, or its pixels, cannot be understood; `reason` says why in words for a person."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name} cannot be read: {reason}")
