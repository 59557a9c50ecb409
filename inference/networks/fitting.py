"""Fitting a network to labelled images, reproducibly for one seed on one machine."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

BATCH = 64

Progress = Callable[[int, float], None]  # epochs done, mean loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    seed: int
    epochs: int = 14
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3


def fit(
    network_builder: Callable[[], nn.Module],
    *,
    images: npt.NDArray[np.float32],
    labels: npt.NDArray[np.float32],
    recipe: Recipe,
    progress: Progress,
) -> nn.Module:
    """Return a network fitted with AdamW on a one-cycle schedule; images are mirrored at random."""
    torch.manual_seed(recipe.seed)
    network = network_builder()
    batches = -(-len(images) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.learning_rate, total_steps=recipe.epochs * batches
    )
    inputs, targets = torch.from_numpy(images), torch.from_numpy(labels)
    for epoch in range(recipe.epochs):
        progress(epoch + 1, _epoch(network, inputs, targets, optimiser, schedule))
    return network.eval()


def _epoch(
    network: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> float:
    network.train()
    total = 0.0
    for chosen in torch.randperm(len(inputs)).split(BATCH):
        batch = inputs[chosen]
        mirrored = batch.flip(3) if torch.rand(()) < 0.5 else batch
        loss = binary_cross_entropy_with_logits(network(mirrored), targets[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        total += float(loss.detach()) * len(chosen)
    return total / len(inputs)
