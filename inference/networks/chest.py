"""The demo's chest network: about 28,000 parameters, one logit, and where in the image it looked.

Input is what preprocessing gives: one channel of 64 x 64 values around zero.
"""

from typing import cast

from torch import Tensor, nn

QUADRANTS = 2
CHANNELS = 48


class ChestNetwork(nn.Module):
    """A small convolutional network that pools the strongest response of each quadrant."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_block(1, 16, stride=2),
            *_block(16, 32, stride=2),
            *_block(32, 32, stride=1),
            *_block(32, CHANNELS, stride=2),
        )
        self.pool = nn.AdaptiveMaxPool2d(QUADRANTS)
        self.dropout = nn.Dropout(0.2)
        self.score = nn.Linear(CHANNELS * QUADRANTS**2, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return one logit per image."""
        pooled = self.pool(self.features(images)).flatten(1)
        return cast("Tensor", self.score(self.dropout(pooled))[:, 0])

    def activation(self, images: Tensor) -> Tensor:
        """Return what each cell of the last map would add to the logit if its quadrant pooled it."""
        features = self.features(images)
        weights = self.score.weight.view(CHANNELS, QUADRANTS, QUADRANTS)
        cell = features.shape[-1] // QUADRANTS
        spread = weights.repeat_interleave(cell, dim=1).repeat_interleave(cell, dim=2)
        return cast("Tensor", (features * spread).sum(dim=1))


def build_chest_network() -> nn.Module:
    return ChestNetwork()


def _block(channels_in: int, channels_out: int, *, stride: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(channels_in, channels_out, kernel_size=3, stride=stride, padding=1),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    )
