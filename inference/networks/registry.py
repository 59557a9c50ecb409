"""Which architectures this installation can build, by key."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import nn

from inference.networks.chest import build_chest_network
from inference.networks.errors import UnknownNetworkError

CHEST_CNN = "chest-cnn-1"

NETWORKS: Mapping[str, Callable[[], nn.Module]] = MappingProxyType({CHEST_CNN: build_chest_network})


def build(architecture: str) -> nn.Module:
    """Return a fresh network.

    Raises:
        UnknownNetworkError: no such key in `NETWORKS`.
    """
    if architecture not in NETWORKS:
        raise UnknownNetworkError(architecture, known=sorted(NETWORKS))
    return NETWORKS[architecture]()
