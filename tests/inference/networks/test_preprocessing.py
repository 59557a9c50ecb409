"""The same pixels give the same numbers, whatever size they come in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.networks.prediction import predict
from inference.networks.preprocessing import CENTRE, GAIN, INPUT_SIZE, preprocess
from inference.networks.registry import CHEST_CNN, build

sizes = st.tuples(st.integers(3, 200), st.integers(3, 200))


@given(sizes, st.floats(0, 1))
def test_an_even_image_stays_even(shape, value):
    assert preprocess(np.full(shape, value)) == pytest.approx((value - CENTRE) * GAIN, abs=1e-5)


@given(sizes)
def test_the_mean_of_an_image_is_kept(shape):
    pixels = np.random.default_rng(shape).random(shape)
    assert preprocess(pixels).mean() == pytest.approx((pixels.mean() - CENTRE) * GAIN, abs=1e-4)


def test_whole_blocks_are_averaged():
    pixels = np.random.default_rng(2).random((INPUT_SIZE * 2, INPUT_SIZE * 4))
    blocks = pixels.reshape(INPUT_SIZE, 2, INPUT_SIZE, 4).mean(axis=(1, 3))
    assert preprocess(pixels)[0] == pytest.approx((blocks - CENTRE) * GAIN, abs=1e-5)


def test_a_colour_image_is_no_plane():
    with pytest.raises(ValueError, match="one plane"):
        preprocess(np.zeros((8, 8, 3)))


def test_a_score_does_not_depend_on_its_neighbours_in_the_batch():
    network = build(CHEST_CNN).eval()
    images = np.random.default_rng(3).normal(size=(5, 1, INPUT_SIZE, INPUT_SIZE)).astype(np.float32)
    alone = np.concatenate([predict(network, image[None]) for image in images])
    assert predict(network, images) == pytest.approx(alone, abs=1e-6)


def test_no_image_gives_no_score():
    assert predict(build(CHEST_CNN), np.empty((0, 1, INPUT_SIZE, INPUT_SIZE), dtype=np.float32)).size == 0
