"""Weights are known by their hash and read without running anything in them."""

import pickle

import numpy as np
import pytest
import torch

from inference.networks.errors import UnknownNetworkError, WeightsFileError, WeightsHashError
from inference.networks.prediction import predict
from inference.networks.registry import CHEST_CNN, build
from inference.networks.weights import file_sha256, load_network, save_network


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(1)
    network = build(CHEST_CNN).eval()
    path = tmp_path / "chest.safetensors"
    return network, path, save_network(network, path, architecture=CHEST_CNN)


def images(count=3):
    return np.random.default_rng(1).normal(size=(count, 1, 64, 64)).astype(np.float32)


def test_a_loaded_network_scores_as_the_saved_one(saved):
    network, path, sha256 = saved
    assert predict(load_network(path, sha256), images()) == pytest.approx(predict(network, images()), abs=1e-9)


def test_one_changed_byte_is_refused_and_nothing_is_loaded(saved):
    _, path, sha256 = saved
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsHashError, match=sha256):
        load_network(path, sha256)


def test_a_file_that_would_run_something_is_refused(tmp_path):
    class Attack:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    path = tmp_path / "chest.pt"
    path.write_bytes(pickle.dumps({"architecture": CHEST_CNN, "state": Attack()}))
    with pytest.raises(WeightsFileError):
        load_network(path, file_sha256(path))
    assert not (tmp_path / "ran").exists()


def test_a_torch_file_of_plain_tensors_is_read(tmp_path, saved):
    network, _, _ = saved
    path = tmp_path / "chest.pt"
    torch.save({"architecture": CHEST_CNN, "state": network.state_dict()}, path)
    loaded = load_network(path, file_sha256(path))
    assert predict(loaded, images()) == pytest.approx(predict(network, images()), abs=1e-9)


def test_an_architecture_that_cannot_be_built_here_is_named(saved, tmp_path):
    network, _, _ = saved
    path = tmp_path / "other.safetensors"
    sha256 = save_network(network, path, architecture="other-net")
    with pytest.raises(UnknownNetworkError, match="other-net"):
        load_network(path, sha256)


def test_tensors_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "small.safetensors"
    sha256 = save_network(torch.nn.Linear(2, 1), path, architecture=CHEST_CNN)
    with pytest.raises(WeightsFileError, match="do not fit"):
        load_network(path, sha256)
