"""Pixels as a PNG picture for the page, eight bits a channel."""

import io

import numpy as np
from PIL import Image

from inference.dicom.pixels import Pixels


def png_of(pixels: Pixels, *, width: int | None = None) -> bytes:
    """Return the picture, made smaller to `width` columns where it is wider."""
    picture = Image.fromarray(np.round(pixels.values * 255).astype(np.uint8))
    if width is not None and width < picture.width:
        height = max(1, round(picture.height * width / picture.width))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=4)
    return stream.getvalue()
