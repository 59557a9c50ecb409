"""Trains the chest networks of the demo on simulated radiographs, and refuses to go on with a bad one.

Version 1.0 learns from scratch; version 1.1 is fine-tuned from it on further
images. Nothing here knows Django.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from deploy.demo.acquisition import radiograph
from deploy.demo.hospitals import AUERBACH, NORDLICHT, Scanner
from deploy.demo.phantom import draw_anatomy
from deploy.demo.planning import BEDSIDE, draw_lesion, usual_exposure
from deploy.demo.stories import FIRST_VERSION, SECOND_VERSION
from inference.networks.chest import build_chest_network
from inference.networks.fitting import Progress, Recipe, fit
from inference.networks.prediction import predict
from inference.networks.preprocessing import preprocess
from inference.networks.registry import CHEST_CNN
from inference.networks.weights import file_sha256, save_network

LOWEST_AUC = 0.85
CHUNK = 100
HELD_OUT = 800
PREVALENCE_IN_TRAINING = 0.5
ROOMS = tuple(Scanner(key="t", vendor=vendor, serial_number="T", share=0.5) for vendor in (AUERBACH, NORDLICHT))

Images = npt.NDArray[np.float32]
Seed = tuple[int, ...]


class WeakNetworkError(Exception):
    """The network learned too little for a demo that is worth watching."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one version is made: on how many images and for how long."""

    version: str
    images: int
    epochs: int
    learning_rate: float


FROM_SCRATCH = Course(version=FIRST_VERSION, images=3_600, epochs=16, learning_rate=4e-3)
FINE_TUNING = Course(version=SECOND_VERSION, images=2_000, epochs=5, learning_rate=1e-3)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedNetwork:
    """One version's file, named by its hash, and how well it does on images it has not seen."""

    version: str
    sha256: str
    path: Path
    auc: float
    base_sha256: str = ""

    def plain(self) -> dict[str, str | float]:
        return {**asdict(self), "path": str(self.path)}

    @classmethod
    def of_plain(cls, values: Mapping[str, Any]) -> "TrainedNetwork":
        return cls(**{**values, "path": Path(values["path"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    images: Images
    labels: npt.NDArray[np.float32]


def train_networks(*, folder: Path, seed: int, pool: Pool, progress: Progress) -> tuple[TrainedNetwork, TrainedNetwork]:
    """Return both versions, their weights saved below `folder` under their hashes.

    Raises:
        WeakNetworkError: one of them does not reach the area under the curve that the demo needs.
    """
    held_out = draw_labelled(HELD_OUT, seed=(seed, 3), pool=pool)
    first = _train(FROM_SCRATCH, start=build_chest_network, seed=seed, pool=pool, progress=progress)
    one = save_checked(first, FROM_SCRATCH, held_out=held_out, folder=folder)
    second = _train(FINE_TUNING, start=lambda: first, seed=seed + 1, pool=pool, progress=progress)
    two = save_checked(second, FINE_TUNING, held_out=held_out, folder=folder, base_sha256=one.sha256)
    return one, two


def _train(course: Course, *, start: Callable[[], nn.Module], seed: int, pool: Pool, progress: Progress) -> nn.Module:
    lessons = draw_labelled(course.images, seed=(seed, 1), pool=pool)
    recipe = Recipe(seed=seed, epochs=course.epochs, learning_rate=course.learning_rate)
    return fit(start, images=lessons.images, labels=lessons.labels, recipe=recipe, progress=progress)


def save_checked(
    network: nn.Module, course: Course, *, held_out: Labelled, folder: Path, base_sha256: str = ""
) -> TrainedNetwork:
    """Measure the network, refuse a weak one, and save it under its hash."""
    auc = area(predict(network, held_out.images), held_out.labels)
    if auc <= LOWEST_AUC:
        raise WeakNetworkError(
            f"Version {course.version} reaches an AUC of {auc:.3f} on {len(held_out.labels)} held-out images; "
            f"the demo needs more than {LOWEST_AUC}. Change the seed or train longer."
        )
    folder.mkdir(parents=True, exist_ok=True)
    unnamed = folder / f"training-{course.version}.safetensors"
    sha256 = save_network(network, unnamed, architecture=CHEST_CNN)
    path = unnamed.rename(folder / f"{sha256}.safetensors")
    return TrainedNetwork(version=course.version, sha256=sha256, path=path, auc=auc, base_sha256=base_sha256)


def is_whole(network: TrainedNetwork) -> bool:
    """Return whether the file is still there as it was saved."""
    return network.path.exists() and file_sha256(network.path) == network.sha256


def area(scores: npt.NDArray[np.float64], labels: npt.NDArray[np.float32]) -> float:
    """Return the share of (ill, well) pairs that the scores put in order; ties count half."""
    ill, well = scores[labels == 1], np.sort(scores[labels == 0])
    below, up_to = np.searchsorted(well, ill, side="left"), np.searchsorted(well, ill, side="right")
    return float((below + up_to).sum() / 2 / (len(ill) * len(well)))


def draw_labelled(count: int, *, seed: Seed, pool: Pool) -> Labelled:
    """Return simulated images of both makers' rooms with their labels, drawn by the pool."""
    chunks = [(*seed, chunk) for chunk in range(-(-count // CHUNK))]
    return joined(pool.imap(draw_chunk, chunks))


def draw_chunk(seed: Seed) -> Labelled:
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    pairs = [_draw_one(random) for _ in range(CHUNK)]
    images, labels = zip(*pairs, strict=True)
    return Labelled(images=np.stack(images), labels=np.array(labels, dtype=np.float32))


def joined(parts: Iterable[Labelled]) -> Labelled:
    parts = list(parts)
    return Labelled(
        images=np.concatenate([part.images for part in parts]), labels=np.concatenate([part.labels for part in parts])
    )


def _draw_one(random: np.random.Generator) -> tuple[Images, bool]:
    is_ill = bool(random.random() < PREVALENCE_IN_TRAINING)
    room = ROOMS[int(random.integers(len(ROOMS)))]
    exposure = usual_exposure(room, is_bedside=bool(random.random() < BEDSIDE))
    anatomy = draw_anatomy(patient=random, study=random, lesion=draw_lesion(random) if is_ill else None)
    pixels = radiograph(anatomy, exposure=exposure, generator=random)
    return preprocess(pixels / (2**exposure.bits_stored - 1)), is_ill
