"""Stored values become what is shown: windows, tables, inversion, signs, bit places and palettes after PS3.3."""

import io

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from inference.dicom.errors import UnreadableFileError
from inference.dicom.pixels import network_input_of, pixels_of, read_network_input, read_pixels
from inference.dicom.windowing import window
from tests.inference.dicom.objects import radiograph, ramp


def dataset(pixels: np.ndarray | None = None, **elements) -> Dataset:
    found = dcmread(io.BytesIO(radiograph(1, pixels=pixels)))
    for keyword, value in elements.items():
        setattr(found, keyword, value)
    return found


def shown(found: Dataset, frame: int = 1) -> np.ndarray:
    return pixels_of(found, frame=frame, name="test").values


def line(*values: int) -> np.ndarray:
    return np.array([values], dtype=np.uint16)


def test_without_a_window_the_stored_bits_are_the_range():
    assert np.allclose(shown(dataset()), ramp() / 4095, atol=1e-6)


def test_monochrome1_is_inverted_for_eyes_and_network():
    data = io.BytesIO(radiograph(1, photometric="MONOCHROME1"))

    assert np.allclose(read_pixels(data).values, 1 - ramp() / 4095, atol=1e-6)
    assert np.allclose(read_network_input(data), 1 - ramp() / 4095, atol=1e-6)


def test_a_linear_window_follows_the_standards_formula():
    # PS3.3 C.11.2.1.2.1 with c=2048, w=4096: x <= 0 is black, x > 4095 is white.
    values = np.array([0.0, 2047.5, 4095.0])

    assert window(values, centre=2048, width=4096) == pytest.approx([0, 0.5, 1])


def test_a_linear_exact_window_has_no_half_steps():
    values = np.array([0.0, 50.0, 100.0])

    assert window(values, centre=50, width=100, function="LINEAR_EXACT") == pytest.approx([0, 0.5, 1])


def test_a_sigmoid_window_is_half_at_its_centre():
    values = np.array([50.0, 75.0, 1e6])

    found = window(values, centre=50, width=100, function="SIGMOID")

    assert found == pytest.approx([0.5, 1 / (1 + np.exp(-1)), 1.0])


def test_a_window_of_width_one_is_a_step():
    assert list(window(np.array([9.0, 10.0]), centre=10, width=1)) == [0, 1]


def test_the_first_of_several_windows_is_shown():
    found = dataset(WindowCenter=["1024", "100"], WindowWidth=["2048", "10"])

    assert shown(found)[0, 0] == 0
    assert np.allclose(shown(found)[0, ramp()[0] > 2048], 1)


def test_the_window_applies_to_rescaled_values():
    found = dataset(
        line(0, 1000, 2000), RescaleSlope="1", RescaleIntercept="-1000", WindowCenter="0", WindowWidth="2001"
    )

    assert shown(found)[0] == pytest.approx([0.0, 0.5, 1.0], abs=1e-3)


def test_the_network_sees_stored_bits_whatever_the_window():
    found = dataset(WindowCenter="10", WindowWidth="20")

    assert np.allclose(network_input_of(found, frame=1, name="test"), ramp() / 4095, atol=1e-6)


def test_a_voi_table_is_looked_up():
    table = Dataset()
    table.LUTDescriptor = [3, 10, 8]
    table.add_new("LUTData", "OW", bytes([0, 0, 128, 0, 255, 0]))
    found = dataset(line(0, 10, 11, 12, 4095), VOILUTSequence=Sequence([table]))

    assert shown(found)[0] == pytest.approx([0, 0, 128 / 255, 1, 1])


def test_padding_is_black_and_does_not_set_the_range():
    found = dataset(line(0, 100, 200, 4000), PixelPaddingValue=4000, PresentationIntentType="FOR PROCESSING")

    assert shown(found)[0] == pytest.approx([0, 0.5, 1, 0])


def test_signed_values_are_read_with_their_sign():
    stored = np.array([[-100, 0, 100]], dtype=np.int16)
    found = dataset(
        line(0, 0, 0), PixelRepresentation=1, BitsStored=16, HighBit=15, WindowCenter="0.5", WindowWidth="201"
    )
    found.PixelData = stored.tobytes()

    assert shown(found)[0] == pytest.approx([0.0, 0.5, 1.0])


def test_bits_beyond_the_stored_ones_are_ignored():
    """Old objects kept an overlay in the unused bits."""
    found = dataset(line(0, 0))
    found.PixelData = np.array([[0xF000 | 4095, 0x8000]], dtype="<u2").tobytes()

    assert shown(found)[0] == pytest.approx([1.0, 0.0])


def test_stored_bits_may_lie_above_bit_zero():
    found = dataset(line(0, 0), BitsStored=8, HighBit=15)
    found.PixelData = np.array([[0xFF00, 0x00FF]], dtype="<u2").tobytes()

    assert shown(found)[0] == pytest.approx([1.0, 0.0])


def test_each_frame_is_its_own_image():
    found = dataset(NumberOfFrames=2)
    found.PixelData = ramp().tobytes() + np.zeros_like(ramp()).tobytes()

    assert shown(found, 1).max() == 1
    assert shown(found, 2).max() == 0
    with pytest.raises(UnreadableFileError, match="no frame 3, only 2"):
        shown(found, 3)


def test_an_enhanced_object_has_a_window_for_each_frame():
    frames = []
    for centre in ("1", "4000"):
        voi, groups = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = centre, "2"
        groups.FrameVOILUTSequence = Sequence([voi])
        frames.append(groups)
    found = dataset(line(5, 5), NumberOfFrames=2, PerFrameFunctionalGroupsSequence=Sequence(frames))
    found.PixelData = line(5, 5).tobytes() * 2

    assert (shown(found, 1)[0, 0], shown(found, 2)[0, 0]) == (1, 0)


def test_colours_stay_colours():
    found = dataset(line(0, 0), SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    found.BitsAllocated, found.BitsStored, found.HighBit = 8, 8, 7
    found.PixelData = bytes([255, 0, 0, 0, 255, 0])

    assert shown(found)[0].tolist() == [[1, 0, 0], [0, 1, 0]]
    assert network_input_of(found, frame=1, name="test")[0] == pytest.approx([0.299, 0.587])


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"PixelData": b"\x00"}, "cannot be decoded"),
        ({"Rows": 60000, "Columns": 60000}, "larger than can be shown"),
        ({"PhotometricInterpretation": ""}, "cannot be decoded"),
        ({"BitsAllocated": 12}, "cannot be decoded"),
    ],
)
def test_a_broken_object_says_what_is_broken(elements, reason):
    with pytest.raises(UnreadableFileError, match=reason):
        shown(dataset(**elements))


def test_an_object_without_pixels_says_so():
    found = dataset()
    del found.PixelData

    with pytest.raises(UnreadableFileError, match="no pixels"):
        shown(found)


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (["L", "F"], [[1, 2], [3, 4]]),
        (["R", "F"], [[2, 1], [4, 3]]),
        (["L", "H"], [[3, 4], [1, 2]]),
        (["R", "H"], [[4, 3], [2, 1]]),
        (["F", "L"], [[1, 3], [2, 4]]),
        (["H", "L"], [[2, 4], [1, 3]]),
        (["A", "F"], [[1, 2], [3, 4]]),
        (["", ""], [[1, 2], [3, 4]]),
    ],
)
def test_a_radiograph_stands_upright(orientation, turned):
    found = dataset(np.array([[1, 2], [3, 4]], dtype=np.uint16), PatientOrientation=orientation)

    assert np.rint(shown(found) * 4095).astype(int).tolist() == turned


def test_a_mammogram_is_shown_as_stored():
    found = dataset(line(0, 4095), Modality="MG", PatientOrientation=["R", "F"])

    assert shown(found)[0].tolist() == [0, 1]


def test_a_mark_turns_with_its_image():
    found = dataset(np.arange(6, dtype=np.uint16).reshape(2, 3), PatientOrientation=["H", "L"])
    pixels = pixels_of(found, frame=1, name="test")

    x, y, width, height = pixels.turn.box(x=2, y=0, width=1, height=1, columns=3, rows=2)

    assert (width, height) == (1, 1)
    assert round(float(pixels.values[int(y), int(x)]) * 4095) == 2
