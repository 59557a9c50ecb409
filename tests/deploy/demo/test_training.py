"""Training: a weak network stops the demo, loudly; a good one is saved under its hash."""

import numpy as np
import pytest

from deploy.demo.training import (
    FROM_SCRATCH,
    Labelled,
    TrainedNetwork,
    WeakNetworkError,
    area,
    draw_chunk,
    is_whole,
    save_checked,
)
from inference.networks.chest import build_chest_network
from inference.networks.fitting import Recipe, fit


def test_an_untrained_network_stops_the_demo(tmp_path):
    with pytest.raises(WeakNetworkError, match=r"the demo needs more than 0\.85"):
        save_checked(build_chest_network().eval(), FROM_SCRATCH, held_out=draw_chunk((1, 2)), folder=tmp_path)


def test_a_network_that_ranks_well_is_saved_under_its_hash_and_noticed_when_it_changes(tmp_path):
    labels = np.arange(256, dtype=np.float32) % 2
    images = np.broadcast_to((2 * labels - 1)[:, None, None, None], (256, 1, 64, 64)).astype(np.float32)
    recipe = Recipe(seed=1, epochs=6)
    network = fit(build_chest_network, images=images, labels=labels, recipe=recipe, progress=lambda *_: None)
    saved = save_checked(network, FROM_SCRATCH, held_out=Labelled(images=images, labels=labels), folder=tmp_path)

    assert saved.path.name == f"{saved.sha256}.safetensors" and saved.auc == 1.0
    assert is_whole(saved) and TrainedNetwork.of_plain(saved.plain()) == saved
    saved.path.write_bytes(saved.path.read_bytes() + b"x")
    assert not is_whole(saved)


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [
        ([0.1, 0.9], [0, 1], 1.0),
        ([0.9, 0.1], [0, 1], 0.0),
        ([0.5, 0.5], [0, 1], 0.5),
        ([1, 2, 2, 3], [0, 1, 0, 1], 0.875),
    ],
)
def test_the_area_counts_pairs_in_order_and_ties_half(scores, labels, expected):
    assert area(np.array(scores, dtype=float), np.array(labels, dtype=np.float32)) == expected


def test_training_images_are_reproducible_and_half_of_them_ill():
    one, again = draw_chunk((5, 1)), draw_chunk((5, 1))

    assert np.array_equal(one.images, again.images)
    assert 0.35 < one.labels.mean() < 0.65
