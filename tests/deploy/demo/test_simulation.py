"""Studies as DICOM objects and scores: what the device sees is what is stored, unless it ignores MONOCHROME1."""

import io
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from deploy.demo.identifiers import uid_of
from deploy.demo.planning import plan_network
from deploy.demo.simulation import Job, WeightsFile, dicom_of, pixels_of, simulate
from inference.dicom.headers import read_header
from inference.dicom.pixels import read_network_input, read_pixels
from inference.networks.chest import build_chest_network
from inference.networks.prediction import predict
from inference.networks.preprocessing import preprocess
from inference.networks.registry import CHEST_CNN
from inference.networks.weights import load_network, save_network

SEED = 22


@pytest.fixture(scope="module")
def studies():
    plan = plan_network(last_day=date(2026, 11, 23), seed=SEED, size=0.05)
    upright = next(each for each in plan.studies if not each.exposure.monochrome1 and each.is_usable)
    inverted = next(each for each in plan.studies if each.device_inverts and each.is_usable)
    return upright, inverted, replace(upright, is_usable=False)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    return WeightsFile(path=path, sha256=save_network(build_chest_network(), path, architecture=CHEST_CNN))


def made(studies, weights):
    return simulate(Job(seed=SEED, studies=tuple(studies), first=weights, later=weights))


def test_the_header_says_what_the_plan_says(studies):
    upright, inverted, _ = studies
    header = read_header(io.BytesIO(dicom_of(upright, seed=SEED)))

    assert header.study_uid == uid_of("study", upright.number, seed=SEED)
    assert header.acquired_at == upright.acquired_at
    assert header.scanner.serial_number == upright.scanner.serial_number
    assert header.acquisition["view_position"] == upright.view_position
    other = read_header(io.BytesIO(dicom_of(inverted, seed=SEED)))
    assert other.acquisition["photometric_interpretation"] == "MONOCHROME1"


def test_the_stored_pixels_are_the_simulated_ones_shown_upright(studies):
    for study in studies[:2]:
        highest = 2**study.exposure.bits_stored - 1
        stored = pixels_of(study, seed=SEED) / highest
        expected = 1 - stored if study.exposure.monochrome1 else stored
        shown = read_pixels(io.BytesIO(dicom_of(study, seed=SEED))).values
        assert np.allclose(shown, expected, atol=1e-6)


def test_scoring_the_stored_object_again_gives_the_logged_score(studies, weights):
    (simulated, *_) = made(studies, weights)
    network = load_network(weights.path, weights.sha256)
    again = predict(network, preprocess(read_network_input(io.BytesIO(simulated.dicom)))[None])

    assert again[0] == pytest.approx(simulated.answer.score, abs=1e-5)


def test_a_device_that_ignores_monochrome1_scores_the_complement(studies, weights):
    inverted = made(studies, weights)[1]
    network = load_network(weights.path, weights.sha256)
    upright = read_network_input(io.BytesIO(inverted.dicom))
    as_it_lies = predict(network, preprocess(1 - upright)[None])[0]

    assert inverted.answer.score == pytest.approx(as_it_lies, abs=1e-5)


def test_an_unusable_input_has_an_object_and_no_score(studies, weights):
    unusable = made(studies, weights)[2]

    assert unusable.answer.score is None and unusable.answer.box is None
    assert read_header(io.BytesIO(unusable.dicom)).modality == "DX"


def test_the_same_seed_gives_the_same_bytes(studies):
    assert dicom_of(studies[0], seed=SEED) == dicom_of(studies[0], seed=SEED)
    assert dicom_of(studies[0], seed=SEED) != dicom_of(studies[0], seed=SEED + 1)
