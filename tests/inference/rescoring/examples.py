"""Logged inferences with stored pixels, whose scores a small network with fixed random weights gave."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from django.conf import settings

from inference.networks.chest import build_chest_network
from inference.networks.prediction import predict
from inference.networks.preprocessing import preprocess
from inference.networks.registry import CHEST_CNN
from inference.networks.weights import save_network
from inference.registry.models import Deployment, Site
from inference.rescoring.actions import TOLERANCE, start_run
from inference.rescoring.models import RescoreRun
from inference.studies.pixels import store_dicom
from tests.factories import NETWORK, NOON, WEIGHTS, inference_row, make_network, send
from tests.inference.dicom.objects import radiograph

SEED = 7


def save_small_network(folder: Path) -> str:
    """Write a network of fixed random weights under its hash, and return the hash."""
    torch.manual_seed(SEED)
    folder.mkdir(parents=True, exist_ok=True)
    unnamed = folder / "unnamed.safetensors"
    digest = save_network(build_chest_network().eval(), unnamed, architecture=CHEST_CNN)
    unnamed.rename(folder / f"{digest}.safetensors")
    return digest


def noise(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 4096, (64, 64)).astype(np.uint16)


def scores_of(folder: Path, digest: str, numbers: list[int]) -> list[float]:
    """Return what the product would have logged for these images."""
    from inference.networks.weights import load_network

    network = load_network(folder / f"{digest}.safetensors", digest)
    batch = np.stack([preprocess(noise(number).astype(np.float32) / 4095) for number in numbers])
    return [float(score) for score in predict(network, batch)]


def log_images(count: int, *, digest: str, now: Any = NOON) -> None:
    """Store `count` studies with one image each, and log the scores that the network gives them."""
    folder, numbers = Path(settings.RADVIGIL_WEIGHTS), list(range(1, count + 1))
    site = Site.objects.get(pk="north")
    for number in numbers:
        store_dicom(radiograph(number, pixels=noise(number)), site=site, now=now)
    scores = scores_of(folder, digest, numbers)
    rows = [inference_row(number, score=score) for number, score in zip(numbers, scores, strict=True)]
    send("inferences", *rows)


def make_images(count: int) -> str:
    """Register the network under the hash of a real file of weights, and log `count` images."""
    digest = save_small_network(Path(settings.RADVIGIL_WEIGHTS))
    make_network(NETWORK.replace(WEIGHTS, digest))
    log_images(count, digest=digest)
    return digest


def begin(*, sample: int = 100, seed: int = 1, now: Any = NOON) -> RescoreRun:
    deployment = Deployment.objects.select_related("site").get(pk="cxr-north")
    return start_run(
        deployment=deployment, sample=sample, seed=seed, tolerance=TOLERANCE, plan="", actor="user:engineer", now=now
    )
