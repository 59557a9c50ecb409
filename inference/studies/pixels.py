"""The pixel store: DICOM objects in, de-identified; pixels out. Studies are named by the pseudonyms intake uses.

The store describes nothing: what is said of a study comes in as facts. The
file is on disk before its row, so a row always has its file; a crash between
the two leaves a file that nobody names, and a daily sweep removes it.
"""

import io
from pathlib import Path

from django.conf import settings

from inference.dicom.pixels import Pixels, Values, read_network_input, read_pixels
from inference.dicom.png import png_of
from inference.studies.errors import PixelsChangedError, PixelsMissingError
from inference.studies.image_storing import store_dicom, store_objects
from inference.studies.models import StoredImage
from inference.studies.pixel_files import digest_of

__all__ = ["image_png", "read_bytes", "read_for_network", "read_image", "store_dicom", "store_objects"]


def read_bytes(image: StoredImage) -> bytes:
    """Return the stored file.

    Raises:
        PixelsMissingError: it is gone.
        PixelsChangedError: it is not the one that was stored.
    """
    try:
        data = (Path(settings.RADVIGIL_PIXELS) / image.path).read_bytes()
    except FileNotFoundError as error:
        raise PixelsMissingError(image.instance) from error
    if digest_of(data) != image.sha256:
        raise PixelsChangedError(image.instance)
    return data


def read_image(image: StoredImage, frame: int = 1) -> Pixels:
    """Return one frame as a person sees it; raises as `read_bytes` and `read_pixels`."""
    return read_pixels(io.BytesIO(read_bytes(image)), frame=frame)


def read_for_network(image: StoredImage, frame: int = 1) -> Values:
    """Return one frame as a network takes it; raises as `read_bytes` and `read_network_input`."""
    return read_network_input(io.BytesIO(read_bytes(image)), frame=frame)


def image_png(image: StoredImage, *, frame: int = 1, width: int | None = None) -> bytes:
    """Return one frame as a PNG picture, at most `width` columns wide."""
    return png_of(read_image(image, frame), width=width)
