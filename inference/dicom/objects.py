"""One DICOM image object, read once: its header, the proof that its pixels decode, and its de-identified file."""

import io
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from inference.dicom.deidentify import NewNames, deidentify, may_show_text
from inference.dicom.errors import UnreadableFileError
from inference.dicom.files import read_dataset
from inference.dicom.headers import StudyHeader, header_of
from inference.dicom.orientation import Turn
from inference.dicom.pixels import pixels_of
from inference.dicom.values import number_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageObject:
    """An object whose first frame can be shown."""

    name: str
    header: StudyHeader
    rows: int
    columns: int
    view_position: str
    turn: Turn
    may_show_text: bool
    dataset: Dataset = field(repr=False)

    def deidentified(self, names: NewNames) -> bytes:
        """Return the file that may be kept."""
        return deidentify(self.dataset, names=names, name=self.name)


def read_image_object(data: bytes, *, name: str) -> ImageObject:
    """Return the object in these bytes; `name` is for messages.

    Raises:
        UnreadableFileError: it is no DICOM, names no study, series or instance, or has no pixels that decode.
    """
    stream = io.BytesIO(data)
    stream.name = name  # type: ignore[attr-defined]
    dataset = read_dataset(stream, with_pixels=True)
    header = header_of(dataset, name=name)
    if not header.series_uid:
        raise UnreadableFileError(name, "it has no series UID")
    pixels = pixels_of(dataset, frame=1, name=name)
    return ImageObject(
        name=name,
        header=header,
        rows=int(number_of(dataset, "Rows") or 0),
        columns=int(number_of(dataset, "Columns") or 0),
        view_position=text_of(dataset, "ViewPosition")[:16],
        turn=pixels.turn,
        may_show_text=may_show_text(dataset),
        dataset=dataset,
    )
