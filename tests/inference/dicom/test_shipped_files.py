"""Every file that pydicom ships is read or refused with a reason; none of them crashes a reader."""

import io
from pathlib import Path
from uuid import UUID

import pydicom
import pytest

from inference.dicom.deidentify import NewNames
from inference.dicom.errors import UnreadableFileError
from inference.dicom.headers import read_header
from inference.dicom.objects import read_image_object
from inference.dicom.pixels import read_network_input, read_pixels

SHIPPED = Path(pydicom.__file__).parent / "data"
FILES = sorted(
    path
    for path in SHIPPED.rglob("*")
    if path.is_file() and path.suffix not in (".py", ".pyc", ".json", ".md") and "__pycache__" not in path.parts
)
MUST_SHOW = (
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_RLE.dcm",
    "JPEG2000.dcm",
    "JPEG-LL.dcm",
    "SC_rgb_jpeg.dcm",
    "examples_palette.dcm",
    "examples_ybr_color.dcm",
    "examples_jpeg2k.dcm",
    "rtdose.dcm",
    "liver_1frame.dcm",
)


def name_of(path: Path) -> str:
    return str(path.relative_to(SHIPPED))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_it_is_shown_or_refused_with_a_reason(path):
    try:
        pixels = read_pixels(path)
    except UnreadableFileError as problem:
        assert problem.reason
        return
    assert pixels.values.dtype == "float32"
    assert 0 <= pixels.values.min() <= pixels.values.max() <= 1
    assert 0 <= read_network_input(path).min() <= read_network_input(path).max() <= 1


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_its_header_is_read_or_refused_with_a_reason(path):
    try:
        assert read_header(path).study_uid
    except UnreadableFileError as problem:
        assert problem.reason


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_its_de_identified_file_shows_the_same_pixels(path):
    try:
        found = read_image_object(path.read_bytes(), name=path.name)
    except UnreadableFileError:
        return
    data = found.deidentified(names())
    again = read_image_object(data, name="kept")
    assert (again.rows, again.columns, again.header.frames) == (found.rows, found.columns, found.header.frames)
    assert (read_pixels(io.BytesIO(data)).values == read_pixels(path).values).all()


def names() -> NewNames:
    one, two, three, four = (UUID(int=number) for number in range(1, 5))
    return NewNames(patient=one, study=two, series=three, instance=four)


@pytest.mark.parametrize("name", MUST_SHOW)
def test_the_usual_kinds_are_shown(name):
    path = next((each for each in FILES if each.name == name), None)
    if path is None:
        pytest.skip("this file is downloaded by pydicom, not shipped")

    assert read_pixels(path).values.size


def test_a_file_cut_short_anywhere_is_refused_or_shown():
    data = next(path for path in FILES if path.name == "CT_small.dcm").read_bytes()
    for length in range(0, len(data), 997):
        try:
            read_image_object(data[:length], name="cut")
        except UnreadableFileError as problem:
            assert problem.reason
    assert read_pixels(io.BytesIO(data)).frames == 1
