"""The 621 real radiographs of `chexnet-nih`, wrapped as DX DICOM, imported, and scored again by a run.

A small network is fitted to them briefly, logs a score for each through the
public import command, and a run must find the same scores from the stored
DICOM. Every third image is wrapped as MONOCHROME1. No performance is claimed.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from PIL import Image

from inference.dicom.writing import RadiographHeader, dx_object
from inference.networks.chest import build_chest_network
from inference.networks.fitting import Recipe, fit
from inference.networks.prediction import predict
from inference.networks.preprocessing import preprocess
from inference.networks.registry import CHEST_CNN
from inference.networks.weights import save_network
from inference.registry.actions import register
from inference.rescoring.models import Rescore, RescoreRun
from inference.rescoring.queries import agreement_of, progress_of
from inference.studies.models import StoredImage
from tests.acceptance.chest_films import DATA, FIRST_DAY, starter_films
from tests.factories import NETWORK, REGISTERED, WEIGHTS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here"),
]
TOLERANCE = 1e-4
RECIPE = Recipe(seed=3, epochs=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """One real image: its number, its pixels, and whether it shows an effusion."""

    number: int
    pixels: np.ndarray
    has_effusion: bool

    @property
    def uid(self) -> str:
        return f"1.2.826.0.1.3680043.10.1.{self.number}"


@pytest.fixture
def films(settings, tmp_path) -> list[Film]:
    settings.RADVIGIL_PIXELS, settings.RADVIGIL_WEIGHTS = tmp_path / "pixels", tmp_path / "weights"
    settings.RADVIGIL_WEIGHTS.mkdir()
    table = starter_films()
    labels = dict(zip(table["Image Index"], table["Finding Labels"], strict=True))
    paths = sorted((DATA / "images_256").glob("*.png"))
    return [
        Film(number=number, pixels=grey(path), has_effusion="Effusion" in labels[path.name])
        for number, path in enumerate(paths, start=1)
    ]


def grey(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


def as_dicom(film: Film) -> bytes:
    is_inverted = film.number % 3 == 0
    header = RadiographHeader(
        study_uid=film.uid,
        series_uid=f"{film.uid}.1",
        sop_instance_uid=f"{film.uid}.1.1",
        acquired_at=FIRST_DAY + timedelta(hours=film.number),
        patient_id=f"N{film.number}",
        bits_stored=8,
        photometric="MONOCHROME1" if is_inverted else "MONOCHROME2",
    )
    return dx_object(255 - film.pixels if is_inverted else film.pixels, header=header)


def inputs_of(films: list[Film]) -> np.ndarray:
    return np.stack([preprocess(film.pixels / np.float32(255)) for film in films])


def log_scores(films: list[Film], *, folder: Path) -> str:
    """Fit the network, register its file, import the scores it gives, and return its hash."""
    inputs = inputs_of(films)
    labels = np.array([film.has_effusion for film in films], dtype=np.float32)
    network = fit(build_chest_network, images=inputs, labels=labels, recipe=RECIPE, progress=lambda *_: None)
    unnamed = folder / "unnamed.safetensors"
    digest = save_network(network, unnamed, architecture=CHEST_CNN)
    unnamed.rename(folder / f"{digest}.safetensors")
    register(text=NETWORK.replace(WEIGHTS, digest), actor="test", now=REGISTERED)
    import_scores(films, scores=predict(network, inputs), file=folder / "scores.ndjson")
    return digest


def import_scores(films: list[Film], *, scores: np.ndarray, file: Path) -> None:
    rows = [
        {"inference_uid": f"run-{film.number}", "version": "1.0", "status": "ok"}
        | {"study": {"study_uid": film.uid, "patient_id": f"N{film.number}"}}
        | {"inputs": [{"kind": "dicom", "sop_instance_uid": f"{film.uid}.1.1"}]}
        | {"predictions": [{"finding": "effusion", "score": float(score)}]}
        for film, score in zip(films, scores, strict=True)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    call_command("import_inferences", str(file), "--deployment", "cxr-north")


def test_a_run_finds_the_scores_of_621_real_images_again(films, tmp_path, settings, capsys):
    folder = tmp_path / "dicom"
    folder.mkdir()
    for film in films:
        (folder / f"{film.number}.dcm").write_bytes(as_dicom(film))
    digest = log_scores(films, folder=settings.RADVIGIL_WEIGHTS)

    call_command("import_dicom", str(folder), "--site", "north")
    call_command("rescore", "--deployment", "cxr-north", "--sample", "1000", "--seed", "1", "--wait")

    run = RescoreRun.objects.get()
    progress, agreement = progress_of(run, now=run.finished_at), agreement_of(run)
    assert StoredImage.objects.count() == progress.items == progress.done == 621
    assert (agreement.compared, agreement.agreeing, agreement.flipped) == (621, 621, 0)
    assert agreement.largest < TOLERANCE
    assert set(Rescore.objects.values_list("weights_sha256", flat=True)) == {digest}
    assert "621 of 621 within 0.0001 of the logged score" in capsys.readouterr().out
