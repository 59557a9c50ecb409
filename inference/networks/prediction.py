"""Scores and activation peaks of a network, the same on every device within float tolerance."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

BATCH_SIZE = 256

Batch = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Where a network responded most, as shares of the image's width and height, and by how much."""

    x: float
    y: float
    strength: float


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def predict(network: nn.Module, batch: Batch) -> npt.NDArray[np.float64]:
    """Return one probability per image of (n, 1, 64, 64); an empty batch gives an empty answer."""
    logits = [_logits(network, batch[start : start + BATCH_SIZE]) for start in range(0, len(batch), BATCH_SIZE)]
    return np.concatenate(logits) if logits else np.empty(0, dtype=np.float64)


def peaks(network: nn.Module, batch: Batch) -> list[Peak]:
    """Return the strongest cell of each image's class activation map."""
    found: list[Peak] = []
    for start in range(0, len(batch), BATCH_SIZE):
        maps = _run(network, batch[start : start + BATCH_SIZE], method="activation")
        found += [_peak(activation) for activation in maps]
    return found


def _logits(network: nn.Module, batch: Batch) -> npt.NDArray[np.float64]:
    logits = _run(network, batch, method="forward").astype(np.float64)
    return 1 / (1 + np.exp(-logits))


def _run(network: nn.Module, batch: Batch, *, method: str) -> npt.NDArray[np.float32]:
    target = device()
    network.to(target).eval()
    with torch.inference_mode(), _full_precision():
        answer = getattr(network, method)(torch.from_numpy(np.ascontiguousarray(batch)).to(target))
    result: npt.NDArray[np.float32] = answer.float().cpu().numpy()
    return result


def _full_precision() -> AbstractContextManager[None]:
    # TF32 would move scores by 1e-3 between devices; deterministic kernels keep a re-run identical.
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)


def _peak(activation: npt.NDArray[np.float32]) -> Peak:
    row, column = np.unravel_index(int(np.argmax(activation)), activation.shape)
    rows, columns = activation.shape
    return Peak(x=(float(column) + 0.5) / columns, y=(float(row) + 0.5) / rows, strength=float(activation.max()))
