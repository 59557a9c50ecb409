"""From a planned study to its DICOM object, and to what the device makes of it, in worker processes without Django.

The score is predicted from the object that is stored, through the same reading
and preprocessing as re-scoring uses, so the two agree. A device that ignores
MONOCHROME1 is the exception: it takes the pixels as they lie in the file.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from deploy.demo.acquisition import radiograph
from deploy.demo.identifiers import accession_of, exposure_index_of, exposure_mas_of, patient_id_of, uid_of
from deploy.demo.phantom import PIXEL_SPACING_MM, SIZE, draw_anatomy
from deploy.demo.planning import PlannedStudy
from deploy.demo.rows import Answer
from deploy.demo.stories import FIRST_VERSION
from inference.dicom.pixels import read_network_input
from inference.dicom.writing import RadiographHeader, dx_object
from inference.networks.prediction import peaks, predict
from inference.networks.preprocessing import preprocess
from inference.networks.weights import load_network

MARK_SIDE = 24  # pixels of the image

Box = tuple[int, int, int, int]
Scored = tuple[float, Box]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsFile:
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Studies to simulate in one go. `first` and `later` are the networks of version 1.0 and of those after it."""

    seed: int
    studies: tuple[PlannedStudy, ...]
    first: WeightsFile
    later: WeightsFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """One study's object and what the device said of it; no score when the input was not usable."""

    study: PlannedStudy
    dicom: bytes
    answer: Answer


def simulate(job: Job) -> list[Simulated]:
    """Return the job's studies with their objects, scores and marks, in order."""
    torch.set_num_threads(1)
    objects = [dicom_of(study, seed=job.seed) for study in job.studies]
    inputs = [_device_input(study, data) for study, data in zip(job.studies, objects, strict=True)]
    scored: dict[int, Scored] = {}
    for weights in (job.first, job.later):
        chosen = [place for place, study in enumerate(job.studies) if _weights_of(study, job) == weights]
        scored.update(zip(chosen, _scored(_network(weights), [inputs[place] for place in chosen]), strict=True))
    return [
        _simulated(study, data, *scored.get(place, (None, None)))
        for place, (study, data) in enumerate(zip(job.studies, objects, strict=True))
    ]


def dicom_of(study: PlannedStudy, *, seed: int) -> bytes:
    """Return the study's DX object as a file's bytes; the same seed gives the same bytes."""
    return dx_object(pixels_of(study, seed=seed), header=header_of(study, seed=seed))


def header_of(study: PlannedStudy, *, seed: int) -> RadiographHeader:
    """Return what the scanner writes: technique and exposure index follow the dose that was really used."""
    vendor = study.scanner.vendor
    return RadiographHeader(
        study_uid=uid_of("study", study.number, seed=seed),
        series_uid=uid_of("series", study.number, seed=seed),
        sop_instance_uid=uid_of("instance", study.number, seed=seed),
        acquired_at=study.acquired_at,
        bits_stored=study.exposure.bits_stored,
        photometric="MONOCHROME1" if study.exposure.monochrome1 else "MONOCHROME2",
        patient_id=patient_id_of(study),
        patient_sex=study.patient.sex,
        patient_age_years=study.patient.age_years,
        accession_number=accession_of(study),
        view_position=study.view_position,
        manufacturer=vendor.name,
        model=vendor.model,
        software_version=study.software,
        serial_number=study.scanner.serial_number,
        kvp=study.exposure.kvp,
        exposure_mas=exposure_mas_of(study),
        exposure_index=exposure_index_of(study),
        pixel_spacing_mm=PIXEL_SPACING_MM,
    )


def pixels_of(study: PlannedStudy, *, seed: int) -> npt.NDArray[np.uint16]:
    anatomy = draw_anatomy(
        patient=np.random.default_rng([seed, 11, study.patient.number]),
        study=np.random.default_rng([seed, 12, study.number]),
        lesion=study.lesion,
    )
    return radiograph(anatomy, exposure=study.exposure, generator=np.random.default_rng([seed, 13, study.number]))


def _device_input(study: PlannedStudy, data: bytes) -> npt.NDArray[np.float32]:
    values = read_network_input(io.BytesIO(data))
    return preprocess(1 - values if study.device_inverts else values)


@cache
def _network(weights: WeightsFile) -> nn.Module:
    return load_network(weights.path, weights.sha256)


def _weights_of(study: PlannedStudy, job: Job) -> WeightsFile | None:
    if not study.is_usable:
        return None
    return job.first if study.version == FIRST_VERSION else job.later


def _scored(network: nn.Module, inputs: Sequence[npt.NDArray[np.float32]]) -> list[Scored]:
    if not inputs:
        return []
    batch = np.stack(inputs)
    scores = [round(float(score), 7) for score in predict(network, batch)]
    boxes = [_box(x=peak.x, y=peak.y) for peak in peaks(network, batch)]
    return list(zip(scores, boxes, strict=True))


def _box(*, x: float, y: float) -> Box:
    left, top = (int(np.clip(round(each * SIZE - MARK_SIDE / 2), 0, SIZE - MARK_SIDE)) for each in (x, y))
    return (left, top, MARK_SIDE, MARK_SIDE)


def _simulated(study: PlannedStudy, data: bytes, score: float | None, box: Box | None) -> Simulated:
    answer = Answer(score=score, box=box, sha256=sha256(data).hexdigest())
    return Simulated(study=study, dicom=data, answer=answer)
