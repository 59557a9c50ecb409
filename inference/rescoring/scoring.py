"""A worker's share of a run: registered weights, stored pixels, scores beside the logged ones.

The only file outside inference.networks that needs torch. What is scored when
is decided by leases (leasing.py), so any number of workers may do this at once.
"""

import os
import socket
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from django.conf import settings
from django.utils import timezone
from torch import nn

from inference.dicom.errors import UnreadableFileError
from inference.networks.errors import NetworkError
from inference.networks.prediction import device, predict
from inference.networks.preprocessing import preprocess
from inference.networks.weights import load_network
from inference.rescoring.actions import Outcome, finish_run, store_outcomes
from inference.rescoring.errors import NotRescorableError
from inference.rescoring.inputs import Task, load_items, load_surroundings, tasks_of
from inference.rescoring.leasing import give_up, heartbeat, lease
from inference.rescoring.models import RescoreItem
from inference.studies.errors import PixelsChangedError, PixelsMissingError
from inference.studies.pixels import read_for_network

BATCH = 64
SUFFIXES = (".safetensors", ".pt")
UNREADABLE = (UnreadableFileError, PixelsMissingError, PixelsChangedError)


def worker_name() -> str:
    return f"{socket.gethostname()[:80]}/{os.getpid()}"


def score_run(*, run_id: int, worker: str, until: datetime | None = None, batch: int = BATCH) -> bool:
    """Score what can be leased of a run, at most until a moment; return whether something may be left."""
    while items := lease(run_id=run_id, worker=worker, size=batch, now=timezone.now()):
        score_leased(items, worker=worker)
        if until is not None and timezone.now() >= until:
            break
    return not finish_run(run_id=run_id, now=timezone.now())


def score_leased(ids: Sequence[int], *, worker: str) -> None:
    """Score the leased items and store what came of them; a failure of our own puts them back."""
    try:
        with heartbeat(items=ids, worker=worker):
            outcomes = score_items(load_items(ids), weights=Path(settings.RADVIGIL_WEIGHTS))
    except BaseException:
        give_up(items=ids, worker=worker)
        raise
    store_outcomes(outcomes, worker=worker, environment=environment(), now=timezone.now())


def score_items(items: Sequence[RescoreItem], *, weights: Path) -> Sequence[Outcome]:
    """Return the outcome of each item: its scores, or the reason why there are none."""
    around = load_surroundings(items, now=timezone.now())
    outcomes = {item.pk: Outcome(item=item) for item in items}
    waiting: dict[str, list[tuple[Task, Any]]] = defaultdict(list)
    for item in items:
        try:
            pairs = [(task, network_input(task)) for task in tasks_of(item, around=around)]
        except NotRescorableError as problem:
            outcomes[item.pk].reason = str(problem)
            continue
        for task, pixels in pairs:
            waiting[task.weights_sha256].append((task, pixels))
    for sha256, pairs in waiting.items():
        score_with(sha256, pairs, folder=weights, outcomes=outcomes)
    return list(outcomes.values())


def network_input(task: Task) -> Any:
    try:
        return preprocess(read_for_network(task.image, task.frame))
    except UNREADABLE as problem:
        raise NotRescorableError(str(problem)) from problem


def score_with(
    sha256: str, pairs: Sequence[tuple[Task, Any]], *, folder: Path, outcomes: Mapping[int, Outcome]
) -> None:
    """Score the tasks of one file of weights, all at once."""
    try:
        network = registered_network(folder, sha256)
    except NotRescorableError as problem:
        for task, _ in pairs:
            outcomes[task.item.pk].reason = str(problem)
        return
    scores = predict(network, np.stack([pixels for _, pixels in pairs]))
    for (task, _), score in zip(pairs, scores, strict=True):
        outcomes[task.item.pk].scores.append((task.prediction, task.weights_sha256, float(score)))


def registered_network(folder: Path, sha256: str) -> nn.Module:
    """Return the network whose file has the registered hash.

    Raises:
        NotRescorableError: there is no such file, it is another one, or it is no network; nothing in it was loaded.
    """
    found = [path for suffix in SUFFIXES if (path := folder / f"{sha256}{suffix}").exists()]
    if not found:
        raise NotRescorableError(f"there is no file of the registered weights {sha256[:12]}… in the weights folder")
    stamp = found[0].stat()
    try:
        return loaded(found[0], sha256, stamp.st_mtime_ns, stamp.st_size)
    except NetworkError as problem:
        raise NotRescorableError(str(problem)) from problem


@lru_cache(maxsize=4)
def loaded(path: Path, sha256: str, _changed_ns: int, _size: int) -> nn.Module:
    """Read and check a file once, and again when it has changed."""
    return load_network(path, sha256)


def environment() -> dict[str, Any]:
    """Return what a score may depend on beside pixels and weights."""
    chosen = device()
    name = torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else "cpu"
    return {"torch": torch.__version__, "device": name, "threads": torch.get_num_threads()}
